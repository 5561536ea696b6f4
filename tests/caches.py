"""Emptying the cache of this worker, and of no other."""

from typing import Any

from django.conf import settings
from django.core.cache import cache, caches


def empty_cache() -> None:
    """Forget counters, sessions and texts; `cache.clear()` would also empty the queue and the caches of the other workers in Redis."""
    if not settings.REDIS_URL:
        cache.clear()
        return
    redis_cache: Any = caches["default"]
    client = redis_cache._cache.get_client(None, write=True)
    for key in client.scan_iter(match=f"{settings.CACHES['default']['KEY_PREFIX']}:*"):
        client.delete(key)
