"""What a patient's day consists of, read from the caseload line without a query."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.formats import date_format

from clinics.localtime import local_day, to_local
from patients.actions.assessments import OPENS_BEFORE_DAYS
from patients.charts import Tick
from patients.models import Assessment, Assignment, Patient, SymptomReport
from patients.rules import adherence
from patients.rules.adherence import SessionFact, SessionState, TickState
from patients.rules.consents import Purpose, has_withdrawn, is_first_visit, read_standings, to_ask
from patients.rules.facts import dated, session_facts
from patients.rules.schedule import Setting, current_week

MORNING_UNTIL, DAY_UNTIL = 11, 18
"""Hours at which "good morning" and "good day" end."""
NEWS_DAYS = 7
"""Days for which a change of the plan is news."""
LOOK_SHOWN = dt.timedelta(days=2)
"""So long Today says that somebody has looked; Progress says it for two weeks."""
WORST_FIRST = ("emergency", "urgent", "clearance", "training")
TICKS = {TickState.FULL: "done", TickState.PART: "part", TickState.NONE: "none", TickState.NOW: "now"}
PIPS = {SessionState.DONE: "done", SessionState.PARTIAL: "part", SessionState.MISSED: "miss", SessionState.SKIPPED: "miss"}


class Stage(StrEnum):
    """Where a patient stands, as far as Today is concerned."""

    NO_PROGRAM = "no_program"
    WITHDRAWN = "withdrawn"
    CHECK_MISSING = "check_missing"
    ON_HOLD = "on_hold"
    BEFORE_START = "before_start"
    RUNNING = "running"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class ProgramLine:
    """The program the caseload line speaks of."""

    assignment_id: uuid.UUID
    status: str
    starts_on: dt.date
    ends_on: dt.date
    weeks: int
    code: str
    tailored_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class OpenReport:
    """A symptom report that still holds something."""

    pk: uuid.UUID
    level: str
    is_withdrawn: bool
    on: dt.date


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody of the clinic has looked at what followed from an entry of a day, or from a report of signs (its id, else empty)."""

    who: str
    at: dt.datetime
    on: dt.date
    report: str


@dataclass(frozen=True, slots=True)
class StripDay:
    """One day of the week strip; `pip` is "" on days without a session."""

    on: dt.date
    short: str
    setting: str
    pip: str
    is_today: bool


@dataclass(frozen=True, slots=True)
class Day:
    """Everything Today knows before it looks at the session itself."""

    today: dt.date
    hour: int
    stage: Stage
    program: ProgramLine | None
    reports: Sequence[OpenReport]
    week: int | None
    ticks: Sequence[Tick]
    strip: Sequence[StripDay]
    check_in: tuple[int, int] | None
    last: tuple[int, int] | None
    is_last_yesterday: bool
    assessment: tuple[str, dt.date] | None
    assessments: Sequence[tuple[str, dt.date]]
    sessions: Sequence[SessionFact]
    runs_today: int
    unread: int
    looks: Sequence[Look]
    latest_look: Look | None
    asks: Sequence[Purpose]
    is_withdrawn: bool

    @property
    def greeting(self) -> str:
        """Part of the day: morning, day or evening."""
        if 4 <= self.hour < MORNING_UNTIL:
            return "morning"
        return "day" if MORNING_UNTIL <= self.hour < DAY_UNTIL else "evening"

    @property
    def report_look(self) -> Look | None:
        """Who has looked at the report that demands most, None while nobody has."""
        worst = self.worst_report
        return next((look for look in self.looks if worst is not None and look.report == str(worst.pk)), None)

    @property
    def worst_report(self) -> OpenReport | None:
        """The report that demands most, None without any."""
        return self.reports[0] if self.reports else None

    @property
    def is_over(self) -> bool:
        """Whether the program has ended, whatever else stands in the way today."""
        return self.program is not None and stage_of(self.program, (), self.today) == Stage.OVER

    @property
    def changed_on(self) -> dt.date | None:
        """First day of a change of the plan that is new: announced a week ahead and shown for its first week; None otherwise."""
        on = self.program.tailored_on if self.program and self.stage == Stage.RUNNING else None
        return on if on is not None and abs((self.today - on).days) < NEWS_DAYS else None

    @property
    def is_held(self) -> bool:
        """Whether nothing may be trained now."""
        return self.stage in {Stage.ON_HOLD, Stage.CHECK_MISSING, Stage.WITHDRAWN}

    @property
    def counted(self) -> adherence.Adherence:
        """Sessions done of sessions due so far."""
        return adherence.adherence(self.sessions, self.today)


def read_day(patient: Patient, *, now: dt.datetime) -> Day:
    """Read the day of a patient; clinic and caseload line must be loaded."""
    facts = patient.caseload.facts
    today = local_day(now, patient.zone)
    program = read_program(facts)
    sessions = session_facts(facts)
    reports = open_reports(facts)
    pairs = [(session.week, session.on) for session in sessions]
    check_in, last, last_on = check_ins(facts, today)
    standings = read_standings(facts.get("consents", {}))
    looks = read_looks(facts)
    due = [(str(key), on) for on, key in dated(facts, "assessments")]
    return Day(
        today=today,
        hour=to_local(now, patient.zone).hour,
        stage=stage_of(program, reports, today, is_withdrawn=has_withdrawn(standings)),
        program=program,
        reports=reports,
        week=current_week(program.starts_on, program.weeks, pairs, today) if program else None,
        ticks=ticks_of(sessions, program, today),
        strip=week_strip(sessions, today),
        check_in=check_in,
        last=last,
        is_last_yesterday=last_on == today - dt.timedelta(days=1),
        assessment=next((one for one in due if one[1] - dt.timedelta(days=OPENS_BEFORE_DAYS) <= today), None),
        assessments=due,
        sessions=sessions,
        runs_today=dict(dated(facts, "runs")).get(today, 0),
        unread=int((facts.get("to_patient") or (0,))[0]),
        looks=looks,
        latest_look=next((one for one in looks if not one.report and one.at >= now - LOOK_SHOWN), None),
        asks=[] if is_first_visit(standings) else to_ask(standings),
        is_withdrawn=has_withdrawn(standings),
    )


def first_steps(day: Day, number: int) -> tuple[int, int]:
    """Return which of the first steps this is, and how many there are: agreements, symptom check, the start measurement if it is due."""
    has_measurement = day.assessment is not None and day.assessment[0] == Assessment.Key.BASELINE
    return number, max(number, 3 if has_measurement else 2)


def read_looks(facts: Mapping[str, Any]) -> list[Look]:
    """Return who has looked at entries of the last two weeks, the latest look first."""
    looks = [Look(who, dt.datetime.fromisoformat(at), dt.date.fromisoformat(on), report) for at, who, on, report in facts.get("looked", [])]
    return sorted(looks, key=lambda one: one.at, reverse=True)


def read_program(facts: Mapping[str, Any]) -> ProgramLine | None:
    """Return the program of the line, None when none was ever given."""
    program = facts.get("program")
    if not program:
        return None
    return ProgramLine(
        assignment_id=uuid.UUID(program["assignment"]),
        status=program["status"],
        starts_on=dt.date.fromisoformat(program["starts_on"]),
        ends_on=dt.date.fromisoformat(program["ends_on"]),
        weeks=program["weeks"],
        code=program["code"],
        tailored_on=dt.date.fromisoformat(program["tailored_on"]) if program.get("tailored_on") else None,
    )


def open_reports(facts: Mapping[str, Any]) -> list[OpenReport]:
    """Return the reports nobody has cleared, worst first; of the same level the withdrawn ones come last."""
    found = [
        OpenReport(uuid.UUID(key), level, status == SymptomReport.Status.WITHDRAWN, dt.date.fromisoformat(on))
        for key, level, status, on, _signs in facts.get("reports", [])
    ]
    return sorted(found, key=lambda one: (one.is_withdrawn, WORST_FIRST.index(one.level) if one.level in WORST_FIRST else len(WORST_FIRST)))


def stage_of(program: ProgramLine | None, reports: Sequence[OpenReport], today: dt.date, *, is_withdrawn: bool = False) -> Stage:
    """Say which of the faces of Today is shown; an open report comes before everything else, then an agreement that was taken back."""
    if reports:
        return Stage.ON_HOLD
    if is_withdrawn:
        return Stage.WITHDRAWN
    if program is None:
        return Stage.NO_PROGRAM
    if program.status == Assignment.Status.HELD:
        return Stage.CHECK_MISSING
    if program.status != Assignment.Status.RUNNING or today > program.ends_on:
        return Stage.OVER
    return Stage.BEFORE_START if today < program.starts_on else Stage.RUNNING


def ticks_of(sessions: Sequence[SessionFact], program: ProgramLine | None, today: dt.date) -> list[Tick]:
    """Return the week ticks as of today, whenever the line was written."""
    if program is None:
        return []
    weeks = adherence.week_ticks(sessions, program.starts_on, program.weeks, today)
    return [Tick(TICKS.get(one.state, "soon"), one.share, round(one.done), one.due) for one in weeks]  # type: ignore[arg-type]


def week_strip(sessions: Iterable[SessionFact], today: dt.date) -> list[StripDay]:
    """Return the seven days of this calendar week, Monday first, with the session that stands on each."""
    monday = today - dt.timedelta(days=today.weekday())
    by_day = {session.on: session for session in sessions if session.state != SessionState.CANCELLED}
    days = []
    for offset in range(7):
        on = monday + dt.timedelta(days=offset)
        session = by_day.get(on)
        pip = ""
        if session is not None:
            open_pip = "miss" if on < today else "clinic" if session.setting == Setting.SUPERVISED else "plan"
            pip = PIPS.get(session.state, open_pip)
        days.append(StripDay(on, date_format(on, "D")[:2], session.setting.value if session else "", pip, on == today))
    return days


def check_ins(facts: Mapping[str, Any], today: dt.date) -> tuple[tuple[int, int] | None, tuple[int, int] | None, dt.date | None]:
    """Return (pain, readiness) of today, of the last day before, and that day; None where there is none."""
    ready = dict(dated(dict(facts), "readiness"))
    both = [(on, (pain, ready[on])) for on, pain in dated(dict(facts), "pain") if on in ready]
    now = next((values for on, values in both if on == today), None)
    earlier = [one for one in both if one[0] < today]
    return (now, earlier[-1][1], earlier[-1][0]) if earlier else (now, None, None)
