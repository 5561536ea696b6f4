"""Erasure: asked once, answered once, nothing left that names the person, and the rest deleted when its time is over."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from clinics.actions.invitations import invite_to
from clinics.actions.tokens import create_token
from clinics.errors import Conflict, Invalid, NotAllowed
from clinics.models import ApiToken, AuditEvent, Invitation, Membership, Role, User
from patients.actions.alerts import acknowledge_alert
from patients.actions.assigning import end_assignment
from patients.actions.diary import check_in, correct_entry
from patients.actions.erasing import (
    ask_for_erasure,
    delete_expired,
    erase_patient,
    names_in,
    refuse_erasure,
    tables_of_patients,
    withdraw_erasure,
)
from patients.actions.people import change_patient
from patients.actions.runs import add_shoe, correct_run, delete_run, log_run
from patients.models import Alert, Assignment, CheckIn, Correction, ErasureRequest, Patient, Run, SessionLog, Shoe
from patients.tasks import delete_what_expired
from physio.celery import SCHEDULE
from programs.models import Program, ProgramVersion
from reminders.models import Channel, Contact, Delivery, Kind, Preference, PushSubscription
from tests.cast import Cast, sign_in
from tests.patients.actions.test_runs import loaded, me

SECRET = "Zwetschgenkuchen"
SIGN = "night_pain"
DAY = dt.timedelta(days=1)


def ended(cast: Cast) -> Patient:
    """Hannah's program is ended, so that she may be erased."""
    for row in Assignment.objects.running().filter(patient=cast.hannah).select_related("patient__clinic", "patient__caseload"):
        end_assignment(assignment=row, reason=f"Wish of Hannah Brandt, {SECRET}", by=cast.therapist, now=cast.now)
    return loaded(cast.hannah)


def everywhere(*needles: str) -> list[str]:
    """Return the tables and columns of the whole database that hold one of the words, whatever the case."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608, the tables' own names
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for column, value in zip(columns, row, strict=True):
                    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
                    found += [f"{table}.{column}: {text[:60]}" for needle in needles if needle.casefold() in text.casefold()]
    return found


def fill_with_traces(cast: Cast) -> None:
    """Let Hannah's name and words stand in everything a person can write into."""
    patient, member = loaded(cast.hannah), me(cast.hannah)
    change_patient(patient=patient, by=cast.therapist, now=cast.now, phone="+49 171 5550177", born_on=dt.date(1987, 5, 17))
    Patient.objects.filter(pk=patient.pk).update(running_described=f"to the {SECRET} and back")
    patient = loaded(cast.hannah)
    shoe, _new = add_shoe(patient=patient, name=SECRET, by=member, now=cast.now - 3 * DAY)
    run = log_run(patient=patient, pain_worst_0_10=8, duration_seconds=900, note=SECRET, shoe=shoe, by=member, now=cast.now).run
    correct_run(run=run, changes={"note": f"Hannah {SECRET}", "shoe": None, "duration_seconds": 950}, by=member, now=cast.now)
    gone = log_run(patient=loaded(cast.hannah), pain_worst_0_10=2, duration_seconds=60, note=SECRET, by=member, now=cast.now).run
    delete_run(run=Run.objects.select_related("patient__clinic", "patient__caseload").get(pk=gone.pk), by=member, now=cast.now)
    row, _report = check_in(patient=loaded(cast.hannah), pain_0_10=9, readiness_0_10=1, note=SECRET, signs=[SIGN], by=member, now=cast.now)
    entry = CheckIn.objects.select_related("patient__clinic", "patient__caseload").get(pk=row.pk)
    correct_entry(row=entry, changes={"note": "Brandt"}, by=cast.therapist, now=cast.now, reason=SECRET)
    for alert in Alert.objects.filter(patient=patient, status="open").select_related("patient__clinic", "patient__caseload"):
        acknowledge_alert(alert=alert, by=cast.therapist, now=cast.now, note=f"called Hannah, {SECRET}")
    create_token(by=member, name=f"{SECRET} watch", days=7, now=cast.now)
    Preference.objects.create(clinic=cast.riverside, patient=patient, kind=Kind.SESSION_TODAY, at_local_time=dt.time(7))
    Contact.objects.create(
        clinic=cast.riverside, patient=patient, channel=Channel.SMS, number="+491715550177", refused_address="hannah@patients.example"
    )
    PushSubscription.objects.create(
        clinic=cast.riverside, patient=patient, endpoint=f"https://fcm.googleapis.com/{SECRET}", digest="0" * 64, p256dh=SECRET, auth=SECRET
    )
    Delivery.objects.create(
        clinic=cast.riverside,
        patient=patient,
        kind=Kind.SESSION_TODAY,
        slot_on=cast.now.date(),
        due_at=cast.now,
        expires_at=cast.now + DAY,
        error="hannah@patients.example refused",
    )
    ask_for_erasure(patient=patient, by=member, now=cast.now, words=f"Please. {SECRET}")


def test_nothing_in_the_whole_database_names_an_erased_person(cast: Cast, client: Client) -> None:
    fill_with_traces(cast)
    sign_in(client, cast.hannah.membership)
    assert client.get("/me/").status_code == 200
    patient = ended(cast)
    user = me(patient).user
    assert user is not None
    needles = ("hannah", SECRET, "5550177", "1987-05-17", patient.number, str(user.email))
    # Eva Brandt works here: the last name alone is not Hannah's.
    assert len(everywhere(*needles)) > 20
    before = AuditEvent.objects.filter(patient_id=patient.pk).count()
    erase_patient(patient=patient, typed=patient.number, by=cast.manager, now=cast.now, years=10)
    assert everywhere("hannah", SECRET, "5550177", "1987-05-17", str(user.email)) == []
    assert set(everywhere("Brandt")) == {"clinics_user.last_name: Brandt", "clinics_membership.name: Eva Brandt"}
    assert User.objects.get(last_name="Brandt").first_name == "Eva"
    assert not User.objects.filter(pk=user.pk).exists()
    assert client.get("/me/").status_code == 302
    assert AuditEvent.objects.filter(patient_id=patient.pk).count() > before
    left = Patient.objects.get(pk=patient.pk)
    assert (left.first_name, left.email, left.phone, left.born_on, left.status) == ("", "", "", None, "archived")
    assert left.last_name == left.number == left.full_name
    assert left.number.startswith("X-")


def test_a_program_made_for_one_person_loses_its_reason_and_goes_with_the_rest(cast: Cast) -> None:
    assignment = Assignment.objects.get(patient=cast.hannah)
    program = Program.objects.create(
        clinic=cast.riverside, key="tailored-1", code="T", kind="strength", origin=Program.Origin.TAILORED, names={"en": "Leg"}
    )
    fields = {"number": 1, "weeks": 8, "status": "published", "clinic": cast.riverside}
    version = ProgramVersion.objects.create(program=program, reason=f"Hannah, {SECRET}", **fields)
    Assignment.objects.filter(pk=assignment.pk).update(version=version)
    patient = ended(cast)
    until = erase_patient(patient=patient, typed=patient.number, by=cast.manager, now=cast.now, years=1)
    assert everywhere(SECRET) == []
    library = ProgramVersion.objects.exclude(program=program).count()
    assert delete_expired(now=dt.datetime.combine(until, dt.time(20), dt.UTC) + DAY) == 1
    assert not Program.objects.filter(pk=program.pk).exists()
    assert ProgramVersion.objects.count() == library


def test_clinical_rows_stay_under_the_pseudonym(cast: Cast) -> None:
    fill_with_traces(cast)
    patient = ended(cast)
    counts = {
        model: model._default_manager.filter(patient=patient).count() for model in (SessionLog, CheckIn, Run, Shoe, Correction, Alert)
    }
    until = erase_patient(patient=patient, typed=patient.number, by=cast.manager, now=cast.now, years=10)
    assert {model: model._default_manager.filter(patient=patient).count() for model in counts} == counts
    assert CheckIn.objects.filter(patient=patient, pain_0_10=9).exists()
    assert (Delivery.objects.count(), Preference.objects.count(), ApiToken.objects.count()) == (0, 0, 0)
    assert (Contact.objects.count(), PushSubscription.objects.count()) == (0, 0)
    assert until == Patient.objects.get(pk=patient.pk).keep_until_on
    assert until.year == cast.now.year + 10
    kept = [(one.before, one.after) for one in Correction.objects.filter(patient=patient, object_type="run").order_by("corrected_at")]
    assert ({"duration_seconds": 900}, {"duration_seconds": 950, "shoe": None}) in kept


def test_only_a_manager_with_the_right_number_erases_and_only_once(cast: Cast) -> None:
    patient = loaded(cast.hannah)
    erase: dict[str, Any] = {"patient": patient, "now": cast.now, "years": 10}
    with pytest.raises(NotAllowed):
        erase_patient(typed=patient.number, by=cast.therapist, **erase)
    with pytest.raises(NotAllowed):
        erase_patient(typed=patient.number, by=cast.harbour_manager, **erase)
    with pytest.raises(Invalid):
        erase_patient(typed="00000x", by=cast.manager, **erase)
    with pytest.raises(Conflict, match="running"):
        erase_patient(typed=patient.number, by=cast.manager, **erase)
    erase["patient"] = ended(cast)
    erase_patient(typed=f" {patient.number} ", by=cast.manager, **erase)
    with pytest.raises(Conflict, match="already"):
        erase_patient(typed=patient.number, by=cast.manager, **erase)
    with pytest.raises(Conflict):
        change_patient(patient=loaded(cast.hannah), by=cast.therapist, now=cast.now, first_name="Hannah")


def test_an_account_with_another_door_stays(cast: Cast) -> None:
    user = me(cast.hannah).user
    assert user is not None
    Membership.objects.create(clinic=cast.harbour, user=user, role=Role.THERAPIST, status="active", name="Hannah at work")
    patient = ended(cast)
    erase_patient(patient=patient, typed=patient.number, by=cast.manager, now=cast.now, years=10)
    assert User.objects.filter(pk=user.pk).exists()
    assert not Membership.objects.filter(clinic=cast.riverside, user=user).exists()


def test_somebody_who_was_only_invited_is_erased_too(cast: Cast) -> None:
    lena = loaded(cast.lena)
    assert lena.membership is not None
    lena.membership.clinic = cast.riverside
    invite_to(membership=lena.membership, email="lena@patients.example", by=cast.therapist, now=cast.now, language="en")
    erase_patient(patient=lena, typed=lena.number, by=cast.manager, now=cast.now, years=10)
    assert (everywhere("lena@", "Vogt"), Invitation.objects.count()) == ([], 0)


def test_a_request_waits_is_taken_back_and_may_come_again(cast: Cast) -> None:
    patient, member, key = loaded(cast.hannah), me(cast.hannah), uuid.uuid4()
    first = ask_for_erasure(patient=patient, by=member, now=cast.now, words="Bye", client_key=key)
    assert ask_for_erasure(patient=patient, by=member, now=cast.now, words="Bye", client_key=key) == first
    with pytest.raises(Conflict):
        ask_for_erasure(patient=patient, by=member, now=cast.now, words="Other", client_key=key)
    with pytest.raises(Conflict, match="already asked"):
        ask_for_erasure(patient=patient, by=member, now=cast.now)
    withdraw_erasure(request=first, by=member, now=cast.now)
    with pytest.raises(Conflict):
        withdraw_erasure(request=first, by=member, now=cast.now)
    assert ask_for_erasure(patient=patient, by=member, now=cast.now).status == "open"
    assert ErasureRequest.objects.filter(patient=patient).count() == 2


def test_a_refusal_needs_a_reason_and_a_manager_of_the_clinic(cast: Cast) -> None:
    wish = ask_for_erasure(patient=loaded(cast.hannah), by=me(cast.hannah), now=cast.now)
    with pytest.raises(Invalid):
        refuse_erasure(request=wish, reason="  ", by=cast.manager, now=cast.now)
    for stranger in (cast.therapist, cast.harbour_manager):
        with pytest.raises(NotAllowed):
            refuse_erasure(request=wish, reason="No", by=stranger, now=cast.now)
    refuse_erasure(request=wish, reason="Treatment goes on", by=cast.manager, now=cast.now)
    with pytest.raises(Conflict):
        refuse_erasure(request=wish, reason="Again", by=cast.manager, now=cast.now)


def test_what_is_left_is_deleted_the_day_after_its_time_and_nobody_elses(cast: Cast, django_assert_max_num_queries: Any) -> None:
    fill_with_traces(cast)
    patient = ended(cast)
    until = erase_patient(patient=patient, typed=patient.number, by=cast.manager, now=cast.now, years=1)
    others = {model: model._default_manager.exclude(patient=patient).count() for model in tables_of_patients()}
    last = dt.datetime.combine(until, dt.time(20), dt.UTC)
    assert delete_expired(now=last) == 0
    with django_assert_max_num_queries(40):
        assert delete_expired(now=last + DAY) == 1
    assert not Patient.objects.filter(pk=patient.pk).exists()
    assert not Membership.objects.filter(pk=me(cast.hannah).pk).exists()
    assert {model: model._default_manager.count() for model in tables_of_patients()} == others
    assert AuditEvent.objects.filter(patient_id=patient.pk, action="patient.delete").count() == 1
    assert delete_expired(now=last + 2 * DAY) == 0


def test_a_daily_task_deletes_what_expired(cast: Cast) -> None:
    patient = ended(cast)
    erase_patient(patient=patient, typed=patient.number, by=cast.manager, now=cast.now, years=1)
    assert delete_what_expired.name == SCHEDULE["retention"]["task"]
    delete_what_expired()
    assert Patient.objects.filter(pk=patient.pk).exists()
    Patient.objects.filter(pk=patient.pk).update(keep_until_on=cast.now.date() - 2 * DAY)
    delete_what_expired()
    assert not Patient.objects.filter(pk=patient.pk).exists()


def test_every_text_of_a_patients_tables_is_emptied_or_said_to_be_coded() -> None:
    """A new table is emptied by itself; this list says what stays, and is looked at when it grows."""
    tables: list[Any] = [*tables_of_patients(), Patient]
    kept = {f"{model._meta.label}.{name}" for model in tables for name in getattr(model, "coded", ())}
    assert kept == {
        "patients.Alert.evidence",
        "patients.Alert.evidence_key",
        "patients.Alert.rule",
        "patients.Alert.rules_version",
        "patients.Assignment.home_weekdays",
        "patients.Assignment.supervised_weekdays",
        "patients.CaseloadEntry.facts",
        "patients.CaseloadEntry.pain_series",
        "patients.CaseloadEntry.program_code",
        "patients.CaseloadEntry.program_status",
        "patients.CaseloadEntry.readiness_series",
        "patients.CaseloadEntry.reasons",
        "patients.CaseloadEntry.week_ticks",
        "patients.CaseloadLook.changes",
        "patients.Consent.language",
        "patients.Consent.version",
        "patients.Correction.after",
        "patients.Correction.before",
        "patients.Correction.object_type",
        "patients.Letter.parts",
        "patients.Patient.number",
        "patients.Patient.search_text",
        "patients.Patient.time_zone",
        "patients.Suggestion.evidence",
        "patients.Suggestion.evidence_key",
        "patients.Suggestion.exercise",
        "patients.Suggestion.move",
        "patients.Suggestion.names",
        "patients.Suggestion.rule",
        "patients.Suggestion.rules_version",
        "patients.Suggestion.used",
        "patients.SymptomReport.language",
        "patients.SymptomReport.rules_version",
        "patients.SymptomReport.signs",
        "patients.SymptomReport.text_shown",
    }
    unknown = {
        f"{model._meta.label}.{name}"
        for model in apps.get_models()
        for name in getattr(model, "coded", ())
        if name not in {field.name for field in model._meta.concrete_fields}
    }
    assert unknown == set()
    assert names_in(Patient) == ["first_name", "last_name", "email", "phone", "running_described", "doctor_name", "doctor_address"]


def test_tables_are_emptied_before_those_they_point_to() -> None:
    order = [model.__name__ for model in tables_of_patients()]
    assert order.index("ExerciseLog") < order.index("SessionLog") < order.index("ScheduledSession") < order.index("Assignment")
    assert order.index("CheckIn") < order.index("SymptomReport")
    assert order.index("Run") < order.index("Shoe")
