"""What a letter to the referring doctor may tell, and which program rests on which trial."""

from collections.abc import Iterable
from enum import StrEnum


class Part(StrEnum):
    """The parts of a letter, in the order they stand in it."""

    PROGRAM = "program"
    ADHERENCE = "adherence"
    COURSE = "course"
    SIGNS = "signs"
    FINDINGS = "findings"
    OUTLOOK = "outlook"


FROM_THE_RECORD = (Part.PROGRAM, Part.ADHERENCE, Part.COURSE, Part.SIGNS)
"""What the product writes itself; the other two are the therapist's words."""


class Trial(StrEnum):
    """The trial a program of the library is modelled on."""

    SINGAPORE = "singapore"
    ASTEROID = "asteroid"


# Cai, Yang, Kong 2017 (three arms); Neason 2025 (run-walk). Doses of the arms and stages in between were not published.
TRIALS = {"LL": Trial.SINGAPORE, "LE": Trial.SINGAPORE, "LS": Trial.SINGAPORE, "RW": Trial.ASTEROID}


def in_order(chosen: Iterable[str]) -> list[Part]:
    """Return the known parts among those chosen, each once, in the order of a letter."""
    wanted = set(chosen)
    return [part for part in FROM_THE_RECORD if part.value in wanted]


def trial_of(code: str, *, is_library: bool) -> Trial | None:
    """Return the trial behind a program, by its code and whether it comes from the library; None where there was none."""
    return TRIALS.get(code) if is_library else None


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text: lines between empty lines, each line break kept."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            found[-1].append(line.strip())
        elif found[-1]:
            found.append([])
    return ["\n".join(one) for one in found if one]
