"""People who finished a program in a demo clinic long ago: in the archive, there for the figures of outcomes."""

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass

from clinics.models import Clinic, Membership
from clinics.rows import Table
from patients.actions.caseload import refresh_entries
from patients.models import Assessment, Assignment, Patient, SearchWord, SessionLog
from patients.rules.consents import VERSIONS, Purpose
from patients.rules.outcomes import PLACES
from physio.demo.life import DAYS
from physio.demo.quick_patient import DAY, EVENING, Course, Maker, Who, instant
from programs.models import Program, ProgramVersion

FIRST_NUMBER = 101
OLDEST_DAYS, YOUNGEST_DAYS = 700, 75
WITHOUT_CONSENT = 8
"""One in so many has not agreed to the figures."""
ANSWERED = {"baseline": 1.0, "middle": 0.93, "end": 0.9, "month_3": 0.8, "month_6": 0.7}
"""Share of people who answered each assessment."""
DROPPED = 0.24
REASONS = Assignment.Outcome
OUTCOMES = (REASONS.BETTER, REASONS.BETTER, REASONS.BETTER, REASONS.OTHER, REASONS.MOVED, REASONS.WORSE)
SPREAD = 1.1
FIRST_NAMES = (
    "Anke",
    "Bruno",
    "Cora",
    "Daniel",
    "Edith",
    "Farid",
    "Greta",
    "Hauke",
    "Ida",
    "Julian",
    "Karla",
    "Levin",
    "Marta",
    "Nils",
    "Olga",
)
LAST_NAMES = (
    "Albers",
    "Becker",
    "Castro",
    "Demir",
    "Ebert",
    "Franke",
    "Graf",
    "Horvat",
    "Ivanov",
    "Jansen",
    "Kurz",
    "Lorenz",
    "Meier",
    "Noack",
)


@dataclass(frozen=True, slots=True)
class Past:
    """How many people finished a program, and how fast pain fell and capability rose with them, in points per assessment."""

    program: str
    people: int
    pain: float
    capability: float


PASTS = (
    Past("leg", 30, -0.7, 0.9),
    Past("lumbar_extensor", 22, -0.65, 0.7),
    Past("stabiliser", 18, -0.6, 0.65),
    Past("run_walk", 12, -0.6, 0.9),
)


class FormerMaker(Maker):
    """Makes up people whose record is in the archive."""

    home_source = SessionLog.Source.PAPER

    def __init__(self, chance: random.Random, *, now: dt.datetime) -> None:
        """Take the chance and the time it is; nobody gets an account."""
        super().__init__(chance, now=now, days=0, courses=(), names=(), password="")
        self.people = Table(
            Patient,
            *("id", "clinic_id", "membership_id", "therapist_id", "number", "first_name", "last_name", "search_text", "email"),
            *("language", "running_described", "created_at", "status"),
        )
        self.assignments = Table(
            Assignment,
            *("id", "clinic_id", "patient_id", "version_id", "status", "starts_on", "ends_on", "supervised_weekdays", "supervised_time"),
            *("home_weekdays", "assigned_by_id", "created_at", "changed_at", "end_outcome"),
        )

    def add_former(self, who: Who, number: int, past: Past, course: Course, starts_on: dt.date, today: dt.date) -> None:
        """Make up one person with one course."""
        clinic, chance = who.clinic, self.chance
        first, last = FIRST_NAMES[number % len(FIRST_NAMES)], LAST_NAMES[number * 5 % len(LAST_NAMES)]
        at = instant(starts_on - 3 * DAY, EVENING, clinic.time_zone)
        self.people.add(
            *(who.patient, clinic.pk.hex, None, who.therapist.pk.hex, f"{number:05d}", first, last, f"{first} {last}".lower(), ""),
            *(clinic.language, "10 km", at, Patient.Status.ARCHIVED),
        )
        for purpose, version in VERSIONS.items():
            if purpose != Purpose.OUTCOMES or number % WITHOUT_CONSENT:
                self.consents.add(self.key(), clinic.pk.hex, who.patient, purpose.value, version, at, who.therapist.pk.hex)
        drops = chance.random() < DROPPED
        ends_on = starts_on + course.length - DAY
        stops_on = starts_on + chance.randrange(14, course.length.days - 7) * DAY if drops else ends_on
        key = self.key()
        status, outcome = (Assignment.Status.ENDED, chance.choice(OUTCOMES)) if drops else (Assignment.Status.COMPLETED, "")
        self.assignments.add(
            *(key, clinic.pk.hex, who.patient, course.version.pk.hex, status, starts_on, stops_on, list(course.supervised)),
            *(dt.time(17) if course.supervised else None, list(course.home), who.therapist.pk.hex, at, at, outcome),
        )
        planned, due = self.plan(clinic, course, starts_on)
        for one in planned:
            if one.on <= stops_on:
                self.add_session(who, key, one, today, at)
        pain, capability = chance.gauss(5.2, SPREAD), chance.gauss(3.8, SPREAD)
        for name, week, due_on in due:
            # After somebody stopped early half of the later assessments are still answered.
            share = ANSWERED[name] if due_on <= stops_on else ANSWERED[name] / (2 if drops else 1)
            done = due_on < today and chance.random() < share
            place = PLACES[name]
            answers = (
                scale(chance.gauss(pain + past.pain * place, SPREAD)),
                scale(chance.gauss(capability + past.capability * place, SPREAD)),
                instant(due_on, EVENING, clinic.time_zone),
                who.therapist.pk.hex,
            )
            state = Assessment.Status.DONE if done else Assessment.Status.CANCELLED
            self.assessments.add(
                *(self.key(), clinic.pk.hex, who.patient, key, name, week, due_on, state, *(answers if done else (None,) * 4))
            )


def scale(value: float) -> int:
    """Return a whole answer 0-10."""
    return max(0, min(10, round(value)))


def add_former_patients(clinic: Clinic, therapists: Sequence[Membership], *, today: dt.date, now: dt.datetime) -> int:
    """Put everybody who finished a program long ago into a clinic; returns how many."""
    chance = random.Random("former 2026")  # noqa: S311 - invented data
    maker = FormerMaker(chance, now=now)
    versions = {
        version.program.key: version
        for version in ProgramVersion.objects.published()
        .filter(program__clinic=None)
        .select_related("program")
        .prefetch_related("session_plans")
    }
    number, keys = FIRST_NUMBER, []
    for past in PASTS:
        version = versions[past.program]
        choices = DAYS[Program.Kind(version.program.kind)]
        for place in range(past.people):
            supervised, home = chance.choice(choices)
            days = YOUNGEST_DAYS + 7 * version.weeks - 56 + (OLDEST_DAYS - YOUNGEST_DAYS) * place // past.people + chance.randrange(20)
            therapist = therapists[number % len(therapists)]
            who = Who(clinic, therapist, maker.key(), therapist.pk.hex)
            maker.add_former(who, number, past, Course(version, supervised, home), today - days * DAY, today)
            keys.append(who.patient)
            number += 1
    maker.store()
    people = list(Patient.objects.filter(pk__in=keys).select_related("clinic"))
    SearchWord.keep(people)
    refresh_entries(people, now=now)
    return len(keys)
