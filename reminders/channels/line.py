"""What every channel has in common: a line that is opened, takes one message after the other, and says why it did not take one."""

from typing import Any, Protocol


class TryLater(Exception):
    """The message was not taken now; carries a code."""


class Refused(Exception):
    """The message will never be taken; carries a code. `is_address`: because of where it goes, and so will be every other one."""

    def __init__(self, code: str, *, is_address: bool = False) -> None:
        """Take the code."""
        super().__init__(code)
        self.is_address = is_address


class LineBroken(Exception):
    """The connection ended while this message was under way: nobody knows whether it was taken."""


class LineDown(Exception):
    """The service cannot be reached or does not let us in."""


class Line(Protocol):
    """One channel's way out, kept for many messages."""

    def open(self) -> None:
        """Connect unless connected; raises LineDown."""

    def close(self) -> None:
        """Hang up."""

    def send(self, message: Any) -> None:
        """Hand one message over and return when it was taken; raises TryLater, Refused, LineBroken or LineDown."""
