"""Taking alerts, putting them off, closing them, and when they come back."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from clinics.errors import Conflict, Invalid
from clinics.localtime import local_day, to_utc
from clinics.models import AuditEvent, Clinic
from patients.actions.alerts import acknowledge_alert, resolve_alert, snooze_alert
from patients.actions.caseload import close_past_days, refresh_entry
from patients.actions.diary import check_in
from patients.actions.symptoms import clear_report, report_symptoms
from patients.models import Alert, AlertStep, CaseloadEntry, CheckIn, Patient, SymptomReport
from tests.cast import Cast

DAY = dt.timedelta(days=1)


def loaded(patient: Patient) -> Patient:
    return Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=patient.pk)


def hurts(cast: Cast, pain: int = 8, **more: Any) -> Alert:
    """Let Marek check in with red pain and return the alert."""
    check_in(patient=loaded(cast.marek), pain_0_10=pain, readiness_0_10=2, by=cast.marek.membership, **{"now": cast.now, **more})
    return found(Alert.objects.open().filter(patient=cast.marek, rule="pain_level").latest("raised_at"))


def found(alert: Alert) -> Alert:
    """Return the alert as a request loads it."""
    return Alert.objects.select_related("patient__clinic", "patient__caseload", "seen_by__user").get(pk=alert.pk)


def stop_sign(cast: Cast) -> Alert:
    report_symptoms(patient=loaded(cast.marek), signs=["fainting"], context="check_in", by=None, now=cast.now)
    return found(Alert.objects.get(patient=cast.marek, level="stop"))


def put_off(cast: Cast, alert: Alert, days: int = 3, **more: Any) -> bool:
    today = local_day(cast.now, cast.riverside.time_zone)
    fields = {"until": today + days * DAY, "reason": "appointment", "by": cast.therapist, "now": cast.now, **more}
    return snooze_alert(alert=alert, **fields)


def line(cast: Cast) -> CaseloadEntry:
    return CaseloadEntry.objects.get(patient=cast.marek)


def morning(cast: Cast, days: int, clock: dt.time = dt.time(0, 5)) -> dt.datetime:
    return to_utc(local_day(cast.now, cast.riverside.time_zone) + days * DAY, clock, cast.riverside.time_zone)


def test_who_takes_an_alert_owns_it_and_the_line_shows_it(cast: Cast) -> None:
    alert = hurts(cast)
    assert (line(cast).owner_name, line(cast).alerts_since_at, line(cast).alert_id) == ("", cast.now, alert.pk)
    assert acknowledge_alert(alert=alert, by=cast.therapist, now=cast.now + DAY / 24, note=" Called ")
    alert.refresh_from_db()
    assert (alert.status, alert.seen_by, alert.seen_at, alert.note) == ("acknowledged", cast.therapist, cast.now + DAY / 24, "Called")
    assert (line(cast).owner_name, line(cast).alerts_since_at, line(cast).alert_id) == ("Jonas Keller", None, None)
    [step] = AlertStep.objects.filter(alert=alert)
    assert (step.kind, step.by, step.note) == ("acknowledged", cast.therapist, "Called")
    assert AuditEvent.objects.filter(action="alert.acknowledge", object_id=alert.pk, actor_id=cast.therapist.user_id).count() == 1


def test_the_age_is_that_of_the_oldest_open_alert_also_when_newer_evidence_came(cast: Cast) -> None:
    hurts(cast, 7)
    later = cast.now + dt.timedelta(minutes=30)
    newer = hurts(cast, 9, now=later)
    assert (line(cast).alerts_since_at, line(cast).alert_id) == (cast.now, newer.pk)
    acknowledge_alert(alert=newer, by=cast.therapist, now=later)
    assert (line(cast).alerts_since_at, line(cast).alert_id) == (None, None)


@pytest.mark.parametrize("kind", ["acknowledge", "snooze", "resolve"])
def test_the_same_press_twice_is_the_same_once(cast: Cast, kind: str) -> None:
    alert = hurts(cast)
    first, second = found(alert), found(alert)

    def press(one: Alert) -> bool:
        if kind == "acknowledge":
            return acknowledge_alert(alert=one, by=cast.therapist, now=cast.now)
        return put_off(cast, one) if kind == "snooze" else resolve_alert(alert=one, by=cast.therapist, now=cast.now)

    assert press(first) is True
    assert press(second) is False
    assert AlertStep.objects.filter(alert=alert).count() == 1


@pytest.mark.parametrize("first", ["acknowledge", "snooze", "resolve"])
@pytest.mark.parametrize("second", ["acknowledge", "snooze", "resolve"])
def test_of_two_people_at_once_the_second_is_refused_and_nothing_is_overwritten(cast: Cast, first: str, second: str) -> None:
    alert = hurts(cast)
    one, other = found(alert), found(alert)

    def do(kind: str, row: Alert, **who: Any) -> None:
        if kind == "acknowledge":
            acknowledge_alert(alert=row, now=cast.now, **who)
        elif kind == "snooze":
            put_off(cast, row, **who)
        else:
            resolve_alert(alert=row, now=cast.now, **who)

    do(first, one, by=cast.therapist)
    with pytest.raises(Conflict):
        do(second, other, by=cast.therapist2)
    alert.refresh_from_db()
    assert alert.seen_by == cast.therapist
    assert AlertStep.objects.filter(alert=alert).count() == 1


def test_what_is_in_somebodys_hands_is_put_off_only_by_who_saw_that(cast: Cast) -> None:
    alert = hurts(cast)
    acknowledge_alert(alert=found(alert), by=cast.therapist, now=cast.now)
    with pytest.raises(Conflict):
        put_off(cast, found(alert), by=cast.therapist2)
    assert put_off(cast, found(alert), by=cast.therapist2, saw="acknowledged")
    assert found(alert).seen_by == cast.therapist2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"days": 0}, "until"),
        ({"days": 15}, "until"),
        ({"reason": "lazy"}, "reason"),
        ({"reason": "other"}, "note"),
        ({"note": "x" * 2001}, "note"),
    ],
)
def test_putting_off_needs_a_day_in_reach_and_a_reason(cast: Cast, changes: dict[str, Any], field: str) -> None:
    alert = hurts(cast)
    with pytest.raises(Invalid) as refused:
        put_off(cast, alert, **changes)
    assert list(refused.value.fields) == [field]
    assert found(alert).status == Alert.Status.OPEN


def test_a_stop_sign_is_never_put_off_and_never_resolved_without_a_note(cast: Cast) -> None:
    alert = stop_sign(cast)
    assert line(cast).alert_id is None
    with pytest.raises(Invalid) as refused:
        put_off(cast, alert)
    assert "cannot be put off" in str(refused.value.message)
    with pytest.raises(Invalid) as refused:
        resolve_alert(alert=alert, by=cast.therapist, now=cast.now)
    assert list(refused.value.fields) == ["note"]
    with pytest.raises(IntegrityError), transaction.atomic():
        Alert.objects.filter(pk=alert.pk).update(status="snoozed", snoozed_until_on=cast.now.date())
    assert resolve_alert(alert=alert, by=cast.therapist, now=cast.now, note="Seen by a doctor")
    assert line(cast).level == CaseloadEntry.Level.ATTENTION, "what was reported still waits for its clearance"


def test_put_off_it_is_quiet_and_comes_back_by_itself_that_morning(cast: Cast) -> None:
    alert = hurts(cast)
    put_off(cast, alert, days=3, note="Thursday")
    assert (line(cast).level, line(cast).owner_name) == (CaseloadEntry.Level.NONE, "Jonas Keller")
    assert [reason["until"] for reason in line(cast).reasons if reason["rule"] == "pain_level"] == [str(found(alert).snoozed_until_on)]
    close_past_days(now=morning(cast, 3, dt.time(0, 0)) - dt.timedelta(minutes=1))
    assert found(alert).status == Alert.Status.SNOOZED
    close_past_days(now=morning(cast, 3))
    alert = found(alert)
    assert (alert.status, alert.seen_by, alert.note) == ("open", cast.therapist, "Thursday")
    assert (line(cast).level, line(cast).alert_id) == (CaseloadEntry.Level.ATTENTION, alert.pk)
    assert [step.kind for step in AlertStep.objects.filter(alert=alert)] == ["snoozed", "returned"]
    assert AuditEvent.objects.filter(action="alert.return", object_id=alert.pk, role="system").count() == 1
    close_past_days(now=morning(cast, 3, dt.time(0, 10)))
    assert AlertStep.objects.filter(alert=alert).count() == 2
    assert Alert.objects.filter(patient=cast.marek, rule="pain_level").count() == 1


def test_each_clinic_has_its_own_morning(cast: Cast) -> None:
    Clinic.objects.filter(pk=cast.riverside.pk).update(time_zone="America/Los_Angeles")
    cast.riverside.time_zone = "America/Los_Angeles"
    alert = hurts(cast)
    put_off(cast, alert, days=2)
    in_europe = to_utc(local_day(cast.now, "America/Los_Angeles") + 2 * DAY, dt.time(1, 0), "Europe/Berlin")
    close_past_days(now=in_europe)
    assert found(alert).status == Alert.Status.SNOOZED
    close_past_days(now=morning(cast, 2))
    assert found(alert).status == Alert.Status.OPEN


def test_many_come_back_in_as_many_statements_as_one(cast: Cast) -> None:
    def snoozed(rows: int) -> None:
        today = local_day(cast.now, cast.riverside.time_zone)
        Alert.objects.bulk_create(
            Alert(
                clinic=cast.riverside,
                patient=cast.marek,
                rule="silence",
                rules_version="2",
                level="attention",
                evidence={"days": 7, "last_entry_on": None},
                evidence_key=f"{rows}-{place}",
                since_on=today,
                raised_at=cast.now,
                status="snoozed",
                snoozed_until_on=today,
            )
            for place in range(rows)
        )

    counts = []
    for rows in (1, 2, 40):
        snoozed(rows)
        with CaptureQueriesContext(connection) as context:
            close_past_days(now=cast.now)
        counts.append(len(context))
        assert not Alert.objects.filter(status="snoozed").exists()
    assert counts[1] == counts[2], counts


@pytest.mark.parametrize("how", ["acknowledged", "snoozed", "resolved"])
def test_the_same_evidence_never_raises_again_and_new_evidence_does(cast: Cast, how: str) -> None:
    alert = hurts(cast, 7)
    if how == "acknowledged":
        acknowledge_alert(alert=alert, by=cast.therapist, now=cast.now)
    elif how == "snoozed":
        put_off(cast, alert, days=14)
    else:
        resolve_alert(alert=alert, by=cast.therapist, now=cast.now)
    raised = Alert.objects.filter(patient=cast.marek, rule="pain_level")
    for days in (0, 1, 5):
        refresh_entry(loaded(cast.marek), now=cast.now + days * DAY)
    assert raised.count() == 1
    assert found(alert).status == how
    hurts(cast, 9, now=cast.now + dt.timedelta(hours=1))
    assert raised.open().count() == 1
    assert found(alert).status == how


def test_red_pain_for_months_is_one_alert_though_the_line_forgets_its_beginning(cast: Cast) -> None:
    alert = hurts(cast, 8)
    acknowledge_alert(alert=alert, by=cast.therapist, now=cast.now)
    today = local_day(cast.now, cast.marek.zone)
    CheckIn.objects.bulk_create(
        CheckIn(
            clinic=cast.riverside,
            patient=cast.marek,
            on=today + days * DAY,
            pain_0_10=7,
            readiness_0_10=3,
            done_at=cast.now + days * DAY,
            entered_by=cast.marek.membership,
        )
        for days in range(1, 200)
    )
    for days in (30, 61, 62, 90, 130, 199):
        refresh_entry(loaded(cast.marek), now=cast.now + days * DAY)
    assert Alert.objects.filter(patient=cast.marek, rule="pain_level").count() == 1
    assert [one["seen"] for one in line(cast).reasons if one["rule"] == "pain_level"] == [True]


def test_silence_for_months_is_one_alert(cast: Cast) -> None:
    refresh_entry(loaded(cast.hannah), now=cast.now + 10 * DAY)
    alert = found(Alert.objects.get(patient=cast.hannah, rule="silence"))
    resolve_alert(alert=alert, by=cast.therapist, now=cast.now + 10 * DAY)
    for days in (40, 50, 150, 300):
        refresh_entry(loaded(cast.hannah), now=cast.now + days * DAY)
    assert Alert.objects.filter(patient=cast.hannah, rule="silence").count() == 1
    assert [(one["since"], one["seen"]) for one in CaseloadEntry.objects.get(patient=cast.hannah).reasons if one["rule"] == "silence"] == [
        (str(alert.since_on), True)
    ]


def test_a_clearance_closes_the_alert_and_its_owner_stays(cast: Cast) -> None:
    alert = stop_sign(cast)
    acknowledge_alert(alert=alert, by=cast.therapist, now=cast.now, note="Called")
    report = SymptomReport.objects.select_related("patient__clinic", "patient__caseload").get(pk=alert.evidence_key)
    clear_report(report=report, note="Examined", by=cast.therapist2, now=cast.now + DAY)
    alert = found(alert)
    assert (alert.status, alert.seen_by, alert.note) == ("resolved", cast.therapist, "Examined")
    assert [(step.kind, step.by) for step in AlertStep.objects.filter(alert=alert)] == [
        ("acknowledged", cast.therapist),
        ("resolved", cast.therapist2),
    ]


def test_who_resolves_what_nobody_took_becomes_its_owner_and_it_never_opens_again(cast: Cast) -> None:
    alert = hurts(cast)
    resolve_alert(alert=alert, by=cast.therapist2, now=cast.now)
    assert found(alert).seen_by == cast.therapist2
    with pytest.raises(Conflict):
        acknowledge_alert(alert=found(alert), by=cast.therapist, now=cast.now)
    with pytest.raises(Conflict):
        put_off(cast, found(alert))
    with pytest.raises(Conflict):
        resolve_alert(alert=found(alert), by=cast.therapist, now=cast.now)
