"""The moves a message on its way out may make, to patients and to staff alike."""

from reminders.models import Delivery

_D = Delivery.Status
DELIVERY: dict[str, frozenset[str]] = {
    _D.CLAIMED: frozenset({_D.QUEUED}),
    _D.SENT: frozenset({_D.CLAIMED}),
    _D.HELD: frozenset({_D.QUEUED, _D.CLAIMED}),
    _D.MISSED: frozenset({_D.QUEUED, _D.CLAIMED}),
    _D.FAILED: frozenset({_D.CLAIMED}),
    _D.QUEUED: frozenset({_D.CLAIMED, _D.HELD, _D.SENT}),
}
