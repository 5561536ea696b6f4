"""Which channel a reminder takes: the one the patient chose, or e-mail where that one does not reach them."""

from enum import StrEnum

TRIES_BEFORE_MAIL = 3
"""After so many attempts on another channel the reminder goes by e-mail."""


class Channel(StrEnum):
    """How a reminder reaches a person."""

    EMAIL = "email"
    PUSH = "push"
    SMS = "sms"


def channel_for(wished: Channel, *, is_on: bool, reaches: bool, attempts: int, error: str) -> Channel:
    """Return the channel to use; `attempts` counts the one that begins, `error` is how the last one ended (empty: none).

    `is_on`: the clinic and the installation offer the channel. `reaches`: there is a device or a confirmed number that was not refused.
    """
    if wished == Channel.EMAIL:
        return wished
    is_refused = error.startswith(f"{wished} ")
    return wished if is_on and reaches and not is_refused and attempts <= TRIES_BEFORE_MAIL else Channel.EMAIL


def refusal(channel: str, code: str) -> str:
    """Return what is written down when a channel refused this reminder, so that the next attempt takes another one."""
    return f"{channel} {code}"
