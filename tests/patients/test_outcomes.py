"""Who is counted in the figures of a clinic, what they say, what they hide, and how many queries they take."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinics.localtime import local_day
from patients.figures import END, LineFigures, Selection, figures_of, figures_of_line, left_out_text
from patients.models import Assignment, Consent, Patient, ScheduledSession, SymptomReport
from patients.outcomes import Course, Population, read_population
from patients.rules.scores import Instrument
from programs.rules.tailoring import Edit
from tests.cast import Cast
from tests.patients.actions.test_tailoring import tailor
from tests.patients.outcome_people import add_people, rising

PSFS, NPRS = Instrument.PSFS_RUN, Instrument.NPRS_RUN
ALL = Selection(2000, 2100)
LONG_AGO = dt.date(2025, 2, 3)


def today(cast: Cast) -> dt.date:
    return local_day(cast.now, "Europe/Berlin")


def population(cast: Cast) -> Population:
    return read_population(cast.manager, today=today(cast))


def add(cast: Cast, count: int = 6, key: str = "leg", **how: Any) -> list[Patient]:
    """Add people who all changed by one point from one assessment to the next."""
    answers = how.pop("answers", [rising()] * count)
    therapist = how.pop("therapist", cast.therapist)
    return add_people(cast.riverside, therapist, cast.version(key), answers, **{"starts_on": LONG_AGO, "now": cast.now, **how})


def leg(cast: Cast, selection: Selection = ALL) -> LineFigures:
    """Return the figures of the leg program."""
    return next(one for one in figures_of(population(cast), selection) if one.line.arm == "LL")


def of_leg(cast: Cast) -> list[Course]:
    return [course for course in population(cast).courses if course.line.arm == "LL"]


# --- who is counted -----------------------------------------------------------------------


@pytest.fixture
def nobody(cast: Cast) -> Cast:
    """The cast, without what its own patients agreed to."""
    Consent.objects.filter(purpose="outcomes").update(withdrawn_at=timezone.now())
    return cast


def test_people_in_the_archive_and_running_ones_count(nobody: Cast) -> None:
    add(nobody, 3, of_patient={"status": "archived"})
    add(nobody, 2, status="running", starts_on=dt.date(2026, 10, 5))
    assert len(of_leg(nobody)) == 5


@pytest.mark.parametrize(
    "how",
    [
        {"of_patient": {"is_test": True}},
        {"of_patient": {"erased_at": timezone.now()}},
        {"status": Assignment.Status.WITHDRAWN},
        {"status": Assignment.Status.HELD, "done": 0},
        {"starts_on": dt.date(2099, 1, 5), "status": "running"},
        {"agreed": False},
    ],
    ids=["made up", "erased", "taken back", "never begun", "not yet", "without consent"],
)
def test_who_does_not_count(nobody: Cast, how: dict[str, Any]) -> None:
    add(nobody, **how)
    assert of_leg(nobody) == []


def test_somebody_held_after_the_first_session_counts(nobody: Cast) -> None:
    add(nobody, 1, status=Assignment.Status.HELD, done=1)
    assert len(of_leg(nobody)) == 1


def test_a_consent_taken_back_or_for_something_else_is_none_and_is_said_as_a_number_only_from_five_on(nobody: Cast) -> None:
    already = population(nobody).left_out  # Hannah
    people = add(nobody, 6)
    assert population(nobody).left_out == already
    Consent.objects.filter(patient__in=people[:2], purpose="outcomes").update(withdrawn_at=timezone.now())
    Consent.objects.filter(patient=people[2]).update(purpose="record")
    found = population(nobody)
    assert (len(of_leg(nobody)), found.left_out) == (3, already + 3)
    assert [left_out_text(count) for count in (0, 1, 4, 5, 17)] == [0, None, None, 5, 17]


def test_an_older_version_of_the_consent_still_counts_and_a_replaced_row_does_not(nobody: Cast) -> None:
    people = add(nobody, 2)
    Consent.objects.filter(patient=people[0]).update(version="0")
    Consent.objects.filter(patient=people[1]).update(replaced_at=timezone.now())
    assert [course.patient for course in of_leg(nobody)] == [people[0].pk]


def test_another_clinics_people_do_not_exist(cast: Cast) -> None:
    add_people(cast.harbour, cast.harbour_therapist, cast.version("leg"), [rising()] * 6, starts_on=LONG_AGO, now=cast.now)
    assert {course.line.arm for course in read_population(cast.harbour_manager, today=today(cast)).courses} == {"LL", "LS"}
    assert len(of_leg(cast)) == 1  # Hannah alone


def test_only_the_first_course_of_a_program_counts(nobody: Cast) -> None:
    (person,) = add(nobody, 1)
    again = Assignment(
        clinic=nobody.riverside,
        patient=person,
        version=nobody.version("leg"),
        status="completed",
        starts_on=dt.date(2026, 1, 5),
        ends_on=dt.date(2026, 3, 1),
    )
    again.save()
    assert [(course.year, len(course.answers)) for course in of_leg(nobody)] == [(2025, 5)]


def test_a_tailored_plan_counts_as_the_program_it_came_from(cast: Cast) -> None:
    tailor(cast, days=3)
    tailor(cast, Edit("home", 0, "wall_sit", dose={"sets": 2}), days=3)
    (course,) = population(cast).courses
    assert (course.line.arm, course.version, course.is_tailored) == ("LL", cast.version("leg").number, True)


# --- what is said -------------------------------------------------------------------------


def test_figures_of_a_program_are_those_of_its_people(nobody: Cast) -> None:
    add(nobody, 6, answers=[rising(step=1)] * 4 + [rising(step=0)] * 2)
    found = leg(nobody)
    end = found.point(PSFS)
    pain = found.point(NPRS)
    assert end is not None
    assert end.change is not None
    assert pain is not None
    assert pain.change is not None
    assert (found.started.n, found.measured[END].n, end.week) == (6, 6, 8)
    assert end.change.mean.mean == pytest.approx(8 / 6)
    assert (end.change.worthwhile.k, end.change.worthwhile.n) == (4, 6)
    assert pain.change.mean.mean == pytest.approx(-8 / 6)
    assert found.adherence is not None
    assert found.adherence.mean == pytest.approx(0.75)
    assert end.line == pytest.approx(1.898)
    assert end.against is not None
    assert end.against.difference == pytest.approx(8 / 6 - 1.898)


def test_without_a_run_there_is_no_pain_but_a_capability(nobody: Cast) -> None:
    add(nobody, 6, answers=[rising()] * 5 + [{**rising(), "end": (None, 6)}])
    found = leg(nobody)
    assert [point.verdict.n for point in (found.point(PSFS), found.point(NPRS)) if point] == [6, 5]


def test_run_walk_has_no_line_and_its_own_weeks(nobody: Cast) -> None:
    given = [{key: rising()[key] for key in ("baseline", "middle", "end")}] * 5
    add(nobody, 5, "run_walk", answers=given, weeks=(0, 6, 12, 0, 0))
    (found,) = figures_of(population(nobody), ALL)
    assert [(point.key, point.week, point.line) for point in found.points[PSFS]] == [("middle", 6, None), ("end", 12, None)]


def test_adherence_counts_what_was_due_and_partly_done(nobody: Cast) -> None:
    people = add(nobody, 5, due=4, done=3)
    ScheduledSession.objects.filter(patient=people[0], status="missed").update(status="cancelled")
    ScheduledSession.objects.filter(patient=people[1], status="missed").update(status="partial", done_share=0.5)
    ScheduledSession.objects.filter(patient=people[2], status="missed").update(status="planned", on=today(nobody))
    found = sorted(course.adherence or 0 for course in of_leg(nobody))
    assert found == [0.75, 0.75, 0.875, 1.0, 1.0]


# --- what is hidden -----------------------------------------------------------------------


def test_four_people_are_hidden_and_the_fifth_brings_them_out(nobody: Cast) -> None:
    add(nobody, 4)
    assert not leg(nobody).started.may
    assert leg(nobody).adherence is None
    assert all(point.change is None for point in leg(nobody).points[PSFS])
    add(nobody, 1)
    assert leg(nobody).started.n == 5


def test_an_assessment_that_four_people_answered_is_hidden_alone(nobody: Cast) -> None:
    short = {key: rising()[key] for key in ("baseline", "middle")}
    add(nobody, 8, answers=[rising()] * 4 + [short] * 4)
    found = leg(nobody)
    assert [point.change is not None for point in found.points[PSFS]] == [True, False, False, False]
    assert [found.measured[key].may for key in ("baseline", "middle", "end")] == [True, True, False]


def test_a_choice_of_years_cannot_be_subtracted(nobody: Cast) -> None:
    add(nobody, 9, starts_on=dt.date(2024, 3, 4))
    add(nobody, 2, starts_on=dt.date(2025, 3, 3))
    assert leg(nobody).started.n == 11
    assert not leg(nobody, Selection(2024, 2024)).started.may
    assert leg(nobody, Selection(2025, 2025)).started.spans == ((2024, 2025),)


def test_a_figure_is_hidden_for_a_choice_when_its_own_people_could_be_subtracted(nobody: Cast) -> None:
    """Enough people began in each year, but in the second only two were measured at six months."""
    early = {key: rising()[key] for key in ("baseline", "middle", "end", "month_3")}
    add(nobody, 6, starts_on=dt.date(2024, 3, 4))
    add(nobody, 6, starts_on=dt.date(2025, 3, 3), answers=[rising()] * 2 + [early] * 4)
    chosen, everybody = leg(nobody, Selection(2024, 2024)), leg(nobody)
    assert chosen.started.n == 6
    assert [point.change is not None for point in chosen.points[PSFS]] == [True, True, True, False]
    assert everybody.point(PSFS, "month_6").verdict.n == 8  # type: ignore[union-attr]


def test_a_therapist_is_shown_when_the_others_are_enough_too(nobody: Cast) -> None:
    add(nobody, 6)
    add(nobody, 4, therapist=nobody.therapist2)
    chosen = Selection(2000, 2100, str(nobody.therapist.pk))
    assert not leg(nobody, chosen).started.may
    add(nobody, 1, therapist=nobody.therapist2)
    assert leg(nobody, chosen).started.n == 6


def test_reasons_of_few_people_are_not_told_one_by_one(nobody: Cast) -> None:
    add(nobody, 14)
    add(nobody, 6, status="ended", of_assignment={"end_outcome": "better"})
    add(nobody, 2, status="ended", of_assignment={"end_outcome": "worse"})
    people = add(nobody, 3, status="ended", of_assignment={"end_outcome": "moved"})
    SymptomReport.objects.create(
        clinic=nobody.riverside, patient=people[0], context="check_in", level="urgent", status="cleared", reported_at=timezone.now()
    )
    ending = leg(nobody, Selection(2025, 2025)).ending
    assert ending is not None
    assert ending.parts == {"completed": 14, "running": 0, "ended": 11}
    assert ending.reasons == {"better": 6, "worse": None, "moved": None}
    assert ending.stops is None


def test_how_courses_ended_never_follows_the_choice(nobody: Cast) -> None:
    add(nobody, 9, starts_on=dt.date(2024, 3, 4))
    add(nobody, 9, starts_on=dt.date(2025, 3, 3), status="ended", of_assignment={"end_outcome": "worse"})
    courses = of_leg(nobody)
    chosen, everybody = (figures_of_line(courses[0].line, courses, one).ending for one in (Selection(2024, 2024), ALL))
    assert chosen == everybody
    assert chosen is not None
    assert chosen.parts == {"completed": 9, "running": 0, "ended": 9}


# --- how long it takes --------------------------------------------------------------------


def test_reading_takes_five_queries_for_one_person_or_many(nobody: Cast) -> None:
    counts = []
    for many in (1, 40):
        add(nobody, many)
        with CaptureQueriesContext(connection) as asked:
            population(nobody)
        counts.append(len(asked))
    assert counts == [5, 5]
