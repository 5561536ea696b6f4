"""Agreeing and taking it back: one row for each yes, and what follows from a no."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from clinics.errors import DoFirst, Invalid, NotAllowed
from clinics.models import AuditEvent, Membership
from patients.actions.assessments import answer_assessment
from patients.actions.assigning import assign_program
from patients.actions.consents import give_consents, need_consent, withdraw_consent
from patients.actions.diary import check_in
from patients.actions.runs import log_run
from patients.actions.sessions import log_session
from patients.actions.symptoms import clear_report, report_symptoms
from patients.models import Alert, Assessment, Assignment, CheckIn, Consent, Patient, SymptomReport
from patients.rules import consents
from patients.rules.consents import Purpose
from reminders.actions.ledger import coming
from tests.cast import Cast

NOW = timezone.now()


def loaded(patient: Patient) -> Patient:
    """Return the patient as actions want it."""
    return Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=patient.pk)


def own(patient: Patient) -> Membership:
    """Return the patient's membership."""
    assert patient.membership is not None
    return patient.membership


def withdraw(patient: Patient, purpose: str = "record") -> bool:
    return withdraw_consent(patient=loaded(patient), purpose=purpose, by=own(patient), now=timezone.now())


def give(patient: Patient, *purposes: str) -> list[Consent]:
    return give_consents(patient=loaded(patient), purposes=purposes, by=own(patient), now=timezone.now())


def program_of(patient: Patient) -> Assignment:
    return Assignment.objects.get(patient=patient)


def test_giving_twice_is_one_row_and_every_new_yes_is_another(cast: Cast) -> None:
    assert give(cast.hannah, "record", "reminders") == []
    assert Consent.objects.filter(patient=cast.hannah).count() == 3
    assert withdraw(cast.hannah, "outcomes") is True
    assert withdraw(cast.hannah, "outcomes") is False
    (again,) = give(cast.hannah, "outcomes")
    rows = list(Consent.objects.filter(patient=cast.hannah, purpose="outcomes").order_by("given_at"))
    assert [(row.withdrawn_at is None, row.given_by) for row in rows] == [(False, own(cast.hannah)), (True, own(cast.hannah))]
    assert rows[1] == again
    trail = AuditEvent.objects.filter(patient_id=cast.hannah.pk, action__startswith="consent.").order_by("at")
    assert [event.action for event in trail][-2:] == ["consent.withdraw", "consent.give"]


def test_the_table_itself_refuses_two_in_force(cast: Cast) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Consent.objects.create(clinic=cast.riverside, patient=cast.hannah, purpose="record", version="1", given_at=NOW)


def test_what_nobody_asks_for_cannot_be_given(cast: Cast) -> None:
    with pytest.raises(Invalid):
        give(cast.hannah, "marketing")


def test_a_newer_version_replaces_the_older_one(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    before = consents.VERSIONS[Purpose.REMINDERS]
    monkeypatch.setitem(consents.VERSIONS, Purpose.REMINDERS, "99")
    (row,) = give(cast.hannah, "record", "reminders")
    assert row.version == "99"
    earlier = Consent.objects.get(patient=cast.hannah, purpose="reminders", version=before)
    assert earlier.replaced_at is not None
    assert earlier.withdrawn_at is None
    assert loaded(cast.hannah).caseload.facts["consents"]["reminders"][:2] == ["99", True]


def test_without_the_record_training_is_held_the_clinic_is_told_and_a_new_yes_lets_it_go_on(cast: Cast) -> None:
    withdraw(cast.hannah)
    assert program_of(cast.hannah).status == "held"
    alert = Alert.objects.get(patient=cast.hannah, rule="consent_withdrawn")
    assert (alert.level, alert.status) == ("attention", "open")
    assert loaded(cast.hannah).caseload.level == 2
    give(cast.hannah, "record")
    assert program_of(cast.hannah).status == "running"
    alert.refresh_from_db()
    assert alert.status == "resolved"


def test_a_new_yes_does_not_lift_what_a_warning_sign_holds(cast: Cast) -> None:
    withdraw(cast.hannah)
    report, _new = report_symptoms(
        patient=loaded(cast.hannah), signs=["fainting"], context=SymptomReport.Context.CHECK_IN, by=own(cast.hannah), now=timezone.now()
    )
    give(cast.hannah, "record")
    assert program_of(cast.hannah).status == "held"
    withdraw(cast.hannah)
    clear_report(report=report, note="Seen by the doctor.", by=cast.therapist, now=timezone.now())
    assert program_of(cast.hannah).status == "held"
    give(cast.hannah, "record")
    assert program_of(cast.hannah).status == "running"


def test_a_program_given_meanwhile_waits(cast: Cast) -> None:
    report_symptoms(patient=loaded(cast.marek), signs=(), context=SymptomReport.Context.ONBOARDING, by=own(cast.marek), now=NOW)
    withdraw(cast.marek)
    assignment = assign_program(
        patient=loaded(cast.marek),
        version=cast.version("leg"),
        starts_on=(NOW + dt.timedelta(days=1)).date(),
        supervised_weekdays=[1, 4],
        home_weekdays=[2, 5, 7],
        supervised_time=dt.time(17),
        by=cast.therapist,
        now=timezone.now(),
    )
    assert assignment.status == "held"
    give(cast.marek, "record")
    assert program_of(cast.marek).status == "running"


def enter_check_in(patient: Patient, by: Membership, cast: Cast) -> Any:
    return check_in(patient=patient, pain_0_10=2, readiness_0_10=6, by=by, now=timezone.now())


def enter_session(patient: Patient, by: Membership, cast: Cast) -> Any:
    # The program is held as well; what is refused here is refused for the agreement.
    session = cast.session_today(patient)
    return log_session(session=session, by=by, now=timezone.now(), as_prescribed=True, pain_during_0_10=2)


def enter_run(patient: Patient, by: Membership, cast: Cast) -> Any:
    return log_run(patient=patient, pain_worst_0_10=2, duration_seconds=1800, by=by, now=timezone.now())


def enter_measurement(patient: Patient, by: Membership, cast: Cast) -> Any:
    row = Assessment.objects.filter(patient=patient, status="planned").select_related("patient__clinic", "patient__caseload").first()
    assert row is not None
    return answer_assessment(
        assessment=row, running_capability_0_10=5, running_pain_0_10=3, no_run_this_week=False, by=by, now=timezone.now() + dt.timedelta(90)
    )


ENTRIES = [enter_check_in, enter_session, enter_run, enter_measurement]


@pytest.mark.parametrize("enter", ENTRIES)
def test_entries_are_refused_once_it_is_taken_back(cast: Cast, enter: Any) -> None:
    withdraw(cast.hannah)
    with pytest.raises(NotAllowed):
        enter(loaded(cast.hannah), own(cast.hannah), cast)


def test_the_clinic_can_still_document_and_a_warning_sign_is_always_taken(cast: Cast) -> None:
    withdraw(cast.hannah)
    enter_check_in(loaded(cast.hannah), cast.therapist, cast)
    CheckIn.objects.filter(patient=cast.hannah).delete()
    _row, report = check_in(
        patient=loaded(cast.hannah), pain_0_10=8, readiness_0_10=0, signs=["leg_weakness"], by=own(cast.hannah), now=timezone.now()
    )
    assert report is not None
    assert report.status == "open"


def test_whoever_was_never_asked_is_sent_to_the_question(cast: Cast) -> None:
    Consent.objects.filter(patient=cast.marek).delete()
    patient = loaded(cast.marek)
    patient.caseload.facts["consents"] = {}
    with pytest.raises(DoFirst) as refused:
        need_consent(patient, own(patient))
    assert refused.value.page == "patients:consent"
    need_consent(patient, cast.therapist)
    need_consent(patient, None)


def test_the_ledger_says_that_nothing_is_sent_without_the_agreement(cast: Cast) -> None:
    def reasons() -> set[str]:
        days = coming(loaded(cast.hannah), own(cast.hannah), now=timezone.now())
        return {item.hold_reason for day in days for item in day.items}

    assert reasons() == {""}
    withdraw(cast.hannah, "reminders")
    assert reasons() == {"no_consent"}
    give(cast.hannah, "reminders")
    assert reasons() == {""}
