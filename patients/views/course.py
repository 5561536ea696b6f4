"""The course of one patient as it is drawn: chart, calendar, check-ins, this week's plan and the measurements."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinics.localtime import local_day
from patients.charts import AdherenceCalendar, CalendarDay, ChartEvent, DoneKind, ModelLine, Series, Trajectory
from patients.course import program_week_start, week_name
from patients.models import Alert, Assessment, Assignment, AssignmentVersion, CheckIn, Pause, Run, ScheduledSession, SessionLog
from patients.reasons import ASSESSMENT_NAMES, day_text, reason_text, score
from patients.rules import adherence, scores, trajectory
from patients.rules.schedule import Setting
from patients.views.patient_head import Shown

SERIES = ("back", "run", "func", "ready")
FIRST_SHOWN = ("back", "func")
EXCLUDES = {"back": "run", "run": "back"}
"""Both are pain and share its colour, so one takes the other's place."""
DAY_STATES: dict[str, Any] = {"done": "done", "partial": "part", "missed": "missed", "skipped": "missed", "planned": "planned"}
FEED_LENGTH = 6


@dataclass(frozen=True, slots=True)
class Switch:
    """One series that can be shown or hidden by a link."""

    label: str
    query: str
    is_on: bool


def chosen_series(text: str) -> list[str]:
    """Return the series named in the address, or the ones shown first."""
    found = [key for key in SERIES if key in text.split(",")]
    return found or list(FIRST_SHOWN)


def switches(chosen: Sequence[str], *, model: bool) -> list[Switch]:
    """Return a link for each series; turning one on turns off what it cannot stand beside."""
    labels = {"back": _("Back pain"), "run": _("Pain running"), "func": _("Capability"), "ready": _("Readiness")}
    tail = "&model=1" if model else ""
    found = []
    for key in SERIES:
        after = [one for one in chosen if one != key] if key in chosen else [one for one in SERIES if one in chosen or one == key]
        if key not in chosen:
            after = [one for one in after if one != EXCLUDES.get(key)]
        found.append(Switch(labels[key], f"?show={','.join(after or [key])}{tail}", key in chosen))
    return found


def week_at(assignment: Assignment, on: dt.date) -> float:
    """Return how many weeks after the start a day lies."""
    return round((on - assignment.starts_on).days / 7, 2)


def chart_of(
    shown: Shown,
    *,
    chosen: Sequence[str],
    model: bool,
    check_ins: Sequence[CheckIn],
    assessments: Sequence[Assessment],
    events: Sequence[ChartEvent] = (),
    trained: Sequence[tuple[DoneKind, float]] = (),
) -> Trajectory | None:
    """Return the chart of the shown program; None without a program. The model line starts from the person's own first answer."""
    assignment = shown.assignment
    if assignment is None:
        return None
    zone = shown.patient.zone
    done = [one for one in assessments if one.status == Assessment.Status.DONE and one.done_at is not None]
    points = [(max(0.0, week_at(assignment, local_day(one.done_at, zone))), one) for one in done if one.done_at is not None]
    run = [(week, float(one.running_pain_0_10)) for week, one in points if one.running_pain_0_10 is not None]
    func = [(week, float(one.running_capability_0_10)) for week, one in points if one.running_capability_0_10 is not None]
    series: list[Series] = []
    if "back" in chosen:
        means = trajectory.weekly_means([(one.on, one.pain_0_10) for one in check_ins], assignment.starts_on)
        series.append(Series("pain", [(one.week - 0.5, one.mean) for one in means], _("Back pain, mean of the week's check-ins")))
    if "run" in chosen:
        series.append(Series("pain", run, _("Worst pain when running (NPRS)")))
    if "func" in chosen:
        series.append(Series("func", func, _("Running capability (PSFS)")))
    if "ready" in chosen:
        means = trajectory.weekly_means([(one.on, one.readiness_0_10) for one in check_ins], assignment.starts_on)
        series.append(Series("ready", [(one.week - 0.5, one.mean) for one in means], _("Readiness, mean of the week's check-ins")))
    models: list[ModelLine] = []
    code = assignment.version.program.code
    if model and "run" in chosen and run:
        models.append(ModelLine("pain", trajectory.model_line(scores.Instrument.NPRS_RUN, code, run[0][1])))
    if model and "func" in chosen and func:
        models.append(ModelLine("func", trajectory.model_line(scores.Instrument.PSFS_RUN, code, func[0][1])))
    weeks = max(assignment.version.weeks, -(-((assignment.ends_on - assignment.starts_on).days + 1) // 7))
    later = sorted({round(week_at(assignment, one.due_on)) for one in assessments if one.week > assignment.version.weeks})
    return Trajectory(
        series=series,
        models=[one for one in models if one.points],
        events=events,
        done=trained,
        weeks=weeks,
        follow_ups=[week for week in later if week > weeks],
    )


def events_of(shown: Shown, alerts: Iterable[Alert], pauses: Iterable[Pause]) -> list[ChartEvent]:
    """Return what happened within the program: alerts and pauses, each with its day."""
    assignment, zone = shown.assignment, shown.patient.zone
    found: list[ChartEvent] = []
    if assignment is None:
        return found
    for alert in alerts:
        on = local_day(alert.raised_at, zone)
        if on >= assignment.starts_on:
            day, what = day_text(on), reason_text(alert.rule, alert.evidence)
            text = what if day in what else _("%(day)s: %(what)s") % {"day": day, "what": what}
            found.append(ChartEvent(week_at(assignment, on), "alert", text))
    for pause in pauses:
        if pause.cancelled_at is None and pause.assignment_id == assignment.pk:
            days = {"first": day_text(pause.from_on), "last": day_text(pause.to_on), "why": pause.get_reason_display()}
            found.append(ChartEvent(week_at(assignment, pause.from_on), "plan", _("Pause %(first)s to %(last)s, %(why)s") % days))
    return found


def changes_of(shown: Shown, changes: Iterable[AssignmentVersion]) -> list[ChartEvent]:
    """Return the changes of the plan, each with the day from which it holds and the reason."""
    if shown.assignment is None:
        return []
    found = []
    for one in changes:
        words = {"day": day_text(one.from_on), "why": one.reason}
        found.append(ChartEvent(week_at(shown.assignment, one.from_on), "plan", _("Plan changed from %(day)s: %(why)s") % words))
    return found


def days_of(shown: Shown, sessions: Iterable[ScheduledSession], runs: Iterable[Run]) -> list[tuple[DoneKind, float]]:
    """Return what was trained on which day, in weeks since the start: sessions done, at least in part, and runs."""
    if shown.assignment is None:
        return []
    trained = {ScheduledSession.Status.DONE, ScheduledSession.Status.PARTIAL}
    found: list[tuple[DoneKind, float]] = [("session", week_at(shown.assignment, one.on)) for one in sessions if one.status in trained]
    return found + [("run", week_at(shown.assignment, one.on)) for one in runs]


def facts_of(sessions: Iterable[ScheduledSession]) -> list[adherence.SessionFact]:
    """Turn sessions into what the counting rules read."""
    return [
        adherence.SessionFact(
            on=one.on,
            state=adherence.SessionState(one.status),
            setting=Setting(one.setting),
            week=one.week,
            share=one.done_share if one.status == ScheduledSession.Status.PARTIAL else 0.0,
        )
        for one in sessions
    ]


def session_url(session: ScheduledSession, today: dt.date) -> str:
    """Return where a cell of the calendar leads: to the entry, to logging it, or nowhere while it is still to come."""
    if session.status in {ScheduledSession.Status.DONE, ScheduledSession.Status.PARTIAL}:
        return reverse("patients:patient_sessions", args=[session.patient_id]) + f"#s-{session.pk}"
    return reverse("patients:session_supervise", args=[session.pk]) if session.on <= today else ""


def calendar_of(
    sessions: Sequence[ScheduledSession], pauses: Iterable[Pause], runs: Iterable[Run], today: dt.date, starts_on: dt.date | None
) -> AdherenceCalendar | None:
    """Return the calendar of a program that started on `starts_on`, from the first to the last week with a session; None without any."""
    if not sessions or starts_on is None:
        return None
    by_day = {one.on: one for one in sessions}
    run_days = {one.on for one in runs}
    paused = [(one.from_on, one.to_on) for one in pauses if one.cancelled_at is None]
    first, last = min(by_day), max(by_day)
    begin = program_week_start(first, starts_on)
    weeks: list[list[CalendarDay | None]] = []
    names: list[int | None] = []
    while begin <= last:
        week: list[CalendarDay | None] = []
        for offset in range(7):
            on = begin + dt.timedelta(days=offset)
            session = by_day.get(on)
            if on < first or on > last:
                week.append(None)
            elif session is None:
                is_off = any(start <= on <= end for start, end in paused)
                week.append(CalendarDay(on, "rest", "off" if is_off else "rest", is_today=on == today, has_run=on in run_days))
            else:
                state: Any = "planned" if session.status == "skipped" and on >= today else DAY_STATES.get(session.status, "rest")
                setting: Any = "clinic" if session.setting == Setting.SUPERVISED else "home"
                week.append(CalendarDay(on, setting, state, on == today, on in run_days, session_url(session, today)))
        weeks.append(week)
        names.append(week_name([by_day[day.date].week for day in week if day is not None and day.date in by_day]))
        begin += dt.timedelta(days=7)
    counted = adherence.adherence(facts_of(sessions), today)
    return AdherenceCalendar(weeks, done=int(counted.done), due=counted.due, names=names)


def split_of(sessions: Iterable[ScheduledSession], today: dt.date) -> list[tuple[str, str, int]]:
    """Return (place, "11 of 12", percent) for clinic and home, places without anything due left out."""
    by_setting = adherence.adherence_by_setting(facts_of(sessions), today)
    names = {Setting.SUPERVISED: _("In the clinic"), Setting.HOME: _("At home")}
    return [
        (names[setting], _("%(done)s of %(due)s") % {"done": score(round(one.done, 1)), "due": one.due}, one.percent or 0)
        for setting, one in by_setting.items()
        if one.due
    ]


def run_text(run: Run) -> str:
    """Return a run in few words: "run 6.2 km, pain 3"."""
    if run.distance_km is None:
        return _("run, pain %(pain)s") % {"pain": run.pain_worst_0_10}
    return _("run %(km)s km, pain %(pain)s") % {"km": score(round(float(run.distance_km), 1)), "pain": run.pain_worst_0_10}


def feed_of(check_ins: Sequence[CheckIn], logs: Iterable[SessionLog], runs: Iterable[Run], red_from: int) -> list[tuple[CheckIn, str, str]]:
    """Return the latest check-ins, newest first, each with what else is known of that day and the tone of it."""
    sessions = {one.on: one for one in logs}
    run_on = {one.on: one for one in runs}
    found = []
    for row in sorted(check_ins, key=lambda one: one.on, reverse=True)[:FEED_LENGTH]:
        log = sessions.get(row.on)
        if row.symptoms_id and row.symptoms is not None and row.symptoms.signs:
            found.append((row, _("signs reported"), "danger"))
        elif row.is_settled is False:
            found.append((row, _("not settled"), "warn"))
        elif log is not None and (log.pain_during_0_10 or 0) >= red_from:
            found.append((row, _("pain %(pain)s in session") % {"pain": log.pain_during_0_10}, "warn"))
        elif row.on in run_on:
            run = run_on[row.on]
            found.append((row, run_text(run), "warn" if run.pain_worst_0_10 >= red_from else ""))
        elif log is not None:
            found.append((row, _("session done"), ""))
        else:
            found.append((row, _("nothing new"), ""))
    return found


def assessment_rows(assessments: Sequence[Assessment], today: dt.date) -> list[dict[str, Any]]:
    """Return the measurements with their change from the first answer and what it means for one person."""
    found: list[dict[str, Any]] = []
    first_pain: int | None = None
    first_capability: int | None = None
    for one in assessments:
        row: dict[str, Any] = {"assessment": one, "name": ASSESSMENT_NAMES.get(one.key, one.key), "state": ""}
        if one.status == Assessment.Status.DONE:
            pain = scores.change_meaning(scores.Instrument.NPRS_RUN, first_pain, one.running_pain_0_10)
            capability = scores.change_meaning(scores.Instrument.PSFS_RUN, first_capability, one.running_capability_0_10)
            row |= {"pain": change_text(pain), "pain_meaning": meaning_text(pain)}
            row |= {"capability": change_text(capability), "capability_meaning": meaning_text(capability)}
            first_pain = one.running_pain_0_10 if first_pain is None else first_pain
            first_capability = one.running_capability_0_10 if first_capability is None else first_capability
        elif one.status == Assessment.Status.SKIPPED:
            row["state"] = _("skipped")
        else:
            days = (one.due_on - today).days
            if days < 0:
                row["state"] = ngettext("overdue %(n)s day", "overdue %(n)s days", -days) % {"n": -days}
                row["tone"] = "warn"
            elif days == 0:
                row["state"] = _("due today")
            else:
                row["state"] = ngettext("due in %(n)s day", "due in %(n)s days", days) % {"n": days}
        found.append(row)
    return found


def change_text(meaning: scores.Meaning | None) -> str:
    """Return a change with its sign: "(−2)"; empty for the first answer."""
    if meaning is None:
        return ""
    sign = "+" if meaning.delta > 0 else "−" if meaning.delta < 0 else "±"
    return f"({sign}{abs(meaning.delta)})"


def meaning_text(meaning: scores.Meaning | None) -> str:
    """Return what a change means for one person, in words; empty for the first answer."""
    if meaning is None:
        return ""
    if meaning.direction == scores.Direction.SAME:
        return _("unchanged")
    if meaning.beyond == scores.Beyond.NONE:
        return _("too small to tell")
    better = meaning.direction == scores.Direction.BETTER
    if meaning.beyond == scores.Beyond.BEYOND_ERROR:
        return _("better, beyond measurement error") if better else _("worse, beyond measurement error")
    return _("likely worthwhile") if better else _("likely noticeable, worse")
