"""The cache when Redis keeps it: while Redis is away each process remembers for itself, so pages go on and limits still count."""

import threading
import time
from typing import Any

import structlog
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

AWAY_SECONDS = 5.0
MOST_STALE = 100_000
CHANGES = frozenset({"add", "set", "touch", "delete", "incr", "set_many", "delete_many"})
log = structlog.get_logger(__name__)


class Circuit:
    """What the threads of a process know together of one Redis: until when nobody asks it, and what changed meanwhile."""

    def __init__(self) -> None:
        """Begin with a Redis that is there."""
        self.lock = threading.Lock()
        self.is_away = False
        self.away_until = 0.0
        self.stale: set[str] = set()

    def lets_through(self) -> bool:
        """Tell whether to ask; after a failure one thread at a time tries whether Redis is back, the others do not wait for it."""
        if not self.is_away:
            return True
        with self.lock:
            now = time.monotonic()
            if now < self.away_until:
                return False
            self.away_until = now + AWAY_SECONDS
            return True

    def fail(self, error: Exception) -> None:
        """Ask nobody for some seconds."""
        with self.lock:
            was_away, self.is_away = self.is_away, True
            self.away_until = time.monotonic() + AWAY_SECONDS
        if not was_away:
            log.warning("cache_away", error=type(error).__name__, seconds=AWAY_SECONDS)

    def note(self, name: str, keys: Any) -> None:
        """Remember what changed in memory only: a session that was ended must not come back with Redis."""
        if name in CHANGES and len(self.stale) < MOST_STALE:
            self.stale.update([keys] if isinstance(keys, str) else keys)


circuits: dict[str, Circuit] = {}


class SteadyRedisCache(RedisCache):
    """Redis, or for a few seconds after each failure the memory of this process."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        """Keep a small cache in memory beside the connection; every thread has a cache of its own, and all share what is known of Redis."""
        super().__init__(server, params)
        self.memory = LocMemCache("steady-redis-cache", {**params, "OPTIONS": {"MAX_ENTRIES": 10_000}})
        self.circuit = circuits.setdefault(server, Circuit())

    def _ask(self, name: str, *args: Any, **kwargs: Any) -> Any:
        circuit = self.circuit
        if circuit.lets_through():
            try:
                if circuit.is_away:
                    self._come_back()
                return getattr(super(), name)(*args, **kwargs)
            except RedisError as error:
                circuit.fail(error)
        if args:
            circuit.note(name, args[0])
        return getattr(self.memory, name)(*args, **kwargs)

    def _come_back(self) -> None:
        """Forget in Redis what changed while it was away, then use it again; raises RedisError while it still is."""
        changed = list(self.circuit.stale)
        super().delete_many(changed or ["steady-redis-cache"])
        self.circuit.stale.difference_update(changed)
        self.memory.clear()
        self.circuit.is_away = False
        log.warning("cache_back", forgotten=len(changed))

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
