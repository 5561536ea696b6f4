"""The evidence card of a program: what the trial did, what it showed and did not, and what is ours."""

from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from programs.models import Program, ProgramVersion, in_language
from programs.wording import Mark, provenance_mark


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the entry checklist and where it comes from."""

    text: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Evidence:
    """The texts of the card in the active language; `participants` is None where there was no trial."""

    summary: str
    short: str
    study: str
    showed: str
    not_shown: str
    ours: str
    participants: int | None
    citation: str
    doi: str
    checklist: list[Check]
    frame: list[tuple[str, str, Mark | None]]


def evidence_of(version: ProgramVersion) -> Evidence:
    """Return the card of a version; its sentences say what was shown and never which program to choose."""
    given: dict[str, Any] = version.evidence or {}
    if version.program.origin == Program.Origin.CLINIC:
        given = {**given, **own_words(given.get("after") or {})}
    showed = str(in_language(given.get("showed")))
    return Evidence(
        summary=str(in_language(version.summary)),
        short=slopes_text(given.get("slopes")) or first_sentence(showed),
        study=str(in_language(given.get("study"))),
        showed=showed,
        not_shown=str(in_language(given.get("not_shown"))),
        ours=str(in_language(given.get("ours"))),
        participants=given.get("n"),
        citation=str(given.get("citation") or ""),
        doi=str(given.get("doi") or ""),
        checklist=[
            Check(str(in_language(line.get("text"))), provenance_mark(str(line.get("provenance", "default")))) for line in version.checklist
        ],
        frame=frame_of(version, given.get("provenance") or {}),
    )


def own_words(after: dict[str, Any]) -> dict[str, Any]:
    """Return what the card of a clinic's own program says: that no trial looked at it, and which program it began as a copy of."""
    if after:
        values = {"name": in_language(after.get("names")), "n": after.get("number")}
        study = _("Put together by your clinic, after “%(name)s”, version %(n)s.") % values
        showed = _("Not studied. What is known about “%(name)s” holds for that program, not for this one.") % values
    else:
        study, showed = _("Put together by your clinic."), _("Not studied.")
    return {
        "study": study,
        "showed": showed,
        "not_shown": _("No trial looked at this program; nobody knows how much it helps."),
        "ours": _("Exercises and doses are chosen by your clinic where they are not marked otherwise."),
        **dict.fromkeys(("n", "citation", "doi", "slopes")),
    }


def frame_of(version: ProgramVersion, provenance: dict[str, str]) -> list[tuple[str, str, Mark | None]]:
    """Return weeks and sessions a week, each with its mark."""

    def mark(name: str) -> Mark | None:
        found = provenance.get(f"{name}_provenance")
        return provenance_mark(found) if found else None

    lines = [(_("Weeks"), str(version.weeks), mark("weeks"))]
    if version.supervised_per_week:
        lines.append((_("In the clinic, times a week"), str(version.supervised_per_week), mark("supervised_per_week")))
    if version.home_per_week:
        lines.append((_("At home, times a week"), str(version.home_per_week), mark("home_per_week")))
    return lines


def slopes_text(slopes: dict[str, Any] | None) -> str:
    """Return the published slopes of one arm in a sentence; empty without slopes (Cai, Yang, Kong 2017)."""
    if not slopes or "psfs_per_assessment" not in slopes:
        return ""
    values = {"capability": signed(slopes["psfs_per_assessment"]), "pain": signed(slopes["nprs_per_assessment"])}
    return _("Running capability %(capability)s per assessment. Pain %(pain)s, alike in all three groups.") % values


def signed(value: float) -> str:
    """Return a change with its sign, two decimals, in the reader's notation."""
    return ("+" if value > 0 else "−") + number_format(round(abs(value), 2), decimal_pos=2)


def first_sentence(text: str) -> str:
    """Return the text up to its first full stop."""
    head, stop, _rest = text.partition(". ")
    return head + "." if stop else text
