"""Suggestions in words: what the rule is and where it comes from, what was seen, and the doses before and after."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from patients.dates import short_day
from patients.models import Patient, ScheduledSession, Suggestion
from patients.rules.suggestions.facts import Facts, Rule
from patients.rules.suggestions.moves import Move, Op, doses, restore_move
from programs.dose import dose_text, effort_text, seconds_text
from programs.models import Setting, in_language
from programs.rules.diff import Line

TITLES: dict[str, Promise] = {
    Rule.RAISE_LOAD: gettext_lazy("Raise the load"),
    Rule.ADD_REPS: gettext_lazy("Add repetitions"),
    Rule.HOLD: gettext_lazy("Keep the dose"),
    Rule.REGRESS: gettext_lazy("One step back"),
    Rule.GAP: gettext_lazy("Repeat the week"),
    Rule.GAP_LONG: gettext_lazy("One phase back, together with the patient"),
    Rule.STAGE_UP: gettext_lazy("One stage up"),
    Rule.STAGE_REPEAT: gettext_lazy("Repeat the stage"),
    Rule.STAGE_BACK: gettext_lazy("One stage back"),
}
ICONS: dict[str, str] = {
    Rule.RAISE_LOAD: "arrow-up",
    Rule.ADD_REPS: "arrow-up",
    Rule.STAGE_UP: "arrow-up",
    Rule.HOLD: "pause",
    Rule.STAGE_REPEAT: "repeat",
    Rule.GAP: "repeat",
    Rule.REGRESS: "arrow-down",
    Rule.STAGE_BACK: "arrow-down",
    Rule.GAP_LONG: "undo-2",
}
RULES: dict[str, Promise] = {
    Rule.RAISE_LOAD: gettext_lazy(
        "Two for two: in two sessions in a row every set was done with at least two repetitions more than the target, with the same load, "
        "pain in the green band, effort not above the target and no unsettled morning. Then the next load that can be set and lies "
        "2 to 10 % higher. Only one number of repetitions is entered for all sets, so this is stricter than the rule, which asks for the "
        "last set."
    ),
    Rule.ADD_REPS: gettext_lazy(
        "Two for two, as for loads; but no load can be set that lies 2 to 10 % higher, or the exercise is done without one. Then up to two "
        "repetitions more, within the usual range of the exercise."
    ),
    Rule.HOLD: gettext_lazy(
        "After the last session the dose stays where the plan would rise: pain in the amber band, effort at least 1 above the target, a "
        "target that was missed, a session stopped, or a back not settled next morning."
    ),
    Rule.REGRESS: gettext_lazy(
        "Pain in the red band, or two mornings in a row not settled: one step back, about 20 % less, for at least two sessions. Muscle "
        "soreness alone never counts."
    ),
    Rule.GAP: gettext_lazy("7 to 13 days without a session of the program: the week that was trained last is done again."),
    Rule.GAP_LONG: gettext_lazy(
        "14 days or more without a session of the program: one phase back, decided together with the patient. In the first phase it begins "
        "again; where a program names no phases, the week trained last is done again."
    ),
    Rule.STAGE_UP: gettext_lazy(
        "Two good run-walk sessions in a row at this stage, and at least 7 days at it: the next stage. Good is: all rounds, back pain "
        "green or amber, legs green, effort up to 6, and no unsettled morning."
    ),
    Rule.STAGE_REPEAT: gettext_lazy(
        "The plan goes up next, but the last two sessions at this stage were not both good: the stage once more. Good is: all rounds, back "
        "pain green or amber, legs green, effort up to 6, and no unsettled morning."
    ),
    Rule.STAGE_BACK: gettext_lazy(
        "Pain of the back in the red band, or red or new pain in knees, ankles or shins: one stage back. The second time in a row: call "
        "the patient."
    ),
}
DEFAULT = gettext_lazy("Default of the product, from no trial; to be reviewed by the clinic.")
ACSM = gettext_lazy(
    "Step of 2 to 10 %: position stand of the American College of Sports Medicine, 2009. Two sessions in a row: a rule of practice, from "
    "no trial. Neither was tested in runners with back pain."
)
PAIN_MODEL = gettext_lazy(
    "Default of the product, from no trial. Behind it stands the pain-monitoring model (Silbernagel 2007), made for Achilles tendons, not "
    "for backs."
)
ASTEROID = gettext_lazy(
    "Default of the product. In the ASTEROID trial (Neason 2025) people moved up together with their exercise physiologist; a rule was not "
    "published."
)
SOURCES: dict[str, Promise] = {
    Rule.RAISE_LOAD: ACSM,
    Rule.ADD_REPS: ACSM,
    Rule.HOLD: PAIN_MODEL,
    Rule.REGRESS: PAIN_MODEL,
    Rule.GAP: DEFAULT,
    Rule.GAP_LONG: DEFAULT,
    Rule.STAGE_UP: ASTEROID,
    Rule.STAGE_REPEAT: ASTEROID,
    Rule.STAGE_BACK: ASTEROID,
}
REASONS: dict[str, Promise] = {
    Rule.RAISE_LOAD: gettext_lazy("You managed more repetitions than planned in two sessions in a row."),
    Rule.ADD_REPS: gettext_lazy("You managed more repetitions than planned in two sessions in a row."),
    Rule.HOLD: gettext_lazy("After your last session we keep this dose a little longer."),
    Rule.REGRESS: gettext_lazy("Your back was irritated. We go one step back for now."),
    Rule.GAP: gettext_lazy("After your break we repeat a week."),
    Rule.GAP_LONG: gettext_lazy("After your break we start again a little earlier in the program."),
    Rule.STAGE_UP: gettext_lazy("Your last two run-walk sessions went well."),
    Rule.STAGE_REPEAT: gettext_lazy("We stay at this stage a little longer."),
    Rule.STAGE_BACK: gettext_lazy("After your last run we go one stage back for now."),
}
"""What is proposed to tell the patient; whoever confirms changes it as they like."""
WHY: dict[str, Promise] = {
    "pain": gettext_lazy("pain above the green band"),
    "red": gettext_lazy("pain in the red band"),
    "legs": gettext_lazy("pain of the legs"),
    "effort": gettext_lazy("effort above the target"),
    "unsettled": gettext_lazy("next morning not settled"),
    "mornings": gettext_lazy("two mornings in a row not settled"),
    "stopped": gettext_lazy("session stopped because of pain"),
    "missed": gettext_lazy("target missed"),
}
STRONGER = {"pain": "red", "unsettled": "mornings"}
"""What the same word of the evidence means where a step or stage back is suggested."""


@dataclass(frozen=True, slots=True)
class DoseChange:
    """The dose of one exercise in one place, before and after."""

    name: str
    place: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Told:
    """One suggestion as it is shown."""

    row: Suggestion
    title: str
    icon: str
    rule: str
    source: str
    why: str
    seen: Sequence[str]
    doses: Sequence[DoseChange]
    goes_on: str


def told(row: Suggestion, facts: Facts | None = None) -> Told:
    """Return a suggestion in the active language; doses only where the facts are there."""
    move = restore_move(row.move)
    name = str(in_language(row.names)) if row.exercise else ""
    title = str(TITLES.get(row.rule, row.rule))
    changed = list(dose_changes(move, facts, row.first_week)) if facts is not None else []
    return Told(
        row=row,
        title=f"{name} · {title}" if name else title,
        icon=ICONS.get(row.rule, "info"),
        rule=str(RULES.get(row.rule, "")),
        source=str(SOURCES.get(row.rule, "")),
        why=why_text(row.rule, row.evidence),
        seen=[session_text(one) for one in row.evidence.get("sessions", [])],
        doses=changed,
        goes_on=goes_on_text(move, row.first_week),
    )


def goes_on_text(move: Move, first: int) -> str:
    """Return what becomes of the weeks after, where weeks follow others; empty elsewhere."""
    if move.op != Op.WEEKS:
        return ""
    if move.sources[0] < first:
        return _("The weeks after follow one after the other. The program does not get longer, so its last weeks fall away.")
    return _("The weeks after follow one after the other.")


def kg_text(kg: float) -> str:
    """Return a load with its unit in the reader's notation, decimals only where there are some."""
    return _("%(load)s kg") % {"load": number_format(Decimal(str(kg)).normalize().__format__("f"))}


def why_text(rule: str, evidence: Mapping[str, Any]) -> str:
    """Return the reason in one line: the days without a session, the stage, or what spoke against more."""
    one = dict(evidence)
    parts: list[str] = []
    if "days" in one:
        parts.append(ngettext("%(n)s day without a session", "%(n)s days without a session", one["days"]) % {"n": one["days"]})
        parts.append(_("last trained: week %(n)s") % {"n": one["trained_week"]})
    if "stage" in one and one["stage"] != one["to_stage"]:
        parts.append(_("stage %(old)s to stage %(new)s of %(all)s") % {"old": one["stage"], "new": one["to_stage"], "all": one["stages"]})
    elif "stage" in one:
        parts.append(_("stage %(n)s of %(all)s") % {"n": one["stage"], "all": one["stages"]})
    if "good" in one:
        parts.append(_("good sessions in a row: %(n)s of 2") % {"n": one["good"]})
    keys = [key for key in one.get("why", "").split(",") if key]
    parts += [str(WHY.get(STRONGER.get(key, key) if rule in {Rule.REGRESS, Rule.STAGE_BACK} else key, key)) for key in keys]
    if one.get("twice"):
        parts.append(_("second time in a row: call the patient"))
    return capfirst(", ".join(parts))


def session_text(one: Mapping[str, Any]) -> str:
    """Return what was seen of one session: day, place, sets and repetitions against the target, load, pain, effort, next morning."""
    parts = []
    if one.get("skipped") and not one.get("sets"):
        parts.append(_("not done, %(why)s") % {"why": ScheduledSession.SkipReason(one["skipped"]).label})
    elif "sets" in one:
        work = _("%(done)s of %(all)s sets") % {"done": one["sets"], "all": one["of_sets"]}
        if "reps" in one:
            work = _("%(sets)s, %(reps)s repetitions (target %(target)s)") % {
                "sets": work,
                "reps": one["reps"],
                "target": one.get("of_reps", "–"),
            }
        elif "seconds" in one:
            work = f"{work}, {seconds_text(one['seconds'])}"
        parts.append(work)
    if "load_kg" in one:
        parts.append(kg_text(one["load_kg"]))
    if "exercise_pain" in one:
        parts.append(_("pain in the exercise %(pain)s") % {"pain": one["exercise_pain"]})
    if "pain" in one:
        parts.append(_("pain %(pain)s") % {"pain": one["pain"]})
    if "leg_pain" in one:
        parts.append(_("legs %(pain)s") % {"pain": one["leg_pain"]})
    if "effort" in one:
        parts.append(_("effort %(effort)s") % {"effort": one["effort"]})
    if one.get("stopped"):
        parts.append(str(WHY["stopped"]))
    settled = one.get("settled")
    parts.append(_("next morning not answered") if settled is None else _("next morning settled") if settled else str(WHY["unsettled"]))
    day = short_day(dt.date.fromisoformat(one["on"]))
    return _("%(day)s, %(place)s: %(what)s") % {"day": day, "place": Setting(one["setting"]).label, "what": ", ".join(parts)}


def dose_changes(move: Move, facts: Facts, first: int) -> Iterator[DoseChange]:
    """Yield the doses of the first week that would change; equal ones of both places once."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for setting, old, new in doses(move, facts.weeks, first):
        loads = {Op.LOAD: (move.old_kg, move.kg), Op.LESS: (move.old_loads.get(old.key), move.loads.get(old.key))}.get(
            move.op, (None, None)
        )
        before, after = pair_text(old, new, *loads)
        found.setdefault((str(in_language(new.names)), before, after), []).append(setting)
    for (name, before, after), settings in found.items():
        place = str(Setting(settings[0]).label) if len(set(settings)) == 1 else ""
        yield DoseChange(name, place, before, after)


def pair_text(old: Line, new: Line, old_kg: float | None = None, new_kg: float | None = None) -> tuple[str, str]:
    """Return two doses so that what differs can be read: sets and repetitions always, the rest where it is not the same."""
    texts: list[list[str]] = [[dose_text(old)], [dose_text(new)]]
    if old_kg and new_kg:
        for text, kg in zip(texts, (old_kg, new_kg), strict=True):
            text.append(kg_text(kg))
        return ", ".join(texts[0]), ", ".join(texts[1])
    for text, one, other in ((texts[0], old, new), (texts[1], new, old)):
        if (one.effort_low, one.effort_high) != (other.effort_low, other.effort_high):
            text.append(_("effort %(effort)s") % {"effort": effort_text(one.effort_low, one.effort_high) or "–"})
        if one.load != other.load and in_language(one.load):
            text.append(str(in_language(one.load)))
        if one.variation != other.variation and in_language(one.variation):
            text.append(str(in_language(one.variation)))
        if one.rest_seconds != other.rest_seconds:
            text.append(_("pause of %(time)s") % {"time": seconds_text(one.rest_seconds)})
    return ", ".join(texts[0]), ", ".join(texts[1])


def proposed_reason(row: Suggestion, patient: Patient) -> str:
    """Return what could be told to the patient, in the patient's language; empty for a rule nobody knows."""
    with translation.override(patient.language or patient.clinic.language):
        return str(REASONS.get(row.rule, ""))


def outcome_text(row: Suggestion) -> str:
    """Return what became of a suggestion: used, left aside and why, overtaken, or open."""
    if row.status == Suggestion.Status.DECLINED:
        why = row.note if row.reason == Suggestion.Reason.OTHER and row.note else row.get_reason_display()
        return _("%(status)s: %(why)s") % {"status": row.get_status_display(), "why": why}
    if row.status == Suggestion.Status.USED and row.used.get("kg") and row.used["kg"] != row.move.get("kg"):
        return _("used with %(load)s") % {"load": kg_text(row.used["kg"])}
    return str(row.get_status_display())
