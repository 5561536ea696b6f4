"""Limits on what may be tried how often, counted in the database with conditional UPDATEs."""

import datetime as dt
import hashlib

from django.db import IntegrityError, transaction
from django.db.models import Case, DateTimeField, F, Value, When

from clinics.models import Throttle


def _stored(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def take(key: str, *, amount: int, seconds: int, now: dt.datetime) -> bool:
    """Count one try under `key`; False when `amount` tries in `seconds` are used up.

    The try that uses up the last one starts the full `seconds` anew: that is the lock. Two requests at once cannot share a try.
    """
    stored, ends_at = _stored(key), now + dt.timedelta(seconds=seconds)
    rows = Throttle.objects.filter(key=stored)
    if rows.filter(ends_at__lte=now).update(count=1, ends_at=ends_at):
        return True
    end = Case(When(count=amount - 1, then=Value(ends_at)), default=F("ends_at"), output_field=DateTimeField())
    if rows.filter(count__lt=amount).update(count=F("count") + 1, ends_at=end):
        return True
    if rows.exists():
        return False
    try:
        with transaction.atomic():
            Throttle.objects.create(key=stored, count=1, ends_at=ends_at)
    except IntegrityError:
        return bool(rows.filter(count__lt=amount).update(count=F("count") + 1, ends_at=end))
    return True


def give_back(key: str) -> None:
    """Return the last try: it was no failure."""
    Throttle.objects.filter(key=_stored(key), count__gt=0).update(count=F("count") - 1)


def clear(key: str) -> None:
    """Forget all tries under `key`."""
    Throttle.objects.filter(key=_stored(key)).delete()


def forget_old(now: dt.datetime) -> int:
    """Delete what ended; returns how many."""
    return Throttle.objects.filter(ends_at__lte=now).delete()[0]
