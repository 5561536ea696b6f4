"""The way so far as charts: weekly means, measurements, and the calendar of sessions."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.charts import AdherenceCalendar, CalendarDay, ModelLine, Series, Trajectory
from patients.charts.words import number
from patients.day import Day
from patients.models import Assessment, Assignment, CheckIn, ScheduledSession
from patients.rules.scores import NPRS_WORTHWHILE_POINTS, PSFS_WORTHWHILE_POINTS, Instrument
from patients.rules.trajectory import has_model_line, model_line, weekly_means
from programs.models import Setting

Points = list[tuple[float, float]]
Status = ScheduledSession.Status
CALENDAR = {Status.DONE: "done", Status.PARTIAL: "part", Status.MISSED: "missed", Status.SKIPPED: "missed"}


@dataclass(frozen=True, slots=True)
class Course:
    """One chart with what stands above it; `now` is empty without values, `change` without two of them."""

    chart: Trajectory
    title: str
    now: str
    start: str
    change: str
    is_better: bool
    is_less: bool
    explanation: str


def read_course(shown: str, assignment: Assignment, check_ins: Sequence[CheckIn], assessments: Sequence[Assessment], day: Day) -> Course:
    """Return the course of "pain", "running" or "readiness"."""
    weeks = assignment.version.weeks
    if shown == "running":
        return running_course(assignment, assessments, weeks)
    starts_on = assignment.starts_on
    if shown == "readiness":
        ready: Points = [(one.week, one.mean) for one in weekly_means([(row.on, row.readiness_0_10) for row in check_ins], starts_on)]
        chart = Trajectory([Series("ready", inside(ready, weeks), _("Readiness to run, mean of the week"))], weeks=weeks, phone=True)
        text = _("Readiness is your own answer of the day. It is not a test, and it is not compared with the study.")
        return course_of(chart, _("Readiness to run, this week"), ready, more_is_better=True, enough=PSFS_WORTHWHILE_POINTS, text=text)
    pain: Points = [(one.week, one.mean) for one in weekly_means([(row.on, row.pain_0_10) for row in check_ins], starts_on)]
    enough = pain[0][1] - NPRS_WORTHWHILE_POINTS if pain else 0
    chart = Trajectory(
        [Series("pain", inside(pain, weeks), _("Back pain, mean of the week"))],
        weeks=weeks,
        important=(0, enough) if enough > 0 else None,
        phone=True,
    )
    text = _("Single days go up and down; the mean of a week shows the way. Two points less is a change most people notice.")
    return course_of(chart, _("Back pain, this week"), pain, more_is_better=False, enough=NPRS_WORTHWHILE_POINTS, text=text)


def running_course(assignment: Assignment, assessments: Sequence[Assessment], weeks: int) -> Course:
    """Return running capability and pain when running from the measurements, with the model line where the therapist shows it."""
    done = [one for one in assessments if one.status == Assessment.Status.DONE]
    capability: Points = [(one.week, one.running_capability_0_10) for one in done if one.running_capability_0_10 is not None]
    pain: Points = [(one.week, one.running_pain_0_10) for one in done if one.running_pain_0_10 is not None]
    later = sorted({one.week for one in assessments if one.week > weeks})
    code = assignment.version.program.code
    models: list[ModelLine] = []
    if assignment.shows_model_line and capability and capability[0][0] == 0 and has_model_line(code):
        models = [ModelLine("func", [(float(week), value) for week, value in model_line(Instrument.PSFS_RUN, code, capability[0][1])])]
    enough = capability[0][1] + PSFS_WORTHWHILE_POINTS if capability else 11
    chart = Trajectory(
        [Series("func", capability), Series("pain", pain)],
        models=models,
        weeks=weeks,
        follow_ups=later,
        important=(enough, 10) if enough < 10 else None,
        phone=True,
    )
    text = _("0 means: cannot do this run at all. 10 means: as well as before the pain.")
    return course_of(chart, _("Running capability"), capability, more_is_better=True, enough=PSFS_WORTHWHILE_POINTS, text=text)


def course_of(chart: Trajectory, title: str, points: Points, *, more_is_better: bool, enough: int, text: str) -> Course:
    """Say where the series stands and how far it has moved; only a change that matters is called one."""
    now, start = (points[-1][1], points[0][1]) if points else (None, None)
    change, is_better = "", False
    delta = 0.0
    if now is not None and start is not None and len(points) > 1:
        delta = round(now - start, 1)
        size = ngettext("%(points)s point", "%(points)s points", 1 if abs(delta) == 1 else 2) % {"points": number(abs(delta))}
        change = (_("%(size)s less") if delta < 0 else _("%(size)s more")) % {"size": size} if delta else _("as at the start")
        is_better = abs(delta) >= enough and (delta > 0) == more_is_better
    return Course(
        chart=chart,
        title=title,
        now="" if now is None else number(now),
        start="" if start is None or len(points) < 2 else number(start),
        change=change,
        is_better=is_better,
        is_less=delta < 0,
        explanation=text,
    )


def inside(points: Points, weeks: int) -> Points:
    """Return the points the axis has room for."""
    return [(week, value) for week, value in points if week <= weeks]


def calendar_of(sessions: Sequence[ScheduledSession], day: Day, run_days: Collection[dt.date] = ()) -> AdherenceCalendar | None:
    """Return the calendar in weeks that begin as the program did, days with a run marked; None without sessions."""
    if not sessions or day.program is None:
        return None
    by_day = {one.on: one for one in sessions}
    first = min(by_day) if min(by_day) < day.program.starts_on else day.program.starts_on
    last = max(max(by_day), day.program.ends_on)
    begin = program_week_start(first, day.program.starts_on)
    weeks: list[list[CalendarDay | None]] = []
    names: list[int | None] = []
    while begin <= last:
        days = [begin + dt.timedelta(days=offset) for offset in range(7)]
        weeks.append([calendar_day(on, by_day.get(on), day.today, has_run=on in run_days) if first <= on <= last else None for on in days])
        names.append(week_name([by_day[on].week for on in days if on in by_day]))
        begin += dt.timedelta(days=7)
    counted = day.counted
    return AdherenceCalendar(weeks, round(counted.done), counted.due, names)


def program_week_start(on: dt.date, starts_on: dt.date) -> dt.date:
    """Return the first day of the program's week a day lies in: its weekday is that of the start."""
    return on - dt.timedelta(days=(on - starts_on).days % 7)


def week_name(weeks: Sequence[int]) -> int | None:
    """Return which program week a row is: that of most of its sessions, None without any."""
    return max(weeks, key=lambda week: (weeks.count(week), -week), default=None)


def calendar_day(on: dt.date, session: ScheduledSession | None, today: dt.date, *, has_run: bool = False) -> CalendarDay:
    """Return one day of the calendar; what was planned for a past day reads as missed."""
    if session is None:
        return CalendarDay(on, is_today=on == today, has_run=has_run)
    setting = "clinic" if session.setting == Setting.SUPERVISED else "home"
    state = CALENDAR.get(Status(session.status), "missed" if on < today else "planned")
    return CalendarDay(on, setting, state, is_today=on == today, has_run=has_run)  # type: ignore[arg-type]
