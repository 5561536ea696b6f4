"""The large set: as many as asked for, true to the caseload's own reckoning, and open to the product's actions."""

import io
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from clinics.models import Clinic, Membership, Role, User
from patients.actions.caseload import refresh_entries
from patients.actions.diary import check_in
from patients.models import (
    Assessment,
    Assignment,
    CaseloadEntry,
    CheckIn,
    ExerciseLog,
    Patient,
    ScheduledSession,
    SessionLog,
    SymptomReport,
)
from patients.rules.adherence import LOGGED
from physio.demo.cast import PASSWORD
from tests.cast import Cast


@pytest.fixture
def measuring(cast: Cast) -> Clinic:
    """A clinic of five patients with forty days each."""
    call_command("load_demo", patients=5, days=40, stdout=io.StringIO())
    return Clinic.objects.get(slug="measuring-1")


def test_everybody_has_a_running_program_a_line_and_an_account(measuring: Clinic) -> None:
    assert Patient.objects.filter(clinic=measuring).count() == 5
    assert Assignment.objects.running().filter(clinic=measuring).count() == 5
    assert CaseloadEntry.objects.filter(clinic=measuring).exclude(week_ticks=[]).count() == 5
    assert Membership.objects.current().filter(clinic=measuring, role=Role.PATIENT).count() == 5
    assert User.objects.get(email="patient5@measuring-1.example").check_password(PASSWORD)
    assert SymptomReport.objects.filter(clinic=measuring, status="clear").count() == 5
    assert {row.search_text for row in Patient.objects.filter(clinic=measuring)} >= {
        row.full_name.lower() for row in Patient.objects.filter(clinic=measuring)
    }


def test_logs_and_states_of_sessions_agree(measuring: Clinic) -> None:
    sessions = ScheduledSession.objects.filter(clinic=measuring)
    logged = sessions.filter(status__in=[state.value for state in LOGGED])
    assert set(SessionLog.objects.filter(clinic=measuring).values_list("session_id", flat=True)) == set(logged.values_list("pk", flat=True))
    partly = sessions.filter(status=ScheduledSession.Status.PARTIAL)
    with_parts = set(ExerciseLog.objects.filter(clinic=measuring).values_list("session_log__session_id", flat=True))
    assert with_parts == set(partly.values_list("pk", flat=True))
    assert not partly.exclude(done_share__gte=0, done_share__lt=1).exists()


def test_rows_pass_the_checks_of_their_models(measuring: Clinic) -> None:
    for model in (Patient, Assignment, ScheduledSession, SessionLog, ExerciseLog, CheckIn, Assessment):
        for row in model.objects.filter(clinic=measuring)[:40]:
            row.full_clean(validate_unique=False, validate_constraints=False, exclude=["client_digest", "supervised_weekdays"])


def test_a_line_is_what_the_caseload_would_write(measuring: Clinic) -> None:
    def lines() -> list[tuple[Any, ...]]:
        rows = CaseloadEntry.objects.filter(clinic=measuring).order_by("pk")
        return list(rows.values_list("facts", "reasons", "week_ticks", "pain_series", "level"))

    before = lines()
    refresh_entries(Patient.objects.filter(clinic=measuring).select_related("clinic"), now=timezone.now())
    assert lines() == before


def test_actions_go_on_from_it(measuring: Clinic) -> None:
    patient = Patient.objects.filter(clinic=measuring).select_related("clinic", "caseload", "membership").first()
    assert patient is not None
    row, _report = check_in(patient=patient, pain_0_10=2, readiness_0_10=7, by=patient.membership, now=timezone.now())
    assert CaseloadEntry.objects.get(patient=patient).last_pain == row.pain_0_10 == 2


def test_more_can_be_added_to_a_named_clinic(cast: Cast) -> None:
    before = Patient.objects.filter(clinic=cast.riverside).count()
    call_command("load_demo", patients=3, days=10, clinic="riverside", stdout=io.StringIO())
    assert Patient.objects.filter(clinic=cast.riverside).count() == before + 3
