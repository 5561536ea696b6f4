"""What the clinic reads of a patient's sessions, runs and check-ins, and who is next after something was done."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinics.localtime import local_day
from patients.actions.caseload import refresh_entry
from patients.actions.diary import check_in
from patients.actions.runs import add_shoe, log_run
from patients.actions.symptoms import report_symptoms
from patients.models import Alert, CheckIn, GroupEntry, Patient, Run, ScheduledSession
from patients.views.patient_done import CHECK_INS_A_PAGE, RUNS_A_PAGE
from programs.models import Prescription
from tests.cast import Cast, member_of, sign_in

LISTS = ("patient_runs", "patient_check_ins")


def loaded(patient: Patient) -> Patient:
    return Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=patient.pk)


def text_of(client: Client, name: str, patient: Patient, **query: str) -> str:
    response = client.get(reverse(f"patients:{name}", args=[patient.pk]), query)
    assert response.status_code == 200
    return response.content.decode()


def many(cast: Cast, count: int) -> None:
    """Give Hannah as many runs and check-ins, one of each a day."""
    today = local_day(cast.now, "Europe/Berlin")
    CheckIn.objects.filter(patient=cast.hannah).delete()
    Run.objects.filter(patient=cast.hannah).delete()
    own = {"clinic": cast.riverside, "patient": cast.hannah}
    days = [(today - dt.timedelta(days=place), cast.now - dt.timedelta(days=place)) for place in range(count)]
    CheckIn.objects.bulk_create(CheckIn(**own, on=on, pain_0_10=3, readiness_0_10=5, done_at=at) for on, at in days)
    Run.objects.bulk_create(Run(**own, on=on, pain_worst_0_10=2, duration_seconds=600, done_at=at) for on, at in days)


@pytest.mark.parametrize("name", LISTS)
def test_the_lists_open_for_the_own_clinic_only_and_without_entries_too(client: Client, cast: Cast, name: str) -> None:
    sign_in(client, cast.therapist2)
    assert "Hannah Brandt" in text_of(client, name, cast.hannah)
    assert "yet" in text_of(client, name, cast.lena)
    sign_in(client, cast.harbour_therapist)
    assert client.get(reverse(f"patients:{name}", args=[cast.hannah.pk])).status_code == 404


@pytest.mark.parametrize("name", LISTS)
def test_the_price_of_a_list_does_not_grow(client: Client, cast: Cast, name: str) -> None:
    sign_in(client, cast.therapist)
    many(cast, 1)
    text_of(client, name, cast.hannah)
    with CaptureQueriesContext(connection) as few:
        text_of(client, name, cast.hannah)
    many(cast, 50)
    with CaptureQueriesContext(connection) as more:
        text_of(client, name, cast.hannah)
    assert len(few) == len(more)


@pytest.mark.parametrize(("name", "size"), [("patient_runs", RUNS_A_PAGE), ("patient_check_ins", CHECK_INS_A_PAGE)])
def test_a_long_list_goes_on_where_it_ended(client: Client, cast: Cast, name: str, size: int) -> None:
    sign_in(client, cast.therapist)
    many(cast, size + 3)
    first = text_of(client, name, cast.hannah)
    assert first.count("<tr>") == size + 1
    last_shown = local_day(cast.now, "Europe/Berlin") - dt.timedelta(days=size - 1)
    assert f"?before={last_shown}" in first
    assert text_of(client, name, cast.hannah, before=str(last_shown)).count("<tr>") == 4
    assert text_of(client, name, cast.hannah, before="nonsense").count("<tr>") == size + 1


def test_runs_show_shoes_stage_and_note(client: Client, cast: Cast) -> None:
    hannah = loaded(cast.hannah)
    shoe, _new = add_shoe(patient=hannah, name="Blue <one>", by=member_of(cast.hannah), now=cast.now)
    log_run(
        patient=hannah,
        pain_worst_0_10=7,
        duration_seconds=1800,
        note="Windy",
        shoe=shoe,
        by=member_of(cast.hannah),
        now=cast.now,
    )
    text = text_of(sign_in(client, cast.therapist), "patient_runs", cast.hannah)
    for piece in ("Blue &lt;one&gt;", "Windy", "30:00", '<span class="chip chip--warn">7</span>'):
        assert piece in text, piece


def test_check_ins_show_what_was_reported(client: Client, cast: Cast) -> None:
    report_symptoms(patient=loaded(cast.hannah), signs=["sharp_pain"], context="check_in", by=member_of(cast.hannah), now=cast.now)
    text = text_of(sign_in(client, cast.therapist), "patient_check_ins", cast.hannah)
    assert "Back pain" in text
    assert text.count("<tr>") == 4


def test_a_session_as_prescribed_says_what_that_was_and_taps_are_told_set_by_set(client: Client, cast: Cast) -> None:
    session = ScheduledSession.objects.filter(patient=cast.hannah, status="done", setting="supervised").latest("on")
    line = Prescription.objects.filter(session_plan=session.session_plan, block="main").order_by("position")[0]
    own = {"clinic": cast.riverside, "patient": cast.hannah, "session": session, "prescription": line, "what": "set"}
    for number, revision, value in ((1, 1, 1), (2, 1, 1), (2, 2, 0)):
        GroupEntry.objects.create(**own, number=number, revision=revision, value=value, made_by=cast.therapist, made_at=cast.now)
    text = text_of(sign_in(client, cast.therapist), "patient_sessions", cast.hannah)
    assert "What that was" in text
    assert "Leg press" in text
    assert "set 1</span>" in text
    assert "set 2 not done" in text


# --- who is next --------------------------------------------------------------------------


@pytest.fixture
def two_alerts(cast: Cast) -> Alert:
    """Red pain of Marek and of Hannah; Marek's alert."""
    for patient in (cast.hannah, cast.marek):
        check_in(patient=loaded(patient), pain_0_10=8, readiness_0_10=2, by=patient.membership, now=cast.now)
        refresh_entry(loaded(patient), now=cast.now)
    found: Alert = Alert.objects.open().get(patient=cast.marek, rule="pain_level")
    return found


@pytest.mark.parametrize(
    ("list_filters", "is_there"), [({"who": "clinic"}, True), ({"who": "mine"}, False), ({"who": "clinic", "q": "brandt"}, True)]
)
def test_after_an_alert_the_next_patient_of_the_list_is_offered(
    client: Client, cast: Cast, two_alerts: Alert, list_filters: dict[str, str], is_there: bool
) -> None:
    sign_in(client, cast.therapist2)
    client.get(reverse("patients:caseload"), list_filters)
    page = client.post(reverse("patients:alert_acknowledge", args=[two_alerts.pk]), follow=True).content.decode()
    assert ("Next: Hannah Brandt, needs attention" in page) is is_there
    assert "Next: Marek" not in page


def test_nobody_is_next_when_a_page_is_just_opened_or_all_is_done(client: Client, cast: Cast, two_alerts: Alert) -> None:
    sign_in(client, cast.manager)
    assert "Next:" not in text_of(client, "patient", cast.marek)
    for alert in Alert.objects.open():
        page = client.post(reverse("patients:alert_acknowledge", args=[alert.pk]), {"note": "called"}, follow=True).content.decode()
    assert "Next:" not in page


def test_only_the_treating_therapist_and_managers_see_who_opened_the_record(client: Client, cast: Cast) -> None:
    for member, is_shown in ((cast.therapist, True), (cast.manager, True), (cast.therapist2, False)):
        text = text_of(sign_in(client, member), "patient_record", cast.hannah)
        assert ("opened the record" in text) is is_shown
        assert ("Managers and the treating therapist see this." in text) is not is_shown
