"""What a clinic lets its patients be reminded of: kinds, channels, hours, and how many reminders may stay unanswered."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import time

from reminders.rules.timing import QuietHours

MOST_UNANSWERED = 6
"""After so many session reminders without any entry no more come, and the therapist is told (default)."""
FEWEST, MOST = 2, 30
"""Between these a clinic may choose."""
LAST_MINUTE = time(23, 59)


@dataclass(frozen=True, slots=True)
class Policy:
    """One clinic's rules; None as an hour: no limit, as number of unanswered ones: they never stop, as sender: the clinic's name."""

    kinds_off: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset({"email", "push"})
    earliest: time | None = None
    latest: time | None = None
    most_unanswered: int | None = MOST_UNANSWERED
    shown_as: str = ""

    @property
    def night(self) -> QuietHours | None:
        """The hours in which nothing comes; None when there are none."""
        if self.earliest is None and self.latest is None:
            return None
        if self.earliest is None:
            return QuietHours(self.latest or LAST_MINUTE, time(0))
        return QuietHours(self.latest or time(0), self.earliest)

    def within(self, wish: time) -> time:
        """Return the time of day nearest to a wish at which the clinic sends."""
        if self.earliest is not None and wish < self.earliest:
            return self.earliest
        return self.latest if self.latest is not None and wish > self.latest else wish

    def allows(self, kind: str) -> bool:
        """Tell whether the clinic sends this kind."""
        return kind not in self.kinds_off


def quiet_with(own: QuietHours | None, night: QuietHours | None) -> QuietHours | None:
    """Return the quiet hours of a patient and of the clinic in one; None when neither has any.

    Both at night become one stretch. Of a patient's stretch by day and the clinic's night only the patient's is kept: the wish itself was
    brought into the clinic's hours before.
    """
    if own is None or night is None:
        return own or night
    if own.from_time == own.until_time:
        return night
    if not (_holds_midnight(own) and _holds_midnight(night)):
        return own
    evenings = [one.from_time for one in (own, night) if one.crosses_midnight]
    return QuietHours(min(evenings, default=time(0)), max(own.until_time, night.until_time))


def _holds_midnight(quiet: QuietHours) -> bool:
    return quiet.crosses_midnight or quiet.from_time == time(0)


def is_unanswered(sent_since: Collection[object], most: int | None) -> bool:
    """Tell whether so many reminders went out since the last sign of life that no more should; None: they never stop."""
    return most is not None and len(sent_since) >= most
