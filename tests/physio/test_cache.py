"""While Redis is away, or takes calls and never answers, the cache goes on in memory and pages wait for it once and not long."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.cache.backends.redis import RedisCache
from django.test import Client, override_settings
from redis.exceptions import ConnectionError as RedisGone

from physio.cache import AWAY_SECONDS, Circuit, SteadyRedisCache
from tests.cast import PASSWORD, Cast

WAITS = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes every call and never says a word."""
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen(200)
        yield int(mute.getsockname()[1])


@pytest.fixture(params=["nobody listens", "never answers"])
def redis_url(request: pytest.FixtureRequest, free_port: int, silent_port: int) -> str:
    port = free_port if request.param == "nobody listens" else silent_port
    return f"redis://127.0.0.1:{port}/0"


@pytest.fixture
def away(free_port: int) -> SteadyRedisCache:
    cache = SteadyRedisCache(f"redis://127.0.0.1:{free_port}/0", {"OPTIONS": WAITS})
    cache.memory.clear()
    return cache


def test_what_was_set_is_found_again(away: SteadyRedisCache) -> None:
    away.set("tries", 1)
    away.incr("tries")

    assert away.get("tries") == 2
    assert away.has_key("tries")
    assert away.get_many(["tries", "other"]) == {"tries": 2}
    assert not away.add("tries", 9)
    assert away.touch("tries", 60)
    assert away.delete("tries")
    assert away.get("tries", "none") == "none"


def test_several_at_once(away: SteadyRedisCache) -> None:
    assert away.set_many({"one": 1, "two": 2}) == []
    away.delete_many(["one"])
    assert away.get("one") is None
    away.clear()
    assert away.get("two") is None


def test_no_thread_asks_again_for_some_seconds(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    SteadyRedisCache(redis_url, {"OPTIONS": WAITS}).get("anything")
    monkeypatch.setattr(RedisCache, "get", lambda *a, **k: pytest.fail("asked while it is away"))
    waited = []

    def ask() -> None:
        begin = time.monotonic()
        SteadyRedisCache(redis_url, {"OPTIONS": WAITS}).get("anything")
        waited.append(time.monotonic() - begin)

    threads = [threading.Thread(target=ask) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(waited) == 4
    assert max(waited) < 0.2


def test_one_thread_at_a_time_tries_whether_redis_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit = Circuit()
    assert circuit.lets_through()
    circuit.fail(RedisGone())
    assert not circuit.lets_through()
    now = time.monotonic()
    monkeypatch.setattr("physio.cache.time.monotonic", lambda: now + AWAY_SECONDS + 1)
    assert [circuit.lets_through() for _thread in range(3)] == [True, False, False]


def test_what_ended_while_redis_was_away_does_not_come_back_with_it(away: SteadyRedisCache, monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten: list[str] = []
    away.set("session-of-somebody", "open")
    away.delete("session-of-somebody")
    away.get("only-read")
    monkeypatch.setattr(RedisCache, "delete_many", lambda self, keys: forgotten.extend(keys))
    monkeypatch.setattr(RedisCache, "get", lambda self, key: "from Redis")
    away.circuit.away_until = 0.0

    assert away.get("anything") == "from Redis"
    assert forgotten == ["session-of-somebody"]
    assert not away.circuit.is_away
    assert away.circuit.stale == set()


@pytest.mark.django_db
def test_pages_answer_within_two_seconds_and_signing_in_works(cast: Cast, redis_url: str) -> None:
    for address in ("/accounts/login/", "/healthz"):
        Client().get(address)  # what a process does once, before anybody measures
    steady = {"BACKEND": "physio.cache.SteadyRedisCache", "LOCATION": redis_url, "OPTIONS": settings.REDIS_WAITS}
    with override_settings(
        CACHES={"default": steady},
        SESSION_ENGINE="django.contrib.sessions.backends.cached_db",
        REDIS_URL=redis_url,
        CELERY_BROKER_URL=redis_url,
    ):
        patient = Client()
        steps: list[tuple[str, dict[str, Any] | None, set[int]]] = [
            ("/accounts/login/", None, {200}),
            ("/accounts/login/", {"login": cast.hannah.email, "password": PASSWORD}, {302}),
            ("/me/", None, {200}),
            ("/me/check-in/", {"pain_0_10": "2", "readiness_0_10": "7", "answer": "none"}, {302}),
            ("/me/plan/", None, {200}),
            ("/readyz", None, {503}),
            ("/accounts/logout/", {}, {302}),
            ("/me/", None, {302}),
        ]
        for address, data, statuses in steps:
            begin = time.monotonic()
            response = patient.get(address) if data is None else patient.post(address, data)
            took = time.monotonic() - begin
            assert response.status_code in statuses, (address, response.status_code)
            assert took < 2, (address, took)
