"""Made-up people with a finished course, written in sets, for the tests of outcomes."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from clinics.models import Clinic, Membership
from patients.models import Assessment, Assignment, Consent, Patient, ScheduledSession
from patients.rules.consents import VERSIONS, Purpose
from patients.rules.trajectory import TRIAL_WEEKS
from programs.models import ProgramVersion
from tests.cast import Cast

KEYS = ("baseline", "middle", "end", "month_3", "month_6")
Answers = Mapping[str, tuple[int | None, int]]
"""Pain (None: no run) and capability at each assessment."""
_made = iter(range(10_000, 99_999))


def rising(capability: int = 4, pain: int = 6, step: int = 1) -> dict[str, tuple[int | None, int]]:
    """Return answers that change by `step` from one assessment to the next."""
    return {key: (max(pain - step * place, 0), min(capability + step * place, 10)) for place, key in enumerate(KEYS)}


def add_people(
    clinic: Clinic,
    therapist: Membership,
    version: ProgramVersion,
    answers: Sequence[Answers],
    *,
    starts_on: dt.date,
    now: dt.datetime,
    agreed: bool = True,
    status: str = Assignment.Status.COMPLETED,
    weeks: Sequence[int] = TRIAL_WEEKS,
    done: int = 3,
    due: int = 4,
    of_patient: Mapping[str, Any] | None = None,
    of_assignment: Mapping[str, Any] | None = None,
) -> list[Patient]:
    """Write one person for each set of answers, with sessions done and missed."""
    people = [
        Patient(
            clinic=clinic,
            therapist=therapist,
            number=f"{next(_made)}",
            first_name="Toni",
            last_name="Test",
            search_text="toni test",
            **(of_patient or {}),
        )
        for _ in answers
    ]
    Patient.objects.bulk_create(people)
    if agreed:
        Consent.objects.bulk_create(
            Consent(clinic=clinic, patient=one, purpose=Purpose.OUTCOMES.value, version=VERSIONS[Purpose.OUTCOMES], given_at=now)
            for one in people
        )
    courses = [
        Assignment(
            clinic=clinic,
            patient=one,
            version=version,
            status=status,
            starts_on=starts_on,
            ends_on=starts_on + dt.timedelta(days=7 * version.weeks - 1),
            assigned_by=therapist,
            **(of_assignment or {}),
        )
        for one in people
    ]
    Assignment.objects.bulk_create(courses)
    Assessment.objects.bulk_create(
        Assessment(
            clinic=clinic,
            patient=course.patient,
            assignment=course,
            key=key,
            week=weeks[KEYS.index(key)],
            due_on=starts_on + dt.timedelta(weeks=weeks[KEYS.index(key)]),
            status=Assessment.Status.DONE,
            no_run_this_week=pain is None,
            running_pain_0_10=pain,
            running_capability_0_10=capability,
            done_at=now,
        )
        for course, given in zip(courses, answers, strict=True)
        for key, (pain, capability) in given.items()
    )
    plan = version.session_plans.first()
    assert plan is not None
    States = ScheduledSession.Status
    ScheduledSession.objects.bulk_create(
        ScheduledSession(
            clinic=clinic,
            patient=course.patient,
            assignment=course,
            session_plan=plan,
            week=1,
            setting=plan.setting,
            on=starts_on + dt.timedelta(days=day),
            status=States.DONE if day < done else States.MISSED,
            done_share=1 if day < done else 0,
        )
        for course in courses
        for day in range(due)
    )
    return people


def model_result(cast: Cast) -> dict[str, Any]:
    """Return what a job of the model may have kept."""
    groups = [
        {"program": str(cast.version("leg").program_id), "arm": "LL", "n": 30, "slope": [0.95, 0.08, 0.8, 1.1], "difference": None},
        {
            "program": str(cast.version("lumbar_extensor").program_id),
            "arm": "LE",
            "n": 30,
            "slope": [0.75, 0.08, 0.6, 0.9],
            "difference": [-0.2, 0.11, -0.42, 0.02],
        },
    ]
    psfs = {"problem": "", "people": 60, "answers": 280, "correlation": 0.5, "groups": groups, "small": []}
    nprs = {"problem": "constant", "people": 60, "answers": 280, "correlation": None, "groups": [], "small": []}
    return {"measures": {"psfs_run": psfs, "nprs_run": nprs}}
