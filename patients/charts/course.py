"""The course over the program and its follow-ups: series, model line, events, sentence, key and table."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from patients.charts.data import ChartEvent, ChartTable, EventKind, KeyEntry, SeriesKey, Trajectory
from patients.charts.words import at, drawn, number, series_name, short_name

EVENT_ICONS: dict[EventKind, str] = {"alert": "triangle-alert", "plan": "pencil", "message": "message-circle", "run": "footprints"}
EVENT_ORDER: tuple[EventKind, ...] = ("alert", "plan", "message", "run")
SCALE_TOP = 10


@dataclass(frozen=True)
class Frame:
    """Where a value stands on the picture: program weeks take seven tenths of the width when follow-ups come after."""

    left: float
    right: float
    top: float
    bottom: float
    weeks: int
    follow_ups: Sequence[int]

    def x(self, week: float) -> float:
        """Return the place of a week; between two marks of the broken axis it is interpolated."""
        break_at = self.left + (self.right - self.left) * (0.7 if self.follow_ups else 1.0)
        if week <= self.weeks or not self.follow_ups:
            return self.left + (break_at - self.left) * min(max(week, 0), self.weeks) / self.weeks
        stops = [self.weeks, *self.follow_ups]
        span = (self.right - break_at) / len(self.follow_ups)
        for index, (start, stop) in enumerate(zip(stops, stops[1:], strict=False)):
            if week <= stop:
                return break_at + span * (index + (week - start) / (stop - start))
        return self.right

    def y(self, value: float) -> float:
        """Return the place of a value on the full scale 0-10."""
        return self.bottom - (self.bottom - self.top) * min(max(value, 0), SCALE_TOP) / SCALE_TOP


def _mark(key: SeriesKey, x: float, y: float, radius: float = 4.2) -> str:
    if key == "pain":
        return f'<circle class="pt pt--pain" cx="{at(x)}" cy="{at(y)}" r="{radius}"/>'
    if key == "ready":
        side = at(radius * 2)
        return f'<rect class="pt pt--ready" x="{at(x - radius)}" y="{at(y - radius)}" width="{side}" height="{side}"/>'
    return f'<path class="pt pt--func" d="M{at(x)} {at(y - 5.3)}l5 8.9h-10z"/>'


def _line(points: Sequence[tuple[float, float]], frame: Frame) -> str:
    return "M" + "L".join(f"{at(frame.x(week))} {at(frame.y(value))}" for week, value in points)


def _axes(chart: Trajectory, frame: Frame) -> list[SafeString]:
    parts: list[SafeString] = []
    for value in range(0, SCALE_TOP + 1, 2):
        kind, y = ("axis" if value == 0 else "grid"), at(frame.y(value))
        line = f'<path class="{kind}" d="M{at(frame.left)} {y}H{at(frame.right)}"/>'
        parts.append(drawn(f'{line}<text x="{at(frame.left - 8)}" y="{at(frame.y(value) + 4)}" text-anchor="end">{value}</text>'))
    every = 1 if chart.weeks <= 12 and not (chart.phone and chart.follow_ups) else 4 if chart.phone else 2
    named = {0, 4, 8, chart.weeks}
    for week in range(chart.weeks + 1):
        if week % every and week not in named:
            continue
        text, kind = str(week), ' class="t-s"'
        if not chart.phone and week in named:
            text, kind = (gettext("Start") if week == 0 else gettext("W%(week)s") % {"week": week}), ""
        x = at(frame.x(week))
        parts.append(drawn(f'<path class="axis" d="M{x} {at(frame.bottom)}v5"/>'))
        parts.append(format_html('<text{} x="{}" y="{}" text-anchor="middle">{}</text>', drawn(kind), x, at(frame.bottom + 20), text))
    for week in chart.follow_ups:
        months = max(1, round((week - chart.weeks) * 7 / 30.4))
        # They stand close together: on a phone they are weeks, as the axis says.
        text = str(week) if chart.phone else gettext("+%(months)s mo") % {"months": months}
        x = at(frame.x(week))
        parts.append(drawn(f'<path class="axis" d="M{x} {at(frame.bottom)}v5"/>'))
        anchor = "end" if week == chart.follow_ups[-1] else "middle"
        parts.append(format_html('<text x="{}" y="{}" text-anchor="{}">{}</text>', x, at(frame.bottom + 20), anchor, text))
    if chart.follow_ups:
        gap = frame.x(chart.weeks) + (9 if chart.phone else 20)
        parts.append(drawn(f'<path class="axis" d="M{at(gap)} {at(frame.bottom - 5)}l-5 10m9-10l-5 10"/>'))
    return parts


def _event_parts(chart: Trajectory, frame: Frame) -> list[SafeString]:
    """Draw events as a dashed line with a badge; those too close for two badges share the more important one."""
    clusters: list[list[ChartEvent]] = []
    for event in sorted(chart.events, key=lambda one: one.week):
        if clusters and frame.x(event.week) - frame.x(clusters[-1][0].week) < 23:
            clusters[-1].append(event)
        else:
            clusters.append([event])
    sprite = static("icons/icons.svg")
    parts = []
    for cluster in clusters:
        kind = min((event.kind for event in cluster), key=EVENT_ORDER.index)
        x, y = frame.x(cluster[0].week), frame.top - 8
        parts.append(
            format_html(
                '<g><title>{}</title><path class="ev" d="M{} {}V{}"/><circle class="ev-b" cx="{}" cy="{}" r="11"/>'
                '<use class="ev-i" href="{}#{}" x="{}" y="{}" width="13" height="13"/></g>',
                "; ".join(event.label for event in cluster),
                at(x),
                at(y + 11),
                at(frame.bottom),
                at(x),
                at(y),
                sprite,
                EVENT_ICONS[kind],
                at(x - 6.5),
                at(y - 6.5),
            )
        )
    return parts


def _done_parts(chart: Trajectory, frame: Frame) -> list[SafeString]:
    """Draw what was trained as marks standing on the axis: a stroke for a session, a small diamond above it for a run."""
    parts = []
    for kind, week in chart.done:
        if not 0 <= week <= max([chart.weeks, *chart.follow_ups]):
            continue
        x = frame.x(week)
        if kind == "run":
            parts.append(drawn(f'<path class="did-run" d="M{at(x - 3)} {at(frame.bottom - 11)}l3 -3.5 3 3.5 -3 3.5z"/>'))
        else:
            parts.append(drawn(f'<path class="did" d="M{at(x)} {at(frame.bottom - 2)}v-5"/>'))
    return parts


def trajectory_svg(chart: Trajectory) -> SafeString:
    """Draw the course over the program and its follow-ups on the full scale 0-10."""
    labelled = bool(chart.models) and not chart.phone
    if chart.phone:
        width, height = 342, 236
        frame = Frame(26, 328, 14 + (18 if chart.events else 0), 210, chart.weeks, chart.follow_ups)
    else:
        width, height = 790, 262
        frame = Frame(28, 700 if labelled else 770, 28, 232, chart.weeks, chart.follow_ups)
    parts: list[SafeString] = []
    if chart.important:
        low, high = chart.important
        top, bottom = frame.y(high), frame.y(low)
        edge = top if low <= 0 else bottom
        zone = f'<rect class="mic" x="{at(frame.left)}" y="{at(top)}" width="{at(frame.right - frame.left)}" height="{at(bottom - top)}"/>'
        parts.append(drawn(f'{zone}<path class="mic-l" d="M{at(frame.left)} {at(edge)}H{at(frame.right)}"/>'))
    parts += _axes(chart, frame)
    parts += _done_parts(chart, frame)
    taken: list[float] = []
    for model in chart.models:
        if not model.points:
            continue
        parts.append(drawn(f'<path class="ref" d="{_line(model.points, frame)}"/>'))
        if labelled:
            week, value = model.points[-1]
            y = frame.y(value) + 4
            while any(abs(y - other) < 13 for other in taken):
                y += 13
            taken.append(y)
            parts.append(format_html('<text class="t-ref" x="{}" y="{}">{}</text>', at(frame.x(week) + 7), at(y), short_name(model.key)))
    parts += _event_parts(chart, frame)
    for series in chart.series:
        if len(series.points) > 1:
            parts.append(drawn(f'<path class="ln ln--{series.key}" d="{_line(series.points, frame)}"/>'))
        parts.append(drawn("".join(_mark(series.key, frame.x(week), frame.y(value)) for week, value in series.points)))
    if not any(series.points for series in chart.series):
        empty = gettext("No values yet")
        middle = (at((frame.left + frame.right) / 2), at((frame.top + frame.bottom) / 2))
        parts.append(format_html('<text x="{}" y="{}" text-anchor="middle">{}</text>', *middle, empty))
    names = ", ".join(series.label or series_name(series.key) for series in chart.series)
    return format_html(
        '<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        "chart" if chart.phone else "chart chart--w",
        width,
        height,
        gettext("Chart: %(names)s; the numbers are in the table below") % {"names": names},
        drawn("".join(parts)),
    )


def trajectory_sentence(chart: Trajectory) -> str:
    """Say in one sentence per series where it began and where it stands; the given summary wins."""
    if chart.summary:
        return chart.summary
    sentences = []
    for series in chart.series:
        name = series.label or series_name(series.key)
        if not series.points:
            sentences.append(gettext("%(name)s: no values yet.") % {"name": name})
            continue
        (_, first), (week, last) = series.points[0], series.points[-1]
        if len(series.points) == 1:
            sentences.append(gettext("%(name)s: %(value)s of 10.") % {"name": name, "value": number(first)})
            continue
        values = {"name": name, "first": number(first), "last": number(last), "week": max(1, round(week))}
        sentences.append(gettext("%(name)s: from %(first)s to %(last)s of 10 by week %(week)s.") % values)
    return " ".join(sentences)


def trajectory_key(chart: Trajectory) -> list[KeyEntry]:
    """Return the legend of the course chart."""
    entries = [
        KeyEntry(
            drawn(f'<svg class="key__line" viewBox="0 0 28 16"><path class="ln ln--{one.key}" d="M1 8H27"/>{_mark(one.key, 14, 8)}</svg>'),
            one.label or series_name(one.key),
        )
        for one in chart.series
    ]
    if chart.models:
        text = gettext("Model line from published slopes, five assessments")
        swatch = '<svg class="key__line chart" viewBox="0 0 28 16"><path class="ref" d="M1 8H27"/></svg>'
        entries.append(KeyEntry(drawn(swatch), text))
    for kind, mark, text in (
        ("session", '<path class="did" d="M8 11v-6"/>', gettext("Session done")),
        ("run", '<path class="did-run" d="M4 8l4 -4.5 4 4.5 -4 4.5z"/>', gettext("Run")),
    ):
        if any(one == kind for one, _week in chart.done):
            entries.append(KeyEntry(drawn(f'<svg viewBox="0 0 16 16" class="chart">{mark}</svg>'), text))
    if chart.important:
        zone = '<rect class="mic" y="2" width="16" height="12"/><path class="mic-l" d="M0 2H16"/>'
        swatch = f'<svg viewBox="0 0 16 16" class="chart">{zone}</svg>'
        entries.append(KeyEntry(drawn(swatch), gettext("Clearly better")))
    return entries


def trajectory_table(chart: Trajectory) -> ChartTable:
    """Return all values of the course chart, one row a week that has any."""
    columns: list[tuple[str, dict[float, float]]] = [
        (series.label or series_name(series.key), {round(week, 1): value for week, value in series.points}) for series in chart.series
    ]
    for model in chart.models:
        name = gettext("Model line: %(name)s") % {"name": short_name(model.key)}
        columns.append((name, {round(week, 1): value for week, value in model.points}))
    weeks = sorted({week for _, values in columns for week in values})
    rows = [[number(week), *(number(values[week]) if week in values else "–" for _, values in columns)] for week in weeks]
    return ChartTable(trajectory_sentence(chart), [gettext("Week"), *(name for name, _ in columns)], rows)
