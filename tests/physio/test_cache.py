"""While Redis is away the cache goes on in memory."""

import time
from typing import Any

import pytest

from physio.cache import AWAY_SECONDS, SteadyRedisCache


@pytest.fixture
def away(free_port: int) -> Any:
    cache = SteadyRedisCache(f"redis://127.0.0.1:{free_port}/0", {"OPTIONS": {"socket_connect_timeout": 0.5}})
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


def test_redis_is_not_asked_again_for_some_seconds(away: SteadyRedisCache, monkeypatch: pytest.MonkeyPatch) -> None:
    away.get("anything")
    monkeypatch.setattr("django.core.cache.backends.redis.RedisCache.get", lambda *a, **k: pytest.fail("asked while it is away"))

    assert away.get("anything") is None
    assert 0 < away.away_until - time.monotonic() <= AWAY_SECONDS
