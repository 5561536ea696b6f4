"""Changes of a running plan as they are told: from which day, what is different, why, and by whom."""

from collections.abc import Iterable
from dataclasses import dataclass

from patients.models import AssignmentVersion
from programs.rules.diff import restore
from programs.wording import change_text


@dataclass(frozen=True, slots=True)
class ToldChange:
    """One change with its sentences in the active language."""

    row: AssignmentVersion
    sentences: list[str]


def told_changes(rows: Iterable[AssignmentVersion]) -> list[ToldChange]:
    """Return the changes, newest first; rows need their maker loaded."""
    newest = sorted(rows, key=lambda row: (row.from_on, row.made_at), reverse=True)
    return [ToldChange(row, [change_text(restore(one)) for one in row.changes]) for row in newest]
