"""The adherence calendar: a row for each week, a shape for each day."""

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from patients.charts.data import AdherenceCalendar, CalendarDay, ChartTable
from patients.charts.words import at, drawn


def day_words(day: CalendarDay) -> str:
    """Return what a day of the calendar shows, in words."""
    setting = {"clinic": gettext("clinic"), "home": gettext("home"), "rest": ""}[day.setting]
    state = {
        "done": gettext("done"),
        "part": gettext("partly done"),
        "missed": gettext("missed"),
        "planned": gettext("planned"),
        "off": gettext("paused"),
        "rest": gettext("no session"),
    }[day.state]
    words = f"{setting} {state}".strip()
    return gettext("%(what)s, run") % {"what": words} if day.has_run else words


def _day_shape(day: CalendarDay, x: float, y: float, size: float) -> str:
    half = size / 2
    round_by = at(8 if day.setting == "clinic" else half)
    box = f'x="{at(x - half)}" y="{at(y - half)}" width="{at(size)}" height="{at(size)}" rx="{round_by}"'
    shapes = {
        "done": f'<rect class="c-done" {box}/><path class="c-mark" d="M{at(x - 5)} {at(y + 0.5)}l3.5 3.5 6.5-7"/>',
        "part": f'<rect class="c-part" {box}/><path class="c-marka" d="M{at(x - 4.5)} {at(y)}h9"/>',
        "missed": f'<rect class="c-miss" {box}/><path class="c-x" d="M{at(x - 3.5)} {at(y - 3.5)}l7 7m0-7l-7 7"/>',
        "planned": f'<rect class="c-plan" {box}/>',
        "off": f'<rect class="c-off" {box}/>',
        "rest": f'<circle class="c-rest" cx="{at(x)}" cy="{at(y)}" r="4"/>',
    }
    out = shapes[day.state]
    if day.is_today:
        ring = size + 7.5
        out += f'<rect class="c-today" x="{at(x - ring / 2)}" y="{at(y - ring / 2)}" width="{at(ring)}" height="{at(ring)}" '
        out += f'rx="{at(11 if day.setting == "clinic" else ring / 2)}"/>'
    if day.has_run:
        out += f'<path class="c-run" d="M{at(x + half - 1.5)} {at(y - half - 3.5)}l5.6 9.4h-11.2z"/>'
    return out


def _touch(x: float, y: float, size: float) -> SafeString:
    """Return an unseen square around a day, so that a finger meets it."""
    return drawn(
        f'<rect x="{at(x - size / 2)}" y="{at(y - size / 2)}" width="{at(size)}" height="{at(size)}" fill="none" pointer-events="all"/>'
    )


def weekdays_of(calendar: AdherenceCalendar) -> list[str]:
    """Return the short names of the weekdays in the order of the columns."""
    return [str(WEEKDAYS_ABBR[(calendar.first_weekday + column) % 7]) for column in range(7)]


def calendar_svg(calendar: AdherenceCalendar, size: str = "") -> SafeString:
    """Draw the weeks as rows of days; size "s" is the low one for the therapist's page."""
    box, pitch, first_y, first_x = (22.5, 29.0, 32.0, 46.0) if size == "s" else (28.5, 36.0, 35.0, 49.0)
    step = (352 - 2 * first_x) / 6
    heads = format_html_join(
        "",
        '<text x="{}" y="11" text-anchor="middle">{}</text>',
        ((at(first_x + step * column), str(name)[:2]) for column, name in enumerate(weekdays_of(calendar))),
    )
    parts: list[SafeString] = []
    linked = False
    for row, week in enumerate(calendar.weeks):
        y = first_y + pitch * row
        number = calendar.numbers[row]
        name = "" if number is None else gettext("W%(week)s") % {"week": number}
        parts.append(format_html('<text x="0" y="{}">{}</text>', at(y + 4), name))
        for column, day in enumerate(week):
            if day is None:
                continue
            shape = drawn(_day_shape(day, first_x + step * column, y, box))
            if day.url:
                linked = True
                said = f"{date_format(day.date, 'D j M')}: {day_words(day)}"
                shape = format_html(
                    '<a href="{}" aria-label="{}">{}{}</a>', day.url, said, _touch(first_x + step * column, y, pitch), shape
                )
            parts.append(shape)
    return format_html(
        '<svg class="cal" viewBox="0 0 320 {}" role="{}" aria-label="{}">{}{}</svg>',
        at(first_y + pitch * (len(calendar.weeks) - 1) + box / 2 + 6),
        "group" if linked else "img",
        calendar_sentence(calendar),
        heads,
        drawn("".join(parts)),
    )


def calendar_sentence(calendar: AdherenceCalendar) -> str:
    """Say in one sentence what the calendar shows."""
    return ngettext(
        "%(done)s of %(due)s session done so far",
        "%(done)s of %(due)s sessions done so far",
        calendar.due,
    ) % {"done": calendar.done, "due": calendar.due}


def calendar_table(calendar: AdherenceCalendar) -> ChartTable:
    """Return the calendar as a table of words."""
    heads = [gettext("Week"), *weekdays_of(calendar)]
    days = [["–" if day is None else day_words(day) for day in week] for week in calendar.weeks]
    rows = [["–" if number is None else str(number), *week] for number, week in zip(calendar.numbers, days, strict=True)]
    return ChartTable(calendar_sentence(calendar), heads, rows)
