"""The charts: what they draw, what they say, and how little they weigh in a long list."""

import datetime as dt
import re
from xml.etree import ElementTree

import pytest
from django.template import Context, Template
from django.utils import translation

from patients import charts
from patients.charts import AdherenceCalendar, CalendarDay, ChartEvent, ModelLine, Series, Tick, Trajectory

MONDAY = dt.date(2026, 2, 9)
EIGHT_WEEKS = [
    Tick("done", 1, 5, 5),
    Tick("done", 1, 5, 5),
    Tick("part", 0.8, 4, 5),
    Tick("done", 1, 5, 5),
    Tick("part", 0.9, 5, 5),
    Tick("now", 0.4, 2, 5),
    Tick("soon"),
    Tick("soon"),
]
PAIN = Series("pain", [(0, 6), (2, 5), (5.7, 3)])


def drawing(svg: str) -> ElementTree.Element:
    """Return the drawing parsed: a chart that is no well-formed XML fails here."""
    return ElementTree.fromstring(svg)  # noqa: S314 - made by this program


def test_week_ticks_say_where_the_program_stands() -> None:
    assert drawing(charts.week_ticks(EIGHT_WEEKS)).attrib["aria-label"] == "5 of 8 weeks; week 6: 2 of 5"


def test_week_ticks_after_the_program_name_no_current_week() -> None:
    assert drawing(charts.week_ticks([Tick("done", 1)] * 8)).attrib["aria-label"] == "8 of 8 weeks"


def test_a_missed_week_is_dashed_and_struck() -> None:
    assert 'class="x"' in charts.week_ticks([Tick("none"), Tick("now"), Tick("soon")])


def test_twelve_weeks_are_drawn_narrower_than_eight() -> None:
    assert "ticks--n" in charts.week_ticks([Tick("soon")] * 12)
    assert "ticks--n" not in charts.week_ticks([Tick("soon")] * 8)


def test_a_row_of_the_caseload_stays_light() -> None:
    assert len(charts.week_ticks(EIGHT_WEEKS)) <= 250
    assert len(charts.sparkline([6, 6, 5, 5, 4, 4, 3, 3])) <= 220
    assert len(charts.sparkline([4, 5, None, 5, 6, 6, 7, 7], "ready")) <= 220


def test_a_sparkline_reads_its_values_and_leaves_a_gap() -> None:
    svg = charts.sparkline([6, None, 5, 4.5])
    assert drawing(svg).attrib["aria-label"] == "Pain 6, –, 5, 4.5"
    assert svg.count("M") == 3  # the lone first value, the line after the gap, the end mark


def test_a_sparkline_without_values_is_a_dash() -> None:
    assert charts.sparkline([None, None]).startswith("<span")


def test_a_sparkline_of_one_value_is_its_end_mark() -> None:
    assert "M60 13h0" in charts.sparkline([5])


def test_coordinates_keep_their_point_where_numbers_have_a_comma() -> None:
    with translation.override("de"):
        svg = charts.trajectory_svg(Trajectory([Series("pain", [(0, 6.5), (1, 5.5)])]))
    assert not re.search(r"\d,\d", svg)
    drawing(svg)


def calendar(url: str = "") -> AdherenceCalendar:
    days = [
        CalendarDay(MONDAY, "clinic", "done", url=url),
        CalendarDay(MONDAY + dt.timedelta(1), "home", "part"),
        CalendarDay(MONDAY + dt.timedelta(2), has_run=True),
        CalendarDay(MONDAY + dt.timedelta(3), "clinic", "missed"),
        CalendarDay(MONDAY + dt.timedelta(4), "home", "planned", is_today=True),
        CalendarDay(MONDAY + dt.timedelta(5), "home", "off"),
        None,
    ]
    return AdherenceCalendar([days], done=1, due=3)


def test_the_calendar_draws_every_state_and_says_the_sum() -> None:
    svg = charts.calendar_svg(calendar())
    root = drawing(svg)
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == "1 of 3 sessions done so far"
    for name in ("c-done", "c-part", "c-miss", "c-plan", "c-off", "c-rest", "c-run", "c-today"):
        assert f'class="{name}"' in svg


def test_days_with_an_address_are_links_with_words() -> None:
    root = drawing(charts.calendar_svg(calendar("/sessions/1/")))
    assert root.attrib["role"] == "group"
    link = root.find("a")
    assert link is not None
    assert link.attrib == {"href": "/sessions/1/", "aria-label": "Mon 9 Feb: clinic done"}


def test_the_calendar_has_the_same_as_a_table_of_words() -> None:
    table = charts.calendar_table(calendar())
    assert table.rows == [["1", "clinic done", "home partly done", "no session, run", "clinic missed", "home planned", "home paused", "–"]]
    assert len(table.heads) == 8


@pytest.mark.parametrize("phone", [False, True])
def test_the_course_is_well_formed_on_both_widths(phone: bool) -> None:
    events = [ChartEvent(2.9, "plan", "low box"), ChartEvent(3, "alert", "pain 6"), ChartEvent(7, "run", "6 km")]
    model = ModelLine("pain", [(0, 6), (8, 4.5), (34, 3)])
    chart = Trajectory([PAIN], models=[model], events=events, follow_ups=(21, 34), important=(0, 4), phone=phone)
    root = drawing(charts.trajectory_svg(chart))
    assert root.attrib["role"] == "img"
    assert len(root.findall("circle[@class='pt pt--pain']")) == 3
    assert len(root.findall("g")) == 2  # the first two events stand too close and share a badge
    assert [title.text for title in root.iter("title")] == ["low box; pain 6", "6 km"]


def test_the_course_uses_the_full_scale() -> None:
    svg = charts.trajectory_svg(Trajectory([Series("pain", [(0, 0), (8, 10)])]))
    assert "M28 232L770 28" in svg


def test_values_outside_the_scale_or_the_weeks_stay_on_the_picture() -> None:
    assert "M28 28L770 232" in charts.trajectory_svg(Trajectory([Series("func", [(-1, 12), (9, -3)])]))


def test_an_empty_course_says_so() -> None:
    chart = Trajectory([Series("pain", [])])
    assert "No values yet" in charts.trajectory_svg(chart)
    assert charts.trajectory_sentence(chart) == "Worst pain when running: no values yet."


def test_the_sentence_tells_the_finding() -> None:
    assert charts.trajectory_sentence(Trajectory([PAIN])) == "Worst pain when running: from 6 to 3 of 10 by week 6."
    assert charts.trajectory_sentence(Trajectory([PAIN], summary="Three points less.")) == "Three points less."


def test_the_table_holds_every_value_of_every_line() -> None:
    chart = Trajectory([PAIN], models=[ModelLine("pain", [(0, 6), (8, 4.5)])])
    table = charts.trajectory_table(chart)
    assert table.heads == ["Week", "Worst pain when running", "Model line: Pain"]
    assert table.rows == [["0", "6", "6"], ["2", "5", "–"], ["5.7", "3", "–"], ["8", "–", "4.5"]]


def test_the_model_line_is_named_as_what_it_is() -> None:
    chart = Trajectory([PAIN], models=[ModelLine("pain", [(0, 6), (8, 4.5)])])
    assert [entry.text for entry in charts.trajectory_key(chart)][1] == "Model line from published slopes, five assessments"


def test_words_from_people_are_escaped() -> None:
    chart = Trajectory([PAIN], events=[ChartEvent(1, "plan", '<script>"')])
    assert "<script>" not in charts.trajectory_svg(chart)


def test_the_tags_put_sentence_key_and_table_beside_the_drawing() -> None:
    source = (
        "{% load charts %}{% trajectory course %}{% adherence_calendar days 's' %}"
        "{% week_ticks ticks 'l' %}{% sparkline values %}{% mark 'ready' %}"
    )
    context = Context({"course": Trajectory([PAIN]), "days": calendar(), "ticks": EIGHT_WEEKS, "values": [1, 2]})
    html = Template(source).render(context)
    assert html.count("<details") == 2
    assert "<figcaption" in html
    assert 'aria-label="Readiness"' in html
