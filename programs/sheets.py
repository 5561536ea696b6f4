"""The reporting sheets of a program: every item of CERT and TIDieR, and plainly which ones nobody has reported."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from programs.models import Program, ProgramVersion, Setting, in_language
from programs.plan import PlanView
from programs.wording import equipment_name

STATED: dict[str, Promise] = {
    "provider": gettext_lazy("Who leads it, and with which qualification"),
    "format": gettext_lazy("Alone or in a group"),
    "motivation": gettext_lazy("What keeps people going"),
    "rule": gettext_lazy("By which rule it gets harder"),
    "adverse": gettext_lazy("How unwanted events are noted"),
    "start_level": gettext_lazy("How the starting level is found"),
    "fidelity": gettext_lazy("How it is checked that it is done as meant"),
}
"""What only people know; a clinic may write it down for its own program."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item: its number, what it asks, and what is known; empty where nobody has reported it."""

    number: str
    asks: str
    known: str


def missing_text(version: ProgramVersion) -> str:
    """Return what stands where nothing is known: the clinic has not said, or the authors have not reported it."""
    return _("not reported") if version.program.origin == Program.Origin.LIBRARY else _("not stated")


def cert(version: ProgramVersion, views: Sequence[PlanView]) -> list[Item]:
    """Return the items of the Consensus on Exercise Reporting Template (Slade 2016), in its order."""
    said = stated_by(version)
    rows: list[tuple[str, Any, str]] = [
        ("1", _("Equipment"), equipment_text(views)),
        ("2", _("Qualification of those who lead it"), said("provider")),
        ("3", _("Individually or in a group"), said("format")),
        ("4", _("Supervised or not, and how it is delivered"), places_text(views)),
        ("5", _("How adherence is measured"), _("Sessions done of the sessions due; every set can be logged, by patient or therapist.")),
        ("6", _("Motivation"), said("motivation")),
        ("7a", _("Decision rule for progression"), said("rule")),
        ("7b", _("How it progresses"), progress_text(views)),
        ("8", _("Each exercise, so that it can be done again"), exercises_text(views)),
        ("9", _("Home part"), home_text(views)),
        ("10", _("Parts that are not exercise"), advice_text(version)),
        ("11", _("Adverse events"), said("adverse")),
        ("12", _("Setting"), settings_text(views)),
        ("13", _("Dose"), dose_text(version, views)),
        ("14a", _("The same for everybody, or tailored"), _("The same for everybody, until a therapist changes the plan of one patient.")),
        ("14b", _("How it is tailored"), _("From a given day, with a reason; every difference is kept and shown to the patient.")),
        ("15", _("Starting level"), said("start_level")),
        ("16a", _("Fidelity, as planned"), said("fidelity")),
        ("16b", _("Fidelity, as it was"), ""),
    ]
    return [Item(number, str(asks), known) for number, asks, known in rows]


def tidier(version: ProgramVersion, views: Sequence[PlanView]) -> list[Item]:
    """Return the items of the Template for Intervention Description and Replication (Hoffmann 2014), in its order."""
    said = stated_by(version)
    names = {"name": version.program.name, "n": version.number}
    rows: list[tuple[str, Any, str]] = [
        ("1", _("Brief name"), _("%(name)s, version %(n)s") % names),
        ("2", _("Why"), str(in_language((version.evidence or {}).get("study")) or in_language(version.summary))),
        ("3", _("What: materials"), equipment_text(views)),
        ("4", _("What: procedures"), exercises_text(views)),
        ("5", _("Who provides it"), said("provider")),
        ("6", _("How"), said("format")),
        ("7", _("Where"), settings_text(views)),
        ("8", _("When and how much"), dose_text(version, views)),
        ("9", _("Tailoring"), _("A therapist may change the plan of one patient from a given day, with a reason.")),
        ("10", _("Modifications"), str(version.reason or changes_text(version))),
        ("11", _("How well, as planned"), said("fidelity")),
        ("12", _("How well, as it was"), ""),
    ]
    return [Item(number, str(asks), known) for number, asks, known in rows]


def stated_by(version: ProgramVersion) -> Callable[[str], str]:
    """Return a look-up of what the clinic has written down, in the active language."""
    given = (version.evidence or {}).get("stated") or {}
    return lambda key: str(in_language(given.get(key)) or "")


def lines_of(views: Iterable[PlanView]) -> list[Any]:
    """Return every line of every session, warm-up included."""
    return [line for view in views for line in (*view.warm_up, *view.main)]


def equipment_text(views: Sequence[PlanView]) -> str:
    """Return what is needed, each once."""
    keys = dict.fromkeys(key for line in lines_of(views) for key in line.exercise.content.get("equipment", []))
    return ", ".join(equipment_name(key) for key in keys)


def exercises_text(views: Sequence[PlanView]) -> str:
    """Return the exercises of the main part, each once; doses stand in the program itself."""
    names = dict.fromkeys(line.exercise.name for view in views for line in view.main)
    return _("%(names)s. Steps, faults, pictures and every dose stand in the program.") % {"names": ", ".join(names)} if names else ""


def places_text(views: Sequence[PlanView]) -> str:
    """Return where people train and who is there."""
    words = {Setting.SUPERVISED: _("in the clinic, supervised"), Setting.HOME: _("at home, on their own")}
    found = {view.plan.setting for view in views}
    return "; ".join(str(words[Setting(setting)]) for setting in Setting.values if setting in found)


def settings_text(views: Sequence[PlanView]) -> str:
    """Return the places alone."""
    found = {view.plan.setting for view in views}
    return ", ".join(str(Setting(setting).label) for setting in Setting.values if setting in found)


def home_text(views: Sequence[PlanView]) -> str:
    """Return the exercises at home; says so where there is no home part."""
    names = dict.fromkeys(line.exercise.name for view in views if view.plan.setting == Setting.HOME for line in view.main)
    return ", ".join(names) if names else _("No home part.")


def progress_text(views: Sequence[PlanView]) -> str:
    """Return whether doses change over the weeks, and in which phases."""
    phases = list(dict.fromkeys(view.phase for view in views if view.phase))
    doses = {(view.plan.setting, line.exercise.key, line.dose) for view in views for line in view.main}
    changed = len(doses) > len({(setting, key) for setting, key, _dose in doses})
    if not changed:
        return _("The doses stay the same.")
    return (
        _("Doses change from week to week as written in the program: %(phases)s.") % {"phases": ", ".join(phases)}
        if phases
        else _("Doses change from week to week as written in the program.")
    )


def advice_text(version: ProgramVersion) -> str:
    """Return the advice that goes with the program."""
    return " ".join(str(in_language(one.get("text"))) for one in (version.evidence or {}).get("advice", []))


def dose_text(version: ProgramVersion, views: Sequence[PlanView]) -> str:
    """Return weeks, sessions a week and minutes."""
    parts = [ngettext("%(n)s week", "%(n)s weeks", version.weeks) % {"n": version.weeks}]
    for setting, label in Setting.choices:
        times = [view.plan.times_a_week for view in views if view.plan.setting == setting]
        minutes = [view.plan.minutes for view in views if view.plan.setting == setting]
        if times:
            values = {"n": between(times), "place": label, "minutes": between(minutes)}
            parts.append(_("%(n)s × a week %(place)s, %(minutes)s min") % values)
    return "; ".join(parts) + "."


def between(values: Sequence[int]) -> str:
    """Return lowest and highest: "2" or "2–3"."""
    return str(min(values)) if min(values) == max(values) else f"{min(values)}–{max(values)}"


def changes_text(version: ProgramVersion) -> str:
    """Return that this is not the first version; empty for the first."""
    return _("This is version %(n)s; what changed can be compared.") % {"n": version.number} if version.number > 1 else ""
