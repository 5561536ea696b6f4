"""Moving an appointment and pausing a program, by the clinic."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from clinics.localtime import local_day, to_local
from clinics.models import ClosedDay
from patients.models import Assignment, Pause, ScheduledSession
from tests.cast import Cast, sign_in


def coming(cast: Cast, setting: str) -> ScheduledSession:
    today = local_day(cast.now, "Europe/Berlin")
    found = ScheduledSession.objects.filter(patient=cast.hannah, setting=setting, status="planned", on__gt=today).order_by("on").first()
    assert found is not None
    return found


def free_day(cast: Cast) -> dt.date:
    today = local_day(cast.now, "Europe/Berlin")
    taken = set(ScheduledSession.objects.filter(patient=cast.hannah).values_list("on", flat=True))
    return next(day for day in (today + dt.timedelta(days=ahead) for ahead in range(1, 15)) if day not in taken)


def test_an_appointment_moves_to_another_day_and_time(client: Client, cast: Cast) -> None:
    session, day = coming(cast, "supervised"), free_day(cast)
    address = reverse("patients:session_shift", args=[session.pk])
    sign_in(client, cast.therapist)
    assert 'value="17:00"' in client.get(address).content.decode()
    assert client.post(address, {"to_on": day.isoformat(), "at_time": "09:30"}).status_code == 302
    session.refresh_from_db()
    assert session.on == day
    assert session.starts_at is not None
    assert to_local(session.starts_at, "Europe/Berlin").time() == dt.time(9, 30)


def test_what_does_not_fit_is_refused_beside_the_field(client: Client, cast: Cast) -> None:
    session = coming(cast, "supervised")
    address = reverse("patients:session_shift", args=[session.pk])
    ClosedDay.objects.create(clinic=cast.riverside, on=free_day(cast))
    other = coming(cast, "home")
    sign_in(client, cast.therapist)
    for to_on, status in ((free_day(cast), 422), (dt.date(2020, 1, 1), 422), (other.on, 409), ("", 422)):
        assert client.post(address, {"to_on": str(to_on), "at_time": "09:30"}).status_code == status
    assert ScheduledSession.objects.get(pk=session.pk).on == session.on


def test_a_pause_moves_the_rest_by_whole_weeks(client: Client, cast: Cast) -> None:
    assignment = Assignment.objects.get(patient=cast.hannah)
    address = reverse("patients:assignment_pause", args=[assignment.pk])
    today = local_day(cast.now, "Europe/Berlin")
    sign_in(client, cast.therapist)
    assert client.get(address).status_code == 200
    data = {"from_on": str(today + dt.timedelta(days=1)), "to_on": str(today + dt.timedelta(days=7)), "reason": "holiday"}
    assert client.post(address, {**data, "reason": "nonsense"}).status_code == 422
    assert client.post(address, {**data, "to_on": str(today)}).status_code == 422
    assert client.post(address, data).status_code == 302
    assert Pause.objects.get(assignment=assignment).shifted_days == 7
    assert Assignment.objects.get(pk=assignment.pk).ends_on == assignment.ends_on + dt.timedelta(days=7)
    assert client.post(address, data).status_code == 409


@pytest.mark.parametrize("method", ["get", "post"])
def test_another_clinic_and_patients_stay_outside(client: Client, cast: Cast, method: str) -> None:
    session, assignment = coming(cast, "supervised"), Assignment.objects.get(patient=cast.hannah)
    addresses = [reverse("patients:session_shift", args=[session.pk]), reverse("patients:assignment_pause", args=[assignment.pk])]
    sign_in(client, cast.harbour_therapist)
    assert [getattr(client, method)(address).status_code for address in addresses] == [404, 404]
    assert cast.hannah.membership is not None
    sign_in(client, cast.hannah.membership)
    assert [getattr(client, method)(address).status_code for address in addresses] == [403, 403]
