"""Limits: as many tries as allowed, then none until the time is over, also for two at once."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from clinics import throttle
from clinics.models import Throttle

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def take(at: dt.datetime = NOW, key: str = "a", amount: int = 3) -> bool:
    return throttle.take(key, amount=amount, seconds=600, now=at)


@pytest.mark.django_db
def test_so_many_and_no_more() -> None:
    assert [take() for _ in range(5)] == [True, True, True, False, False]
    assert take(key="b")


@pytest.mark.django_db
def test_the_last_try_starts_the_whole_time_anew() -> None:
    assert take()
    assert take(NOW + 8 * MINUTE)
    assert take(NOW + 9 * MINUTE)
    assert not take(NOW + 11 * MINUTE)
    assert not take(NOW + 18 * MINUTE)
    assert take(NOW + 19 * MINUTE)


@pytest.mark.django_db
def test_a_try_given_back_does_not_count_and_clearing_forgets() -> None:
    for _ in range(10):
        assert take()
        throttle.give_back("a")
    assert [take() for _ in range(4)] == [True, True, True, False]
    throttle.clear("a")
    assert take()
    throttle.give_back("nobody")


@pytest.mark.django_db
def test_keys_are_not_readable_and_old_ones_are_forgotten() -> None:
    take(key="password:hannah@patients.example")
    take(NOW + 20 * MINUTE, key="later")
    assert not Throttle.objects.filter(key__contains="hannah").exists()
    assert throttle.forget_old(NOW + 15 * MINUTE) == 1
    assert Throttle.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_requests_at_the_same_moment_cannot_share_a_try() -> None:
    def one(_number: int) -> bool:
        try:
            return take(amount=4)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=8) as pool:
        allowed = list(pool.map(one, range(16)))
    assert allowed.count(True) == 4
