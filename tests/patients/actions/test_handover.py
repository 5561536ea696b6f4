"""Patients go from one therapist to another: who may, what of their alerts is open again, and what somebody who leaves leaves behind."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinics.errors import Conflict, Invalid, NotAllowed
from clinics.models import AuditEvent, Membership
from patients.actions.alerts import acknowledge_alert, snooze_alert
from patients.actions.cover import arrange_cover
from patients.actions.diary import check_in
from patients.actions.handover import end_staff, hand_over
from patients.actions.people import change_patient, create_patient
from patients.models import Alert, AlertStep, Cover, Handover, Patient
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def loaded(patient: Patient) -> Patient:
    return Patient.objects.select_related("clinic", "caseload", "membership__user", "therapist").get(pk=patient.pk)


def red_pain(cast: Cast, patient: Patient) -> Alert:
    check_in(patient=loaded(patient), pain_0_10=8, readiness_0_10=2, by=patient.membership, now=cast.now)
    found: Alert = Alert.objects.select_related("patient__clinic", "patient__caseload").get(patient=patient, rule="pain_level")
    return found


def mine(member: Membership) -> set[str]:
    return set(Patient.objects.active().filter(therapist=member).values_list("first_name", flat=True))


def test_all_or_some_go_to_a_colleague_with_a_row_and_a_trail_for_each(cast: Cast) -> None:
    handed = hand_over(
        source=cast.therapist, target=cast.therapist2, patients=[cast.hannah.pk], by=cast.manager, now=cast.now, reason=" less  hours "
    )
    assert (handed.moved, handed.missed) == (1, 0)
    assert mine(cast.therapist2) == {"Hannah", "Marek"}
    row = Handover.objects.get()
    assert (row.patient_id, row.source_id, row.target_id, row.reason) == (
        cast.hannah.pk,
        cast.therapist.pk,
        cast.therapist2.pk,
        "less hours",
    )
    assert hand_over(source=cast.therapist, target=cast.manager, patients=None, by=cast.manager, now=cast.now).moved == 1
    assert mine(cast.therapist) == set()
    noted = AuditEvent.objects.filter(action="patient.hand_over", clinic_id=cast.riverside.pk)
    assert set(noted.values_list("patient_id", flat=True)) == {cast.hannah.pk, cast.lena.pk}
    assert all("less" not in str(one.details) for one in noted), "ids only, never the words"


def test_a_therapist_hands_over_the_own_ones_only(cast: Cast) -> None:
    given: dict[str, Any] = {"target": cast.therapist, "patients": None, "now": cast.now}
    with pytest.raises(NotAllowed):
        hand_over(source=cast.therapist2, by=cast.therapist, **given)
    with pytest.raises(NotAllowed):
        hand_over(source=None, by=cast.therapist, **given)
    with pytest.raises(NotAllowed):
        hand_over(source=cast.therapist2, by=cast.harbour_manager, **given)
    assert hand_over(source=cast.therapist2, by=cast.therapist2, **given).moved == 1


def test_only_people_of_the_clinic_take_over(cast: Cast) -> None:
    given: dict[str, Any] = {"source": cast.therapist, "patients": None, "by": cast.manager, "now": cast.now}
    ended = Membership.objects.get(pk=cast.therapist2.pk)
    Membership.objects.filter(pk=ended.pk).update(status="ended")
    assert cast.hannah.membership is not None
    for target in (ended, cast.therapist, cast.hannah.membership):
        with pytest.raises(Invalid) as refused:
            hand_over(target=target, **given)
        assert list(refused.value.fields) == ["target"]
    with pytest.raises(NotAllowed):
        hand_over(target=cast.harbour_therapist, **given)
    with pytest.raises(Invalid) as too_long:
        hand_over(target=cast.manager, reason="x" * 301, **given)
    assert list(too_long.value.fields) == ["reason"]
    assert mine(cast.therapist) == {"Hannah", "Lena"}


def test_whoever_somebody_else_moved_in_the_meantime_stays_there(cast: Cast) -> None:
    seen = [cast.hannah.pk, cast.lena.pk]
    hand_over(source=cast.therapist, target=cast.manager, patients=[cast.lena.pk], by=cast.manager, now=cast.now)
    second = hand_over(source=cast.therapist, target=cast.therapist2, patients=seen, by=cast.manager, now=cast.now)
    assert (second.moved, second.missed) == (1, 1)
    assert mine(cast.manager) == {"Lena"}
    with pytest.raises(Conflict):
        hand_over(source=cast.therapist, target=cast.therapist2, patients=seen, by=cast.manager, now=cast.now)
    assert (
        hand_over(source=cast.therapist2, target=cast.manager, patients=[cast.wei.pk, cast.marek.pk], by=cast.manager, now=cast.now).moved
        == 1
    )


def test_what_the_source_had_taken_is_open_again_and_its_history_says_who_had_it(cast: Cast) -> None:
    taken, other = red_pain(cast, cast.hannah), red_pain(cast, cast.marek)
    acknowledge_alert(alert=taken, by=cast.therapist, now=cast.now)
    acknowledge_alert(alert=other, by=cast.therapist, now=cast.now)
    assert loaded(cast.hannah).caseload.owner_name == "Jonas Keller"
    later = cast.now + dt.timedelta(minutes=5)
    handed = hand_over(source=cast.therapist, target=cast.therapist2, patients=[cast.hannah.pk], by=cast.therapist, now=later)
    assert handed.reopened == 1
    taken.refresh_from_db()
    assert (taken.status, taken.seen_by, taken.seen_at) == (Alert.Status.OPEN, None, None)
    steps = list(AlertStep.objects.filter(alert=taken).order_by("at").values_list("kind", "by_id"))
    assert steps == [("acknowledged", cast.therapist.pk), ("handed_over", cast.therapist.pk)]
    assert loaded(cast.hannah).caseload.owner_name == ""
    other.refresh_from_db()
    assert (other.status, other.seen_by_id) == (Alert.Status.ACKNOWLEDGED, cast.therapist.pk), "another therapist's patient is not touched"
    fresh = Alert.objects.select_related("patient__clinic", "patient__caseload").get(pk=taken.pk)
    acknowledge_alert(alert=fresh, by=cast.therapist2, now=later)
    assert loaded(cast.hannah).caseload.owner_name == "Amara Diallo"


def test_what_is_put_off_stays_put_off_but_has_no_owner_any_more(cast: Cast) -> None:
    alert = red_pain(cast, cast.hannah)
    until = cast.now.date() + dt.timedelta(days=3)
    snooze_alert(alert=alert, until=until, reason="agreed", by=cast.therapist, now=cast.now)
    hand_over(source=cast.therapist, target=cast.therapist2, patients=None, by=cast.manager, now=cast.now)
    alert.refresh_from_db()
    assert (alert.status, alert.snoozed_until_on, alert.seen_by) == (Alert.Status.SNOOZED, until, None)


def test_another_therapist_in_the_master_data_is_the_same_handover(cast: Cast) -> None:
    alert = red_pain(cast, cast.hannah)
    acknowledge_alert(alert=alert, by=cast.therapist, now=cast.now)
    change_patient(patient=loaded(cast.hannah), by=cast.manager, now=cast.now, therapist=cast.therapist2)
    alert.refresh_from_db()
    assert alert.status == Alert.Status.OPEN
    assert Handover.objects.get().target_id == cast.therapist2.pk


def test_many_patients_cost_as_many_queries_as_few(cast: Cast) -> None:
    def count(of: list[Patient], target: Membership, source: Membership) -> int:
        with CaptureQueriesContext(connection) as seen:
            hand_over(source=source, target=target, patients=[one.pk for one in of], by=cast.manager, now=cast.now)
        return len(seen)

    rows = [
        create_patient(clinic=cast.riverside, by=cast.therapist, now=cast.now, first_name=f"P{n}", last_name="Q", email="")
        for n in range(30)
    ]
    assert count(rows[:1], cast.therapist2, cast.therapist) == count(rows[1:], cast.therapist2, cast.therapist)


def test_nobody_leaves_patients_behind(cast: Cast) -> None:
    with pytest.raises(Invalid) as asked:
        end_staff(membership=cast.therapist, successor=None, by=cast.manager, now=cast.now)
    assert list(asked.value.fields) == ["target"]
    assert Membership.objects.get(pk=cast.therapist.pk).is_current
    handed = end_staff(membership=cast.therapist, successor=cast.therapist2, by=cast.manager, now=cast.now, reason="moves away")
    assert handed is not None
    assert handed.moved == 2
    assert mine(cast.therapist2) == {"Hannah", "Lena", "Marek"}
    assert Membership.objects.get(pk=cast.therapist.pk).status == Membership.Status.ENDED


def test_a_refused_ending_hands_nobody_over(cast: Cast) -> None:
    hand_over(source=cast.therapist, target=cast.manager, patients=None, by=cast.manager, now=cast.now)
    with pytest.raises(Invalid):
        end_staff(membership=cast.manager, successor=cast.therapist2, by=cast.manager, now=cast.now)
    assert mine(cast.manager) == {"Hannah", "Lena"}
    with pytest.raises(NotAllowed):
        end_staff(membership=cast.therapist2, successor=cast.therapist, by=cast.therapist, now=cast.now)


def test_covers_of_and_by_somebody_who_leaves_end(cast: Cast) -> None:
    day = cast.now.date() + dt.timedelta(days=2)
    arrange_cover(covered=cast.therapist, by_whom=cast.manager, from_on=day, to_on=day, by=cast.manager, now=cast.now)
    arrange_cover(
        covered=cast.therapist2,
        by_whom=cast.therapist,
        from_on=day + dt.timedelta(1),
        to_on=day + dt.timedelta(9),
        by=cast.manager,
        now=cast.now,
    )
    arrange_cover(covered=cast.therapist2, by_whom=cast.manager, from_on=day, to_on=day, by=cast.manager, now=cast.now)
    end_staff(membership=cast.therapist, successor=cast.therapist2, by=cast.manager, now=cast.now)
    assert Cover.objects.filter(ended_at=None).count() == 1
    assert Cover.objects.exclude(ended_at=None).count() == 2


def test_access_of_staff_ends_in_one_place_only() -> None:
    """Whoever ends a membership by itself would leave patients behind."""
    callers = {
        str(path.relative_to(settings.BASE_DIR))
        for app in ("clinics", "patients", "physio", "reminders", "exports", "programs")
        for path in Path(settings.BASE_DIR, app).rglob("*.py")
        if "end_membership(" in path.read_text(encoding="utf-8")
    }
    assert callers == {"clinics/actions/members.py", "patients/actions/handover.py"}
