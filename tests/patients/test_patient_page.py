"""The page about one patient: what it shows, what it costs, and what can be done on it."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from clinics.localtime import local_day
from clinics.models import AuditEvent
from patients.actions.diary import check_in, correct_entry
from patients.actions.symptoms import report_symptoms
from patients.models import Alert, Assignment, CheckIn, ExerciseLog, Patient, ScheduledSession, SymptomReport
from patients.views.course import chosen_series, switches
from patients.views.patient_done import done_text
from tests.cast import Cast, sign_in

TABS = ("patient", "patient_plan", "patient_sessions", "patient_assessments", "patient_record")


def text_of(client: Client, name: str, pk: object, **query: str) -> str:
    response = client.get(reverse(f"patients:{name}", args=[pk]), query)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


@pytest.mark.parametrize(("language", "load", "text"), [("en", "22.50", "22.5 kg"), ("de", "22.50", "22,5 kg"), ("de", "40.00", "40 kg")])
def test_loads_are_written_as_the_language_does(language: str, load: str, text: str) -> None:
    with translation.override(language):
        assert done_text(ExerciseLog(sets_done=3, reps_done=10, load_kg=Decimal(load))) == f"3 × 10, {text}"


@pytest.mark.parametrize("name", TABS)
def test_every_tab_opens_for_the_clinic_and_is_missing_for_another(client: Client, cast: Cast, name: str) -> None:
    sign_in(client, cast.therapist2)
    assert "Hannah Brandt" in text_of(client, name, cast.hannah.pk)
    before = AuditEvent.objects.filter(patient_id=cast.hannah.pk, action="patient.view").count()
    text_of(client, name, cast.hannah.pk)
    assert AuditEvent.objects.filter(patient_id=cast.hannah.pk, action="patient.view").count() == before + 1
    sign_in(client, cast.harbour_therapist)
    assert client.get(reverse(f"patients:{name}", args=[cast.hannah.pk])).status_code == 404


@pytest.mark.parametrize("name", TABS)
def test_patients_open_no_tab_of_the_clinic_page_of_others(client: Client, cast: Cast, name: str) -> None:
    assert cast.marek.membership is not None
    sign_in(client, cast.marek.membership)
    assert client.get(reverse(f"patients:{name}", args=[cast.hannah.pk])).status_code in {403, 404}


@pytest.mark.parametrize("name", TABS)
def test_tabs_open_without_a_program_too(client: Client, cast: Cast, name: str) -> None:
    sign_in(client, cast.therapist)
    assert "Lena Vogt" in text_of(client, name, cast.lena.pk)


def add_entries(cast: Cast, count: int) -> None:
    """Write many check-ins and alerts at once."""
    today = local_day(cast.now, "Europe/Berlin")
    CheckIn.objects.filter(patient=cast.hannah).delete()
    Alert.objects.filter(patient=cast.hannah).delete()
    CheckIn.objects.bulk_create(
        CheckIn(
            clinic=cast.riverside,
            patient=cast.hannah,
            on=today - dt.timedelta(days=place),
            pain_0_10=place % 10,
            readiness_0_10=5,
            done_at=cast.now - dt.timedelta(days=place),
        )
        for place in range(count)
    )
    Alert.objects.bulk_create(
        Alert(
            clinic=cast.riverside,
            patient=cast.hannah,
            rule="pain_level",
            rules_version="1",
            level="attention",
            evidence={"pain": 7, "on": today.isoformat(), "peak": 7, "entries": 1},
            evidence_key=f"many-{place}",
            since_on=today,
            raised_at=cast.now,
        )
        for place in range(count)
    )


@pytest.mark.parametrize("name", TABS)
def test_the_price_of_a_tab_does_not_grow_with_the_entries(client: Client, cast: Cast, name: str) -> None:
    sign_in(client, cast.therapist)
    add_entries(cast, 1)
    text_of(client, name, cast.hannah.pk)
    with CaptureQueriesContext(connection) as few:
        text_of(client, name, cast.hannah.pk)
    add_entries(cast, 50)
    with CaptureQueriesContext(connection) as many:
        text_of(client, name, cast.hannah.pk)
    assert len(few) == len(many) <= 20


def test_the_overview_shows_course_calendar_check_ins_plan_and_assessments(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    text = text_of(client, "patient", cast.hannah.pk)
    for piece in ("week 3 of 8", "Course", "Sessions", "Latest check-ins", "This week", "3 months after", "Single-leg squat"):
        assert piece in text, piece
    assert "Model line off" in text
    assert "Model line from published slopes, five assessments" not in text
    assert "Model line from published slopes, five assessments" in text_of(client, "patient", cast.hannah.pk, model="1")


def test_no_model_line_is_offered_where_no_slopes_were_published(client: Client, cast: Cast) -> None:
    Assignment.objects.filter(patient=cast.hannah).update(version=cast.version("run_walk"))
    sign_in(client, cast.therapist)
    assert "Model line" not in text_of(client, "patient", cast.hannah.pk, model="1")


@pytest.mark.parametrize(("asked", "shown"), [("", ["back", "func"]), ("run,ready", ["run", "ready"]), ("nonsense", ["back", "func"])])
def test_the_address_names_the_series(asked: str, shown: list[str]) -> None:
    assert chosen_series(asked) == shown


def test_turning_on_one_pain_takes_the_place_of_the_other() -> None:
    queries = {switch.label: switch.query for switch in switches(["back", "func"], model=True)}
    assert queries["Pain running"] == "?show=run,func&model=1"
    assert queries["Capability"] == "?show=back&model=1"
    assert queries["Readiness"] == "?show=back,func,ready&model=1"


def test_a_stop_sign_shows_what_was_reported_and_what_was_said(client: Client, cast: Cast) -> None:
    report_symptoms(patient=cast.hannah, signs=["saddle_numbness"], context="check_in", by=cast.hannah.membership, now=cast.now)
    sign_in(client, cast.therapist)
    text = text_of(client, "patient", cast.hannah.pk)
    assert "Numbness around the groin, the bottom or the inner thighs" in text
    assert "nobody is watching in real time" in text
    assert "The program is on hold" in text
    assert text.count("Saddle numbness") <= 3  # named once on the button, once among the events: never as a second row


def test_an_alert_is_acknowledged_in_one_post_and_the_second_person_reads_who_was_first(client: Client, cast: Cast) -> None:
    check_in(patient=cast.hannah, pain_0_10=8, readiness_0_10=2, by=cast.hannah.membership, now=cast.now)
    alert = Alert.objects.open().get(patient=cast.hannah, rule="pain_level")
    url = reverse("patients:alert_acknowledge", args=[alert.pk])
    sign_in(client, cast.therapist)
    response = client.post(url)
    assert response.status_code == 302
    alert.refresh_from_db()
    assert (alert.status, alert.seen_by_id) == ("acknowledged", cast.therapist.pk)
    sign_in(client, cast.therapist2)
    again = client.post(url)
    assert again.status_code == 409
    assert "Jonas Keller took this" in again.content.decode()
    alert.refresh_from_db()
    assert alert.seen_by_id == cast.therapist.pk
    assert "Seen by Jonas Keller" in text_of(client, "patient", cast.hannah.pk)


def test_a_stop_sign_needs_a_note(client: Client, cast: Cast) -> None:
    report_symptoms(patient=cast.hannah, signs=["saddle_numbness"], context="check_in", by=cast.hannah.membership, now=cast.now)
    alert = Alert.objects.open().get(patient=cast.hannah, level="stop")
    url = reverse("patients:alert_acknowledge", args=[alert.pk])
    sign_in(client, cast.therapist)
    assert client.get(url).status_code == 200
    refused = client.post(url, {"note": "  "})
    assert refused.status_code == 422
    assert "Write what was done about this stop sign." in refused.content.decode()
    assert client.post(url, {"note": "called the patient"}).status_code == 302


@pytest.mark.parametrize("method", ["get", "post"])
def test_alerts_and_reports_of_another_clinic_are_missing(client: Client, cast: Cast, method: str) -> None:
    report, _new = report_symptoms(patient=cast.hannah, signs=["chest_pain"], context="check_in", by=None, now=cast.now)
    alert = Alert.objects.open().get(patient=cast.hannah, level="stop")
    sign_in(client, cast.harbour_manager)
    for name, pk in (("alert_acknowledge", alert.pk), ("report_clear", report.pk)):
        assert getattr(client, method)(reverse(f"patients:{name}", args=[pk]), {"note": "x"}).status_code == 404
    alert.refresh_from_db()
    assert alert.status == Alert.Status.OPEN


def test_a_clearance_needs_its_grounds_and_lets_the_program_go_on(client: Client, cast: Cast) -> None:
    report, _new = report_symptoms(patient=cast.hannah, signs=["sharp_pain", "chest_pain"], context="check_in", by=None, now=cast.now)
    url = reverse("patients:report_clear", args=[report.pk])
    sign_in(client, cast.therapist)
    assert client.get(url).status_code == 200
    assert client.post(url, {"note": ""}).status_code == 422
    assert Assignment.objects.get(patient=cast.hannah).status == Assignment.Status.HELD
    assert client.post(url, {"note": "Examined, ECG normal"}).status_code == 302
    assert Assignment.objects.get(patient=cast.hannah).status == Assignment.Status.RUNNING
    again = client.post(url, {"note": "me too"})
    assert again.status_code == 409
    assert "Jonas Keller cleared this" in again.content.decode()
    assert SymptomReport.objects.get(pk=report.pk).clearance_note == "Examined, ECG normal"


def test_the_plan_tab_shows_any_week_with_doses_and_sources(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    first, last = text_of(client, "patient_plan", cast.hannah.pk, week="1"), text_of(client, "patient_plan", cast.hannah.pk, week="8")
    assert "2 × 20 s" in first
    assert "3 × 60 s" in last
    assert "our default" in first
    assert text_of(client, "patient_plan", cast.hannah.pk, week="99").count('aria-current="true"') == 1


def test_the_sessions_tab_shows_what_was_done(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    text = text_of(client, "patient_sessions", cast.hannah.pk)
    assert "All as prescribed" in text
    assert "Worst pain 3" in text
    session = ScheduledSession.objects.filter(patient=cast.hannah, status="planned").order_by("on").first()
    assert session is not None
    assert reverse("patients:session_supervise", args=[session.pk]) in text or session.on > local_day(cast.now, "Europe/Berlin")
    assert client.get(reverse("patients:patient_sessions", args=[cast.hannah.pk]), {"before": "not a day"}).status_code == 200


def test_the_record_tab_shows_corrections_and_the_trail(client: Client, cast: Cast) -> None:
    row = CheckIn.objects.select_related("patient__clinic", "patient__caseload").filter(patient=cast.hannah).first()
    assert row is not None
    correct_entry(row=row, changes={"pain_0_10": 9}, by=cast.hannah.membership, now=cast.now)  # type: ignore[arg-type]
    sign_in(client, cast.therapist)
    text = text_of(client, "patient_record", cast.hannah.pk)
    assert "Corrected entries" in text
    assert "corrected an entry" in text
    assert "opened the record" in text


def test_a_record_in_the_archive_can_be_read_but_offers_nothing_new(client: Client, cast: Cast) -> None:
    Patient.objects.filter(pk=cast.lena.pk).update(status=Patient.Status.ARCHIVED)
    sign_in(client, cast.therapist)
    text = text_of(client, "patient", cast.lena.pk)
    assert "This record is in the archive" in text
    assert reverse("patients:assign", args=[cast.lena.pk]) not in text
