"""Reminders by the API: who sees what was sent."""

import datetime as dt

from reminders.models import Delivery, Kind
from tests.caller import Caller
from tests.cast import Cast


def deliveries(cast: Cast) -> list[Delivery]:
    """Plan a reminder for a patient of each clinic."""
    return [
        Delivery.objects.create(
            clinic=patient.clinic,
            patient=patient,
            kind=Kind.SESSION_TODAY,
            slot_on=cast.now.date() + dt.timedelta(days=n),
            due_at=cast.now + dt.timedelta(days=n),
            expires_at=cast.now + dt.timedelta(days=n, hours=4),
            error="550 hannah@patients.example refused",
        )
        for patient in (cast.hannah, cast.marek, cast.wei)
        for n in range(3)
    ]


def test_a_patient_sees_the_own_reminders_and_staff_those_of_the_clinic(cast: Cast) -> None:
    rows = deliveries(cast)
    own = Caller(cast.hannah.membership).every("deliveries/", page_size=2)
    assert [one["id"] for one in own] == [str(row.pk) for row in reversed(rows[:3])]
    assert {one["patient"] for one in Caller(cast.therapist).every("deliveries/")} == {str(cast.hannah.pk), str(cast.marek.pk)}
    assert {one["patient"] for one in Caller(cast.harbour_therapist).every("deliveries/")} == {str(cast.wei.pk)}
    assert Caller(cast.hannah.membership).get(f"deliveries/{rows[3].pk}/").status_code == 404
    assert Caller(cast.harbour_manager).get(f"deliveries/{rows[0].pk}/").status_code == 404
    assert Caller(cast.therapist).get(f"deliveries/{rows[0].pk}/").status_code == 200


def test_answers_of_mail_servers_and_internal_marks_stay_inside(cast: Cast) -> None:
    deliveries(cast)
    text = Caller(cast.therapist).get("deliveries/").content.decode()
    assert "550" not in text
    assert "claim" not in text.replace("claimed", "")


def test_reminders_are_narrowed_by_day_and_status_and_written_by_nobody(cast: Cast) -> None:
    deliveries(cast)
    caller = Caller(cast.hannah.membership)
    tomorrow = (cast.now.date() + dt.timedelta(days=1)).isoformat()
    assert [one["slot_on"] for one in caller.every("deliveries/", slot_from=tomorrow, slot_to=tomorrow)] == [tomorrow]
    assert caller.every("deliveries/", status="sent") == []
    assert caller.get("deliveries/", due_at="x").status_code == 400
    assert caller.post("deliveries/", {"kind": "session_today"}).status_code == 405
