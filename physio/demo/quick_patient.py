"""One made-up patient of a large set: programs back to back and a diary, as rows that wait to be stored."""

import datetime as dt
import random
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from clinics.localtime import to_utc
from clinics.models import Clinic, ClosedDay, Membership, Role, User
from clinics.rows import Table
from patients.actions.assigning import slots_of
from patients.models import Assessment, Assignment, CheckIn, Consent, ExerciseLog, Patient, ScheduledSession, SessionLog, SymptomReport
from patients.rules import readiness, symptoms
from patients.rules.consents import VERSIONS
from patients.rules.schedule import Setting, assessment_days, plan_sessions
from physio.demo.life import main_part
from programs.models import ProgramVersion

DAY = dt.timedelta(days=1)
DONE, PARTLY, MISSED = 0.78, 0.86, 0.95
"""Up to these shares, one after the other, the sessions that are over were done, partly done, missed; the rest was skipped."""
CHECKED_IN = 0.85
MORNING, EVENING, APPOINTMENT = dt.time(7, 40), dt.time(18, 20), dt.time(17)
_S, _M = ScheduledSession.Status, Assessment.Status
instant = cache(to_utc)


@dataclass(frozen=True, slots=True)
class Course:
    """One program on one choice of weekdays."""

    version: ProgramVersion
    supervised: tuple[int, ...]
    home: tuple[int, ...]

    @property
    def length(self) -> dt.timedelta:
        """How long the program takes."""
        return 7 * self.version.weeks * DAY


@dataclass(frozen=True, slots=True)
class Who:
    """Whose rows they are; keys are written in 32 hexadecimal digits, as every database reads them."""

    clinic: Clinic
    therapist: Membership
    patient: str
    member: str


class Planned(NamedTuple):
    """One session of a program."""

    plan_id: str
    week: int
    setting: str
    on: dt.date


Plan = tuple[list[Planned], list[tuple[str, int, dt.date]]]
"""The sessions of a program, and its assessments as (key, week, due day)."""


class Maker:
    """Makes up patients; their rows wait in `tables`."""

    home_source: str = SessionLog.Source.APP
    """How entries of sessions at home got here."""

    def __init__(
        self,
        chance: random.Random,
        *,
        now: dt.datetime,
        days: int,
        courses: Sequence[Course],
        names: Sequence[tuple[str, str]],
        password: str,
    ) -> None:
        """Take the chance, the time it is, how many days each diary has, the programs and names to choose from, and a hashed password."""
        self.chance, self.now, self.days, self.courses, self.names, self.password = chance, now, days, courses, names, password
        self.began, self.made = time.time_ns() // 1_000_000, 0
        self.closed: dict[uuid.UUID, frozenset[dt.date]] = {}
        self.plans: dict[tuple[object, ...], Plan] = {}
        own = ("id", "clinic_id", "patient_id")
        self.users = Table(User, "id", "email", "first_name", "last_name", "password")
        self.members = Table(Membership, "id", "clinic_id", "user_id", "role", "status", "name")
        self.people = Table(
            Patient,
            *("id", "clinic_id", "membership_id", "therapist_id", "number", "first_name", "last_name", "search_text", "email"),
            *("language", "running_described", "created_at"),
        )
        self.consents = Table(Consent, *own, "purpose", "version", "given_at", "given_by_id")
        self.reports = Table(SymptomReport, *own, "context", "level", "status", "rules_version", "reported_at")
        self.assignments = Table(
            Assignment,
            *(*own, "version_id", "status", "starts_on", "ends_on", "supervised_weekdays", "supervised_time", "home_weekdays"),
            *("assigned_by_id", "created_at", "changed_at"),
        )
        self.sessions = Table(
            ScheduledSession,
            *(*own, "assignment_id", "session_plan_id", "week", "setting", "on", "starts_at", "status", "reason", "done_share"),
            "changed_at",
        )
        self.assessments = Table(
            Assessment,
            *(*own, "assignment_id", "key", "week", "due_on", "status", "running_pain_0_10", "running_capability_0_10", "done_at"),
            "entered_by_id",
        )
        self.logs = Table(
            SessionLog,
            *(*own, "on", "session_id", "done_at", "as_prescribed", "pain_during_0_10", "effort_rpe_0_10", "soreness_0_10", "source"),
            *("entered_by_id", "entered_at"),
        )
        self.exercises = Table(
            ExerciseLog, *own, "session_log_id", "prescription_id", "position", "sets_done", "reps_done", "hold_seconds_done"
        )
        self.check_ins = Table(CheckIn, *own, "on", "pain_0_10", "readiness_0_10", "is_settled", "done_at", "entered_by_id", "entered_at")

    def key(self) -> str:
        """Return a new identifier like those of `clinics.ids`, which sort by time."""
        self.made += 1
        return f"{self.began + self.made // 1000:012x}7{self.chance.getrandbits(12):03x}8{self.chance.getrandbits(60):015x}"

    def store(self) -> int:
        """Write all rows that wait; return how many. In a real table the days of all patients lie mixed, here too."""
        before = (self.users, self.members, self.people, self.consents, self.reports, self.assignments, self.sessions, self.assessments)
        rows = sum(table.store() for table in before)
        return rows + self.logs.store(order=by_day) + self.exercises.store() + self.check_ins.store(order=by_day)

    def add(self, clinic: Clinic, therapist: Membership, number: int, *, today: dt.date) -> str:
        """Make up one patient; returns the key."""
        who = Who(clinic, therapist, self.key(), self.key())
        user = self.key()
        first, last = self.chance.choice(self.names)[0], self.chance.choice(self.names)[1]
        email = f"patient{number}@{clinic.slug}.example"
        self.users.add(user, email, first, last, self.password)
        self.members.add(who.member, clinic.pk.hex, user, Role.PATIENT, Membership.Status.ACTIVE, f"{first} {last}")
        course = self.chance.choice(self.courses)
        starts_on = today - self.chance.randrange(1, course.length.days) * DAY
        trained = self.add_program(who, course, starts_on, today, status=Assignment.Status.RUNNING)
        while (today - starts_on).days < self.days:
            starts_on -= course.length
            trained |= self.add_program(who, course, starts_on, today, status=Assignment.Status.COMPLETED)
        created_at = instant(starts_on - 3 * DAY, EVENING, clinic.time_zone)
        self.people.add(
            *(who.patient, clinic.pk.hex, who.member, therapist.pk.hex, f"{number:05d}", first, last, f"{first} {last}".lower(), email),
            *(clinic.language, "10 km", created_at),
        )
        for purpose, version in VERSIONS.items():
            self.consents.add(self.key(), clinic.pk.hex, who.patient, purpose.value, version, created_at, who.member)
        onboarding, none, clear = SymptomReport.Context.ONBOARDING, SymptomReport.Level.NONE, SymptomReport.Status.CLEAR
        self.reports.add(self.key(), clinic.pk.hex, who.patient, onboarding, none, clear, symptoms.RULES_VERSION, created_at)
        self.add_diary(who, today, trained)
        return who.patient

    def add_program(self, who: Who, course: Course, starts_on: dt.date, today: dt.date, *, status: str) -> set[dt.date]:
        """Add one program with its sessions, logs and assessments; returns the days on which was trained."""
        clinic, key = who.clinic, self.key()
        at = instant(starts_on - 3 * DAY, EVENING, clinic.time_zone)
        self.assignments.add(
            *(key, clinic.pk.hex, who.patient, course.version.pk.hex, status, starts_on, starts_on + course.length - DAY),
            *(list(course.supervised), APPOINTMENT if course.supervised else None, list(course.home), who.therapist.pk.hex, at, at),
        )
        planned, due = self.plan(clinic, course, starts_on)
        trained = {one.on for one in planned if self.add_session(who, key, one, today, at)}
        for name, week, due_on in due:
            done = due_on < today and week <= course.version.weeks
            answers = (max(6 - week // 2, 1), min(4 + week // 2, 10), instant(due_on, EVENING, clinic.time_zone), who.member)
            state = _M.DONE if done else _M.PLANNED if status == Assignment.Status.RUNNING else _M.SKIPPED
            empty = (None, None, None, None)
            self.assessments.add(self.key(), clinic.pk.hex, who.patient, key, name, week, due_on, state, *(answers if done else empty))
        return trained

    def plan(self, clinic: Clinic, course: Course, starts_on: dt.date) -> Plan:
        """Return the dates of a program, reckoned once for all who begin on the same day."""
        if clinic.pk not in self.closed:
            self.closed[clinic.pk] = frozenset(ClosedDay.objects.filter(clinic=clinic).values_list("on", flat=True))
        key = (course.version.pk, course.supervised, course.home, starts_on, self.closed[clinic.pk])
        if key not in self.plans:
            version, weeks = course.version, course.version.weeks
            slots = slots_of(list(version.session_plans.all()))
            working_days = clinic.open_weekdays or range(1, 8)
            sessions = plan_sessions(
                starts_on, slots, course.supervised, course.home, weeks, closed_days=self.closed[clinic.pk], open_weekdays=working_days
            )
            due = {item["key"]: int(item["week"]) for item in version.assessments}
            self.plans[key] = (
                [Planned(uuid.UUID(one.plan_id).hex, one.week, one.setting, one.on) for one in sessions],
                [(name, due[name], on) for name, on in assessment_days(starts_on, weeks, list(due.items()))],
            )
        return self.plans[key]

    def add_session(self, who: Who, assignment: str, one: Planned, today: dt.date, at: dt.datetime) -> bool:
        """Add one session and what became of it; tells whether it was done."""
        key, plan, clinic = self.key(), one.plan_id, who.clinic
        supervised = one.setting == Setting.SUPERVISED.value
        starts_at = instant(one.on, APPOINTMENT, clinic.time_zone) if supervised else None
        status, share, reason, drawn = _S.PLANNED, 0.0, "", 1.0
        if one.on < today:
            drawn = self.chance.random()
            at = starts_at or instant(one.on, EVENING, clinic.time_zone)
            if drawn < PARTLY:
                status = _S.DONE if drawn < DONE else _S.PARTIAL
                share = self.add_log(who, key, plan, one.on, at, partly=drawn >= DONE, supervised=supervised)
            else:
                status, reason = (_S.MISSED, "") if drawn < MISSED else (_S.SKIPPED, ScheduledSession.SkipReason.TIME)
        self.sessions.add(
            *(key, clinic.pk.hex, who.patient, assignment, plan, one.week, one.setting, one.on, starts_at, status, reason, share, at)
        )
        return drawn < PARTLY

    def add_log(self, who: Who, session: str, plan: str, on: dt.date, at: dt.datetime, *, partly: bool, supervised: bool) -> float:
        """Add the log of a session; returns the share done, below 1 when one exercise got half its sets."""
        key, chance = self.key(), self.chance
        by = who.therapist.pk.hex if supervised else who.member
        source = SessionLog.Source.CLINIC if supervised else self.home_source
        answers = (chance.randint(1, 5), chance.randint(4, 7), chance.randint(0, 4))
        self.logs.add(key, who.clinic.pk.hex, who.patient, on, session, at, not partly, *answers, source, by, at)
        if not partly:
            return 1.0
        rows = main_part(uuid.UUID(plan))
        short = chance.randrange(len(rows))
        share = 0.0
        for place, row in enumerate(rows):
            sets = row.sets // 2 if place == short else row.sets
            share += sets / row.sets / len(rows)
            self.exercises.add(
                *(self.key(), who.clinic.pk.hex, who.patient, key, row.pk.hex, row.position, sets, row.reps_high if sets else None),
                row.hold_seconds if sets else None,
            )
        return round(share, 4)

    def add_diary(self, who: Who, today: dt.date, trained: set[dt.date]) -> None:
        """Add a check-in on most of the last days; of today's half are still to come."""
        chance, clinic = self.chance, who.clinic
        pain, mornings = float(chance.randint(3, 5)), list[tuple[dt.date, int]]()
        for back in range(self.days, -1, -1):
            on = today - back * DAY
            if chance.random() >= (CHECKED_IN if back else 0.5):
                continue
            pain = min(max(pain + chance.gauss(-0.01, 0.6), 0), 7)
            now, ready, settled = round(pain), min(max(round(9 - pain + chance.gauss(0, 0.7)), 0), 10), None
            if on - DAY in trained:
                before = mornings[-1][1] if mornings and mornings[-1][0] == on - DAY else None
                settled = readiness.settling(now, readiness.usual_morning_pain(mornings[-7:], on), before).is_settled
            mornings.append((on, now))
            at = min(instant(on, MORNING, clinic.time_zone), self.now)
            self.check_ins.add(self.key(), clinic.pk.hex, who.patient, on, now, ready, settled, at, who.member, at)


def by_day(row: tuple[object, ...]) -> object:
    """Return the day of a row of a diary."""
    return row[3]
