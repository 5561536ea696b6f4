"""What a patient may agree to, which version of the words is current, and what has to be asked now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class Purpose(StrEnum):
    """What somebody agrees to; each is asked, given and taken back on its own (GDPR Art. 7)."""

    RECORD = "record"
    REMINDERS = "reminders"
    OUTCOMES = "outcomes"


VERSIONS: dict[Purpose, str] = {Purpose.RECORD: "1", Purpose.REMINDERS: "2", Purpose.OUTCOMES: "1"}
"""The version asked for now. The words of every version stay in `templates/patients/consents/<purpose>_<version>.html`, unchanged."""

NEEDED = frozenset({Purpose.RECORD})
"""Without these nobody can take part; everything else is free."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The last word on one purpose: which version, whether it is given or taken back, and the day of that."""

    version: str
    is_given: bool
    on: date

    def is_current(self, purpose: Purpose) -> bool:
        """Tell whether it was said about the words of today."""
        return self.version == VERSIONS[purpose]


Standings = Mapping[Purpose, Standing]


def read_standings(stored: Mapping[str, Sequence[Any]]) -> dict[Purpose, Standing]:
    """Turn what the caseload line holds, {purpose: [version, given, day]}, into standings; purposes of another release are left out."""
    known = {purpose.value for purpose in Purpose}
    return {
        Purpose(name): Standing(str(version), bool(is_given), date.fromisoformat(on))
        for name, (version, is_given, on) in stored.items()
        if name in known
    }


def is_given(standings: Standings, purpose: Purpose) -> bool:
    """Tell whether a purpose is agreed to, in whatever version."""
    one = standings.get(purpose)
    return one is not None and one.is_given


def is_first_visit(standings: Standings) -> bool:
    """Tell whether the person was never asked: whoever answered has said yes to the record at least once."""
    return Purpose.RECORD not in standings


def has_withdrawn(standings: Standings) -> bool:
    """Tell whether the person agreed to the record once and took it back."""
    return not is_first_visit(standings) and not is_given(standings, Purpose.RECORD)


def to_ask(standings: Standings) -> list[Purpose]:
    """Return what to ask on the next visit: all at first, then what was agreed to in other words, nothing after a withdrawal."""
    if is_first_visit(standings):
        return [purpose for purpose in Purpose if not is_given(standings, purpose)]
    if has_withdrawn(standings):
        return []
    return [purpose for purpose in Purpose if is_given(standings, purpose) and not standings[purpose].is_current(purpose)]
