"""Everybody's courses for the figures of a clinic: who counts, what was done and measured; read in sets, five queries whatever the size.

Counted are people who agreed to it (purpose `outcomes`, in force), neither made up nor erased, each with the first course of a program.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, Exists, F, FloatField, OuterRef, Q, Sum, Value, When

from clinics.models import Membership
from patients.models import Assessment, Assignment, Consent, ScheduledSession, SymptomReport
from patients.rules.adherence import LOGGED, NOT_COUNTED
from patients.rules.consents import Purpose
from patients.rules.scores import Instrument
from programs.models import Program, ProgramVersion, Setting
from programs.wording import SHORT_NAMES

START = str(Assessment.Key.BASELINE)
NOBODY = ""
"""Stands for the therapist of people who have none."""
STOP_LEVELS = (SymptomReport.Level.URGENT, SymptomReport.Level.EMERGENCY)


@dataclass(frozen=True, slots=True)
class Line:
    """One program the figures are about; `arm` is the code of a library program (LL, LE, LS, RW, WP), empty for a clinic's own."""

    key: UUID
    code: str
    arm: str
    names: Any
    position: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One assessment that was done: its week, worst pain when running (None without a run), running capability."""

    week: int
    pain: int | None
    capability: int | None

    def value(self, instrument: Instrument) -> int | None:
        """Return the answer of one instrument."""
        return self.pain if instrument == Instrument.NPRS_RUN else self.capability


@dataclass(slots=True)
class Course:
    """One person's first course of one program; sessions as (done, due), partly done ones by their share."""

    patient: UUID
    line: Line
    version: int
    is_tailored: bool
    weeks: int
    year: int
    therapist: str
    status: str
    outcome: str
    sessions: dict[str, tuple[float, int]] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    had_stop: bool = False

    @property
    def done(self) -> float:
        """Sessions done, in the clinic and at home."""
        return sum(done for done, _due in self.sessions.values())

    @property
    def due(self) -> int:
        """Sessions due, in the clinic and at home."""
        return sum(due for _done, due in self.sessions.values())

    @property
    def adherence(self) -> float | None:
        """Sessions done of sessions due, 0 to 1; None while nothing was due."""
        return self.done / self.due if self.due else None

    def pair(self, instrument: Instrument, key: str) -> tuple[int, int] | None:
        """Return start and later answer; None unless both were given."""
        start, later = self.answers.get(START), self.answers.get(key)
        if start is None or later is None:
            return None
        before, after = start.value(instrument), later.value(instrument)
        return None if before is None or after is None else (before, after)


@dataclass(frozen=True, slots=True)
class Population:
    """Everybody who counts, and how many people do not because they have not agreed."""

    courses: list[Course]
    left_out: int

    @property
    def lines(self) -> list[Line]:
        """The programs, the library's in its order first."""
        found = {course.line.key: course.line for course in self.courses}
        known = list(SHORT_NAMES)
        return sorted(
            found.values(),
            key=lambda line: (known.index(line.arm) if line.arm in known else len(known), line.position, line.code, str(line.key)),
        )

    @property
    def years(self) -> tuple[int, int] | None:
        """The first and the last year somebody began in; None without anybody."""
        years = [course.year for course in self.courses]
        return (min(years), max(years)) if years else None

    def of(self, line: Line) -> list[Course]:
        """Return the courses of one program."""
        return [course for course in self.courses if course.line.key == line.key]


def read_population(member: Membership, *, today: dt.date) -> Population:
    """Read every course of the member's clinic that began by today: courses, versions, sessions, assessments, stop signs; five queries."""
    versions = read_versions(member)
    sessions = read_sessions(member, today)
    agreed = Consent.objects.visible_to(member).in_force().filter(patient=OuterRef("patient"), purpose=Purpose.OUTCOMES.value)
    rows = (
        Assignment.objects.visible_to(member)
        .filter(starts_on__lte=today, patient__is_test=False, patient__erased_at=None)
        .exclude(status=Assignment.Status.WITHDRAWN)
        .annotate(agreed=Exists(agreed))
        .order_by("starts_on", "created_at", "pk")
    )
    columns = ("pk", "patient_id", "version_id", "starts_on", "status", "end_outcome", "patient__therapist_id", "agreed")
    found: dict[tuple[UUID, UUID], Course] = {}
    by_assignment: dict[UUID, Course] = {}
    silent: set[UUID] = set()
    for pk, patient, version_id, starts_on, status, outcome, therapist, has_agreed in rows.values_list(*columns):
        done = sessions.get(pk, {})
        if status == Assignment.Status.HELD and not any(one for one, _due in done.values()):
            continue  # never let begin
        if not has_agreed:
            silent.add(patient)
            continue
        line, version, weeks, is_tailored = versions[version_id]
        if (patient, line.key) in found:
            continue  # only the first course of a program counts
        who = str(therapist) if therapist else NOBODY
        course = Course(patient, line, version, is_tailored, weeks, starts_on.year, who, status, outcome, done)
        found[patient, line.key] = by_assignment[pk] = course
    add_answers(member, by_assignment)
    add_stops(member, by_assignment.values())
    return Population(list(by_assignment.values()), len(silent))


def read_versions(member: Membership) -> dict[UUID, tuple[Line, int, int, bool]]:
    """Return for each version its program, number, weeks and whether it was tailored; a tailored one counts as what it was forked from."""
    columns = ("pk", "number", "weeks", "forked_from_id", "program__origin", "program_id", "program__code", "program__names")
    rows = ProgramVersion.objects.visible_to(member).order_by().values_list(*columns, "program__position")
    stored = {row[0]: row for row in rows}
    lines: dict[UUID, Line] = {}
    found = {}
    for pk in stored:
        root = stored[pk]
        while root[4] == Program.Origin.TAILORED and root[3] in stored:
            root = stored[root[3]]
        _pk, number, _weeks, _from, origin, program_id, code, names, position = root
        if program_id not in lines:
            lines[program_id] = Line(program_id, code, code if origin == Program.Origin.LIBRARY else "", names, position)
        found[pk] = (lines[program_id], number, stored[pk][2], root[0] != pk)
    return found


def read_sessions(member: Membership, today: dt.date) -> dict[UUID, dict[str, tuple[float, int]]]:
    """Return sessions done and due of every assignment, by place; counted in the database by the rule of `rules/adherence.py`."""
    logged = [state.value for state in LOGGED]
    due = Q(status__in=logged) | (~Q(status__in=[state.value for state in NOT_COUNTED]) & Q(on__lt=today))
    done = Case(
        When(status=ScheduledSession.Status.DONE, then=Value(1.0)),
        When(status=ScheduledSession.Status.PARTIAL, then=F("done_share")),
        default=Value(0.0),
        output_field=FloatField(),
    )
    rows = ScheduledSession.objects.visible_to(member).filter(due).order_by().values("assignment_id", "setting")
    found: dict[UUID, dict[str, tuple[float, int]]] = {}
    for assignment, setting, was_done, was_due in rows.annotate(was_done=Sum(done), was_due=Count("pk")).values_list(
        "assignment_id", "setting", "was_done", "was_due"
    ):
        found.setdefault(assignment, {})[setting] = (was_done, was_due)
    return found


def add_answers(member: Membership, courses: Mapping[UUID, Course]) -> None:
    """Add the assessments that were done."""
    rows = Assessment.objects.visible_to(member).filter(status=Assessment.Status.DONE).order_by()
    columns = ("assignment_id", "key", "week", "running_pain_0_10", "running_capability_0_10")
    for assignment, key, week, pain, capability in rows.values_list(*columns):
        if assignment in courses:
            courses[assignment].answers[key] = Answer(week, pain, capability)


def add_stops(member: Membership, courses: Iterable[Course]) -> None:
    """Mark the people who ever reported a sign that asks for a doctor at once or within a day, and did not take it back."""
    rows = SymptomReport.objects.visible_to(member).filter(level__in=STOP_LEVELS).exclude(status=SymptomReport.Status.WITHDRAWN)
    stopped = set(rows.order_by().values_list("patient_id", flat=True).distinct())
    for course in courses:
        course.had_stop = course.patient in stopped


def supervised(course: Course) -> tuple[float, int]:
    """Return sessions in the clinic done and due."""
    return course.sessions.get(Setting.SUPERVISED, (0.0, 0))
