"""Cover for some days: who may arrange it, what is in the way, and that it ends without anybody's doing."""

import datetime as dt
from typing import Any

import pytest
import time_machine

from clinics.errors import Conflict, Invalid, NotAllowed
from clinics.localtime import local_day, to_utc
from clinics.models import AuditEvent, Membership
from patients.actions.cover import arrange_cover, end_cover
from patients.covering import standing_in, stands_in_for
from patients.models import Cover
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def today(cast: Cast) -> dt.date:
    return local_day(cast.now, cast.riverside.time_zone)


def arranged(cast: Cast, first: int, last: int, by: Membership | None = None, **people: Any) -> Cover:
    who = {"covered": cast.therapist, "by_whom": cast.therapist2} | people
    day = today(cast)
    return arrange_cover(
        from_on=day + dt.timedelta(days=first), to_on=day + dt.timedelta(days=last), by=by or cast.manager, now=cast.now, **who
    )


def test_it_holds_on_its_days_of_the_clinic_and_no_job_has_to_run(cast: Cast) -> None:
    arranged(cast, 1, 3)
    day = today(cast)
    found = {ahead: bool(stands_in_for(cast.therapist2, day + dt.timedelta(days=ahead))) for ahead in range(6)}
    assert found == {0: False, 1: True, 2: True, 3: True, 4: False, 5: False}
    assert standing_in({cast.riverside.pk: day + dt.timedelta(days=3)}) == {cast.therapist.pk: cast.therapist2.pk}
    assert standing_in({cast.riverside.pk: day + dt.timedelta(days=4)}) == {}
    assert standing_in({cast.harbour.pk: day + dt.timedelta(days=3)}) == {}
    assert AuditEvent.objects.filter(action="cover.add", clinic_id=cast.riverside.pk).count() == 1


def test_its_days_are_those_of_the_clinics_clock(cast: Cast) -> None:
    """Twenty past midnight in Berlin is still the day before in UTC."""
    arranged(cast, 1, 1)
    first = today(cast) + dt.timedelta(days=1)
    with time_machine.travel(to_utc(first, dt.time(0, 20), "Europe/Berlin"), tick=False):
        assert stands_in_for(cast.therapist2, local_day(dt.datetime.now(dt.UTC), "Europe/Berlin"))


@pytest.mark.parametrize(("by", "allowed"), [("manager", True), ("therapist", True), ("therapist2", False), ("harbour_manager", False)])
def test_a_manager_arranges_it_for_everybody_and_everybody_for_themselves(cast: Cast, by: str, allowed: bool) -> None:
    if allowed:
        assert arranged(cast, 0, 1, getattr(cast, by)).created_by == getattr(cast, by)
        return
    with pytest.raises(NotAllowed):
        arranged(cast, 0, 1, getattr(cast, by))


def test_nobody_is_covered_twice_on_a_day_but_one_after_the_other(cast: Cast) -> None:
    arranged(cast, 1, 3)
    with pytest.raises(Conflict) as refused:
        arranged(cast, 3, 4, by_whom=cast.manager)
    assert "Amara Diallo" in str(refused.value.fields["from_on"][0])
    arranged(cast, 4, 5, by_whom=cast.manager)
    with pytest.raises(Conflict):
        arranged(cast, 2, 2, covered=cast.therapist2, by_whom=cast.manager)
    assert Cover.objects.count() == 2


def test_only_people_who_work_here_stand_in(cast: Cast) -> None:
    for name, who in (("by", {"by_whom": cast.harbour_therapist}), ("by", {"by_whom": cast.hannah.membership})):
        with pytest.raises(Invalid) as refused:
            arranged(cast, 0, 1, **who)
        assert list(refused.value.fields) == [name]


def test_it_can_be_ended_early_once(cast: Cast) -> None:
    cover = arranged(cast, 0, 5)
    with pytest.raises(NotAllowed):
        end_cover(cover=cover, by=cast.therapist2, now=cast.now)
    end_cover(cover=cover, by=cast.therapist, now=cast.now)
    assert stands_in_for(cast.therapist2, today(cast)) == {}
    with pytest.raises(Conflict):
        end_cover(cover=cover, by=cast.manager, now=cast.now)
    arranged(cast, 0, 5, by_whom=cast.manager)
    with pytest.raises(Conflict):
        end_cover(cover=Cover.objects.filter(ended_at=None).get(), by=cast.manager, now=cast.now + dt.timedelta(days=9))
