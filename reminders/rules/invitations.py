"""What became of an invitation, as the person who sent it is told: accepted, run out, or not delivered."""

from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    """How it ended, in the order in which it is told."""

    ACCEPTED = "accepted"
    EXPIRED = "expired"
    UNDELIVERED = "undelivered"


def outcome_of(
    accepted: datetime | None, revoked: datetime | None, undelivered: datetime | None, expires: datetime, since: datetime, now: datetime
) -> Outcome | None:
    """Return what became of an invitation after `since` and up to `now`; None when nothing did, or when it was taken back or sent anew."""
    if accepted is not None:
        return Outcome.ACCEPTED if since < accepted <= now else None
    if revoked is not None:
        return None
    if since < expires <= now:
        return Outcome.EXPIRED
    return Outcome.UNDELIVERED if undelivered is not None and since < undelivered <= now else None
