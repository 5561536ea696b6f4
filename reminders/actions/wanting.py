"""What patients want to be told, as it was said, and as the rules of their clinic allow it."""

import datetime as dt
import uuid
from collections.abc import Collection
from functools import cache
from typing import NamedTuple

from reminders.actions.among import among
from reminders.models import Channel, Preference
from reminders.rules import timing
from reminders.rules.moments import DEFAULT_WISH, OFF_UNLESS_WISHED, SUNDAY
from reminders.rules.policy import Policy, quiet_with
from reminders.rules.timing import QuietHours


class Wish(NamedTuple):
    """What a patient wants for one kind; `weekday` counts for the weekly summary, None as `quiet`: no quiet hours, as `said_at`: never."""

    is_on: bool
    at: dt.time
    paused_to_on: dt.date | None
    weekday: int = SUNDAY
    quiet: QuietHours | None = None
    channel: str = Channel.EMAIL
    said_at: dt.datetime | None = None

    def under(self, policy: Policy) -> "Wish":
        """Return the wish as the clinic's hours allow it."""
        return self if policy.night is None else self._replace(at=policy.within(self.at), quiet=quiet_with(self.quiet, policy.night))

    def wants(self, day: dt.date) -> bool:
        """Tell whether a reminder is wanted for that day."""
        return self.is_on and not (self.paused_to_on is not None and day <= self.paused_to_on)


def wishes_of(patients: Collection[uuid.UUID], kinds: Collection[str], *, dated: bool = True) -> dict[tuple[uuid.UUID, str], Wish]:
    """Return what these patients said they want, and when if `dated`; whoever said nothing has the default."""
    rows = Preference.objects.filter(among("patient_id", patients), kind__in=kinds)
    columns = (
        "patient_id",
        "kind",
        "is_on",
        "at_local_time",
        "paused_to_on",
        "weekday",
        "quiet_from",
        "quiet_until",
        "channel",
        *(["changed_at"] if dated else []),
    )
    return {
        (patient, kind): Wish(is_on, at, paused_to, weekday or SUNDAY, quiet_hours(begin, end), channel, *said)
        for patient, kind, is_on, at, paused_to, weekday, begin, end, channel, *said in rows.values_list(*columns)
    }


def quiet_hours(begin: dt.time | None, end: dt.time | None) -> QuietHours | None:
    """Return the quiet hours of a row; None when it has none."""
    return QuietHours(begin, end) if begin is not None and end is not None else None


@cache
def default_wish(kind: str) -> Wish:
    """Return the wish of a patient who said nothing."""
    return Wish(kind not in OFF_UNLESS_WISHED, DEFAULT_WISH[timing.Kind(kind)], None)
