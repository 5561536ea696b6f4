"""The cache when Redis keeps it: while Redis is away each process remembers for itself, so pages go on and limits still count."""

import time
from typing import Any

import structlog
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

AWAY_SECONDS = 5.0
log = structlog.get_logger(__name__)


class SteadyRedisCache(RedisCache):
    """Redis, or for a few seconds after each failure the memory of this process."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        """Keep a small cache in memory beside the connection."""
        super().__init__(server, params)
        self.memory = LocMemCache("steady-redis-cache", {**params, "OPTIONS": {"MAX_ENTRIES": 10_000}})
        self.away_until = 0.0

    def _ask(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= self.away_until:
            try:
                return getattr(super(), name)(*args, **kwargs)
            except RedisError as error:
                self.away_until = time.monotonic() + AWAY_SECONDS
                log.warning("cache_away", error=type(error).__name__, seconds=AWAY_SECONDS)
        return getattr(self.memory, name)(*args, **kwargs)

    def add(self, *args: Any, **kwargs: Any) -> bool:
        """Set a key that is not there yet."""
        return bool(self._ask("add", *args, **kwargs))

    def get(self, *args: Any, **kwargs: Any) -> Any:
        """Return a value or the default."""
        return self._ask("get", *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> None:
        """Keep a value."""
        self._ask("set", *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        """Give a key a new end."""
        return bool(self._ask("touch", *args, **kwargs))

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        """Forget a key."""
        return bool(self._ask("delete", *args, **kwargs))

    def get_many(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        """Return the values that are there."""
        return dict(self._ask("get_many", *args, **kwargs))

    def has_key(self, *args: Any, **kwargs: Any) -> bool:
        """Tell whether a key is there."""
        return bool(self._ask("has_key", *args, **kwargs))

    def incr(self, *args: Any, **kwargs: Any) -> int:
        """Count up; raises ValueError for a key that is not there."""
        return int(self._ask("incr", *args, **kwargs))

    def set_many(self, *args: Any, **kwargs: Any) -> list[Any]:
        """Keep several values."""
        return list(self._ask("set_many", *args, **kwargs))

    def delete_many(self, *args: Any, **kwargs: Any) -> None:
        """Forget several keys."""
        self._ask("delete_many", *args, **kwargs)

    def clear(self) -> None:
        """Forget everything."""
        self._ask("clear")
