"""The long table behind the outcomes page: one row for each person and assessment, without names, free text or days, as CSV.

A person is called by a code that is the same in every export of the clinic and says nothing elsewhere; it changes with SECRET_KEY.
Left out are programs with fewer than five people, and everybody who is not counted on the page either.
"""

import csv
import io
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.utils.crypto import salted_hmac

from exports.record import cell
from patients.models import Assignment
from patients.outcomes import Course, Population
from patients.rules.outcomes import PLACES
from patients.rules.small_groups import FEWEST
from programs.models import Setting, in_language

COLUMNS = (
    "person",
    "program",
    "version",
    "tailored",
    "program_weeks",
    "outcome",
    "supervised_done",
    "supervised_due",
    "home_done",
    "home_due",
    "adherence",
    "assessment",
    "week",
    "running_pain_0_10",
    "running_capability_0_10",
)
CODE_LENGTH = 12
A_CHUNK = 500


def code_of(clinic: UUID, patient: UUID) -> str:
    """Return the code of a person in the exports of a clinic: keyed, so that nobody works it out from the record."""
    return salted_hmac(f"exports.outcomes.{clinic.hex}", patient.hex, algorithm="sha256").hexdigest()[:CODE_LENGTH]


def outcome_of(course: Course) -> str:
    """Return how a course stands in one word: completed, running, held, or ended_ with its outcome."""
    return f"ended_{course.outcome or Assignment.Outcome.OTHER}" if course.status == Assignment.Status.ENDED else course.status


def people_of(population: Population) -> list[Course]:
    """Return the courses whose rows go out."""
    return [course for line in population.lines if len(them := population.of(line)) >= FEWEST for course in them]


def rows_of(population: Population, clinic: UUID, language: str) -> Iterator[list[Any]]:
    """Yield the rows, sorted by program, code and week: the order tells nothing of who began when."""
    courses = [(str(in_language(course.line.names, language)), code_of(clinic, course.patient), course) for course in people_of(population)]
    for program, code, course in sorted(courses, key=lambda one: one[:2]):
        done = [course.sessions.get(place, (0.0, 0)) for place in (Setting.SUPERVISED, Setting.HOME)]
        adherence = "" if course.adherence is None else round(course.adherence, 3)
        head = [code, program, course.version, course.is_tailored, course.weeks, outcome_of(course)]
        head += [round(value, 2) for pair in done for value in pair]
        for key, answer in sorted(course.answers.items(), key=lambda one: PLACES[one[0]]):
            yield [*head, adherence, key, answer.week, answer.pain, answer.capability]


def write_csv(population: Population, clinic: UUID, language: str) -> Iterator[bytes]:
    """Yield the table as CSV: UTF-8 with a mark for spreadsheets, and no cell they would take for a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    yield b"\xef\xbb\xbf"
    for number, row in enumerate(rows_of(population, clinic, language), 1):
        writer.writerow([cell(value) for value in row])
        if number % A_CHUNK == 0:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()
