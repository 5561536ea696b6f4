"""Check-ins, symptoms and corrections: stored once, judged at once, never lost."""

import datetime as dt
import uuid

import pytest

from clinics.errors import Conflict, Invalid
from patients.actions.alerts import acknowledge_alert
from patients.actions.assigning import is_clear
from patients.actions.caseload import refresh_entry
from patients.actions.diary import check_in, correct_entry
from patients.actions.symptoms import clear_report, report_symptoms, withdraw_report
from patients.models import Alert, Assignment, CaseloadEntry, CheckIn, Correction, Patient, SymptomReport
from tests.cast import Cast, member_of


def loaded(patient: Patient) -> Patient:
    found: Patient = Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=patient.pk)
    return found


def say(cast: Cast, pain: object = 2, ready: object = 7, **more: object) -> tuple[CheckIn, SymptomReport | None]:
    return check_in(
        patient=loaded(cast.hannah),
        pain_0_10=pain,  # type: ignore[arg-type]
        readiness_0_10=ready,  # type: ignore[arg-type]
        by=member_of(cast.hannah),
        now=more.pop("now", cast.now),  # type: ignore[arg-type]
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("pain", [11, -1, None, "3", 3.5, True, 10**400])
def test_an_answer_that_is_not_a_whole_number_from_0_to_10_is_refused_beside_its_question(cast: Cast, pain: object) -> None:
    with pytest.raises(Invalid) as refused:
        say(cast, pain=pain)
    assert list(refused.value.fields) == ["pain_0_10"]


def test_a_check_in_reaches_the_caseload_line_in_the_same_moment(cast: Cast) -> None:
    say(cast, pain=3, ready=7)
    entry = CaseloadEntry.objects.get(patient=cast.hannah)
    assert (entry.last_pain, entry.last_readiness) == (3, 7)
    assert entry.pain_series[-1] == 3


def test_the_line_written_by_small_steps_is_the_line_built_anew(cast: Cast) -> None:
    say(cast, pain=4, ready=6)
    small = CaseloadEntry.objects.get(patient=cast.hannah)
    refresh_entry(loaded(cast.hannah), now=cast.now)
    whole = CaseloadEntry.objects.get(patient=cast.hannah)
    for name in ("pain_series", "readiness_series", "week_ticks", "done_share", "due_sessions", "last_entry_at", "reasons", "level"):
        assert getattr(small, name) == getattr(whole, name), name


def test_the_same_key_is_stored_once_and_other_content_is_refused(cast: Cast) -> None:
    key = uuid.uuid4()
    first, _report = say(cast, pain=2, client_key=key)
    again, _report = say(cast, pain=2, client_key=key)
    assert first.pk == again.pk
    with pytest.raises(Conflict):
        say(cast, pain=9, client_key=key)
    assert CheckIn.objects.get(pk=first.pk).pain_0_10 == 2


def test_a_second_check_in_of_a_day_keeps_the_first_answers(cast: Cast) -> None:
    first, _report = say(cast, pain=5)
    second, _report = say(cast, pain=2, now=cast.now + dt.timedelta(minutes=1))
    assert first.pk == second.pk
    correction = Correction.objects.get(object_id=first.pk)
    assert (correction.before, correction.after) == ({"pain_0_10": 5}, {"pain_0_10": 2})


@pytest.mark.parametrize(("days", "allowed"), [(0, True), (-1, True), (-14, True), (-15, False), (1, False)])
def test_the_day_of_a_check_in_lies_in_the_last_two_weeks(cast: Cast, days: int, allowed: bool) -> None:
    on = cast.now.date() + dt.timedelta(days=days)
    if allowed:
        row, _report = say(cast, on=on)
        assert row.on == on
    else:
        with pytest.raises(Invalid) as refused:
            say(cast, on=on)
        assert list(refused.value.fields) == ["on"]


def test_an_emergency_sign_holds_the_program_and_alerts_the_clinic_at_once(cast: Cast) -> None:
    _row, report = say(cast, signs=["saddle_numbness"])
    assert report is not None
    assert report.level == SymptomReport.Level.EMERGENCY
    assert report.text_shown
    assert Assignment.objects.get(patient=cast.hannah).status == Assignment.Status.HELD
    alert = Alert.objects.get(patient=cast.hannah)
    assert (alert.level, alert.rule) == (Alert.Level.STOP, "stop_sign")
    assert CaseloadEntry.objects.get(patient=cast.hannah).level == CaseloadEntry.Level.STOP


def test_withdrawing_deletes_nothing_and_only_a_clearance_goes_on(cast: Cast) -> None:
    _row, report = say(cast, signs=["saddle_numbness"])
    assert report is not None
    report = SymptomReport.objects.select_related("patient__clinic", "patient__caseload").get(pk=report.pk)
    withdraw_report(report=report, by=member_of(cast.hannah), now=cast.now)
    assert Assignment.objects.get(patient=cast.hannah).status == Assignment.Status.HELD
    assert not is_clear(cast.hannah)
    clear_report(report=report, note="Called, tapped by mistake.", by=cast.therapist, now=cast.now)
    assert Assignment.objects.get(patient=cast.hannah).status == Assignment.Status.RUNNING
    assert Alert.objects.get(patient=cast.hannah).status == Alert.Status.RESOLVED
    assert CaseloadEntry.objects.get(patient=cast.hannah).level == CaseloadEntry.Level.NONE


def test_a_training_sign_tells_the_therapist_and_does_not_hold_the_program(cast: Cast) -> None:
    report_symptoms(patient=loaded(cast.hannah), signs=["sharp_pain"], context=SymptomReport.Context.SESSION, by=None, now=cast.now)
    assert Assignment.objects.get(patient=cast.hannah).status == Assignment.Status.RUNNING
    assert Alert.objects.filter(patient=cast.hannah, level=Alert.Level.STOP).exists()


def test_a_sign_that_is_not_on_the_list_is_refused(cast: Cast) -> None:
    with pytest.raises(Invalid):
        say(cast, signs=["tired"])
    assert not CheckIn.objects.filter(patient=cast.hannah, on=cast.now.date()).exists()


def test_red_pain_raises_one_alert_and_the_same_evidence_never_a_second(cast: Cast) -> None:
    say(cast, pain=7)
    refresh_entry(loaded(cast.hannah), now=cast.now)
    alerts = Alert.objects.filter(patient=cast.hannah, rule="pain_level")
    assert alerts.count() == 1
    acknowledge_alert(alert=alerts.select_related("patient__clinic").get(), by=cast.therapist, now=cast.now)
    refresh_entry(loaded(cast.hannah), now=cast.now + dt.timedelta(hours=2))
    assert alerts.count() == 1
    say(cast, pain=9, now=cast.now + dt.timedelta(hours=3))
    assert alerts.filter(status=Alert.Status.OPEN).count() == 1


def test_two_people_at_once_only_the_first_acknowledges(cast: Cast) -> None:
    say(cast, pain=7)
    first = Alert.objects.select_related("patient__clinic").get(patient=cast.hannah, rule="pain_level")
    second = Alert.objects.select_related("patient__clinic").get(pk=first.pk)
    acknowledge_alert(alert=first, by=cast.therapist, now=cast.now)
    with pytest.raises(Conflict):
        acknowledge_alert(alert=second, by=cast.therapist2, now=cast.now)
    assert Alert.objects.get(pk=first.pk).seen_by == cast.therapist


def test_a_stop_sign_is_not_acknowledged_without_a_note(cast: Cast) -> None:
    say(cast, signs=["fainting"])
    alert = Alert.objects.select_related("patient__clinic").get(patient=cast.hannah)
    with pytest.raises(Invalid) as refused:
        acknowledge_alert(alert=alert, by=cast.therapist, now=cast.now)
    assert list(refused.value.fields) == ["note"]
    acknowledge_alert(alert=alert, by=cast.therapist, now=cast.now, note="Called, is at the hospital.")
    assert CaseloadEntry.objects.get(patient=cast.hannah).level == CaseloadEntry.Level.ATTENTION


def test_a_correction_keeps_the_earlier_value_and_staff_give_a_reason(cast: Cast) -> None:
    row = CheckIn.objects.select_related("patient__clinic", "patient__caseload").filter(patient=cast.hannah).latest("on")
    with pytest.raises(Invalid) as refused:
        correct_entry(row=row, changes={"pain_0_10": 5}, by=cast.therapist, now=cast.now)
    assert "reason" in refused.value.fields
    correct_entry(row=row, changes={"pain_0_10": 5}, by=member_of(cast.hannah), now=cast.now)
    kept = Correction.objects.get(object_id=row.pk)
    assert (kept.before["pain_0_10"], kept.after["pain_0_10"]) == (2, 5)
    assert CaseloadEntry.objects.get(patient=cast.hannah).last_pain == 5
