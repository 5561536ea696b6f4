"""Words about programs: short names, groups, equipment, and where a piece of content comes from."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from programs.dose import clock_text, dose_text, effort_text, reps_text, seconds_text
from programs.models import ProgramVersion, Setting, in_language
from programs.rules.diff import Change, Kind, Line

LIBRARY = Path(__file__).resolve().parent / "library"

SHORT_NAMES: dict[str, Promise] = {
    "LL": gettext_lazy("Leg"),
    "LE": gettext_lazy("Extensor"),
    "LS": gettext_lazy("Stabiliser"),
    "RW": gettext_lazy("Run-walk"),
    "WP": gettext_lazy("Walking"),
    "FU": gettext_lazy("Flare-up"),
}

PART_NAMES: dict[str, Promise] = {
    "reps": gettext_lazy("the number of repetitions"),
    "hold": gettext_lazy("the time to hold"),
    "duration": gettext_lazy("the duration"),
    "intervals": gettext_lazy("the interval"),
    "rest": gettext_lazy("the pause between sets"),
    "tempo": gettext_lazy("the tempo"),
    "load": gettext_lazy("the load"),
    "effort": gettext_lazy("the effort"),
    "form": gettext_lazy("the special form"),
}
"""How a part of a dose is called that is no longer set."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where something comes from: `kind` is trial, article, tailored, clinic or default; `source` names it in full."""

    kind: str
    text: str
    source: str


@cache
def library_file(name: str) -> Mapping[str, Any]:
    """Return one of the small files of the library (groups, equipment, sources, model), read once."""
    found: Mapping[str, Any] = yaml.load((LIBRARY / f"{name}.yaml").read_bytes(), Loader=yaml.CSafeLoader)
    return found


def short_name(code: str) -> str:
    """Return the short name of a program for lists; a clinic's own program is called by its code."""
    return str(SHORT_NAMES.get(code, code))


def reading_order(version: ProgramVersion) -> tuple[int, int, str]:
    """Return the key that sorts versions as they are offered: the shared library in its own order, then the clinic's programs."""
    codes = list(SHORT_NAMES)
    code = version.program.code
    return (codes.index(code) if code in codes else len(codes), version.program.position, version.program.name)


def group_name(key: str) -> str:
    """Return the name of a group of exercises in the active language."""
    return str(in_language(library_file("groups").get(key, key)))


def group_keys() -> list[str]:
    """Return the groups of exercises in the order they are listed."""
    return list(library_file("groups"))


def equipment_name(key: str) -> str:
    """Return the name of a piece of equipment in the active language."""
    return str(in_language(library_file("equipment").get(key, {}).get("name", key)))


def equipment_keys() -> list[str]:
    """Return the pieces of equipment that have a name."""
    return list(library_file("equipment"))


def provenance_mark(provenance: str) -> Mark:
    """Return what `trial`, `seed:NNN`, `tailored`, `clinic` or `default` stands for; an article is named by its title."""
    sources = library_file("sources")
    kind, _colon, number = provenance.partition(":")
    if kind == "trial":
        return Mark("trial", _("trial"), str(in_language(sources["marks"]["trial"])))
    if kind == "seed":
        article = sources["seeds"].get(number, {})
        return Mark("article", _("article"), _("Article: %(title)s") % {"title": article.get("title", number)})
    if kind == "tailored":
        return Mark("tailored", _("tailored"), _("Set for this patient by a therapist of the clinic."))
    if kind == "clinic":
        return Mark("clinic", _("our clinic"), _("Chosen by your clinic for its own program."))
    return Mark("default", _("our default"), str(in_language(sources["marks"]["default"])))


def change_text(change: Change) -> str:
    """Return one difference between two versions as a plain sentence: "Wall squat: 3 sets instead of 2, from week 3"."""
    if change.kind == Kind.SHIFTED:
        return _shift(change)
    text = _("%(what)s, %(weeks)s") % {"what": _what(change), "weeks": _weeks(change)}
    if not change.setting or change.kind in {Kind.SESSION_ADDED, Kind.SESSION_REMOVED, Kind.TIMES, Kind.ORDER}:
        return text
    return _("%(change)s (%(place)s)") % {"change": text, "place": Setting(change.setting).label}


def _weeks(change: Change) -> str:
    if change.week_from == change.week_to:
        return _("in week %(n)s") % {"n": change.week_from}
    if change.to_end:
        return _("from week %(n)s") % {"n": change.week_from}
    return _("in weeks %(a)s to %(b)s") % {"a": change.week_from, "b": change.week_to}


def _what(change: Change) -> str:
    name, after = in_language(change.names), change.after or {}
    if change.kind == Kind.SWAPPED:
        values = {"name": name, "other": in_language(change.other), "dose": dose_text(Line("", **after))}
        return _("%(name)s instead of %(other)s: %(dose)s") % values
    if change.kind == Kind.ADDED:
        return _("New: %(name)s, %(dose)s") % {"name": name, "dose": dose_text(Line("", **after))}
    if change.kind == Kind.REMOVED:
        return _("%(name)s is left out") % {"name": name}
    if change.kind == Kind.FOLLOWS:
        week = {"n": after["week"]}
        return _("As in week %(n)s") % week if change.week_from == change.week_to else _("As in week %(n)s and the weeks after it") % week
    if change.kind == Kind.DOSE:
        return _("%(name)s: %(change)s") % {"name": name, "change": _dose_change(change)}
    if change.kind == Kind.LENGTH:
        return _length(change)
    place = Setting(change.setting).label if change.setting else ""
    if change.kind == Kind.ORDER:
        return (_("Exercises %(place)s in another order") % {"place": place}) if place else _("Exercises in another order")
    if change.kind == Kind.TIMES:
        return _("Sessions %(place)s: %(change)s") % {"place": place, "change": _dose_change(change)} if place else _dose_change(change)
    if change.kind == Kind.SESSION_ADDED:
        return _("New: a session %(place)s") % {"place": place} if place else _("New: one more session")
    return _("A session %(place)s is left out") % {"place": place} if place else _("A session is left out")


def _shift(change: Change) -> str:
    """Return from which day to which the sessions moved, and when the program ends by that."""
    before, after = change.before or {}, change.after or {}
    days = {"before": before.get("on"), "after": after.get("on"), "end": after.get("ends_on")}
    named = {name: date_format(dt.date.fromisoformat(day), pgettext("date format", "l j F Y")) if day else "" for name, day in days.items()}
    return _("What was planned from %(before)s on moves: it goes on on %(after)s, and the last day is %(end)s") % named


def _length(change: Change) -> str:
    """Return by how much a program goes on, or ends earlier again."""
    before, after = (change.before or {}).get("weeks", 0), (change.after or {}).get("weeks", 0)
    values = {"n": abs(after - before), "last": before}
    if after < before:
        return ngettext("The program is %(n)s week shorter again", "The program is %(n)s weeks shorter again", values["n"]) % values
    text = ngettext(
        "The program goes on for %(n)s more week, as in week %(last)s",
        "The program goes on for %(n)s more weeks, as in week %(last)s",
        values["n"],
    )
    return text % values


def _dose_change(change: Change) -> str:
    """Return the part of a dose that changed: what it is now, and what it was where that is known and can be said."""
    after, before = change.after or {}, change.before
    if change.part == "circuit":
        number = after["circuit"]
        return _("in turns with others, circuit %(letter)s") % {"letter": chr(64 + number)} if number else _("on its own, not in turns")
    if change.part == "side":
        return _("each side on its own") if after["per_side"] else _("both sides together")
    now, then = _part_text(change.part, after, long=True), _part_text(change.part, before, long=False) if before is not None else ""
    if not now:
        return _("%(what)s is no longer set") % {"what": PART_NAMES.get(change.part, change.part)}
    return _("%(now)s instead of %(before)s") % {"now": now, "before": then} if then else now


def _part_text(part: str, values: Mapping[str, Any], *, long: bool) -> str:
    """Return one part of a dose; `long` says what the number is, the short form stands after "instead of"."""
    if part == "reps":
        one = Line("", reps_low=values.get("reps_low"), reps_high=values.get("reps_high"))
        text = reps_text(one)
        many = one.reps_high or one.reps_low or 0
        return ngettext("%(reps)s repetition", "%(reps)s repetitions", many) % {"reps": text} if long and text else text
    if part == "intervals":
        run, walk = values.get("run_seconds") or 0, values.get("walk_seconds") or 0
        return _("%(run)s run / %(walk)s walk") % {"run": clock_text(run), "walk": clock_text(walk)} if run or walk else ""
    if part == "effort":
        text = effort_text(values.get("effort_low"), values.get("effort_high"))
        return _("effort %(effort)s") % {"effort": text} if long and text else text
    if part in {"load", "form"}:
        text = str(in_language(values.get("load" if part == "load" else "variation")) or "")
        return pgettext("quoted text", "“%(text)s”") % {"text": text} if text else ""
    value = next(iter(values.values()), None)
    if not value:
        return ""
    if part in {"hold", "duration", "rest"}:
        text = seconds_text(int(value))
        words = {"hold": _("hold %(time)s"), "rest": _("pause of %(time)s")}
        return words[part] % {"time": text} if long and part in words else text
    if part == "sets":
        return ngettext("%(sets)s set", "%(sets)s sets", value) % {"sets": value} if long else str(value)
    if part == "times_a_week":
        return ngettext("%(n)s time a week", "%(n)s times a week", value) % {"n": value} if long else str(value)
    if part == "minutes":
        return _("%(n)s minutes") % {"n": value} if long else str(value)
    return _("tempo %(tempo)s") % {"tempo": value} if long else str(value)
