"""Why a patient needs a look, in words: a rule and the evidence it saw become a short sentence with its tone and icon."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from patients.dates import short_day
from patients.rules.triage import Rule

SIGN_NAMES: dict[str, Promise] = {
    "bladder_bowel": gettext_lazy("Bladder or bowel trouble"),
    "saddle_numbness": gettext_lazy("Saddle numbness"),
    "leg_weakness": gettext_lazy("New leg weakness"),
    "pain_both_legs": gettext_lazy("Pain in both legs"),
    "sexual_dysfunction": gettext_lazy("Sexual dysfunction"),
    "chest_pain": gettext_lazy("Chest pain"),
    "fainting": gettext_lazy("Fainting"),
    "breathlessness": gettext_lazy("Breathlessness"),
    "palpitations": gettext_lazy("Palpitations"),
    "fever_with_back_pain": gettext_lazy("Fever with back pain"),
    "fall_or_accident": gettext_lazy("Fall or accident"),
    "weight_loss_or_cancer": gettext_lazy("Weight loss or cancer"),
    "night_pain": gettext_lazy("Severe night pain"),
    "steroids_or_osteoporosis": gettext_lazy("Cortisone or osteoporosis"),
    "pain_below_knee": gettext_lazy("Pain below the knee"),
    "leg_pain_on_bending": gettext_lazy("Leg pain on bending"),
    "infection_risk": gettext_lazy("Risk of infection"),
    "sharp_pain": gettext_lazy("Sharp pain in exercise"),
    "cannot_straighten": gettext_lazy("Cannot straighten up"),
    "radiating_pain": gettext_lazy("Spreading pain"),
    "new_numbness": gettext_lazy("New numbness"),
    "trembling_with_weakness": gettext_lazy("Trembling with weakness"),
    "leg_symptoms_on_walking": gettext_lazy("Leg symptoms on walking"),
    "heart_condition": gettext_lazy("Heart condition"),
    "pregnancy_or_birth": gettext_lazy("Pregnancy or birth"),
    "spinal_surgery_or_injury": gettext_lazy("Spinal surgery or fracture"),
    "recent_surgery": gettext_lazy("Recent surgery"),
    "inflammatory_spine_disease": gettext_lazy("Inflammatory spine disease"),
    "recent_leg_injury": gettext_lazy("Recent leg injury"),
    "advised_against_exercise": gettext_lazy("Advised against exercise"),
}
ASSESSMENT_NAMES: dict[str, Promise] = {
    "baseline": gettext_lazy("Start assessment"),
    "middle": gettext_lazy("Middle assessment"),
    "end": gettext_lazy("End assessment"),
    "month_3": gettext_lazy("3-month assessment"),
    "month_6": gettext_lazy("6-month assessment"),
}
ICONS: dict[str, str] = {
    Rule.STOP_SIGN: "octagon-alert",
    Rule.CLEARANCE: "clipboard-check",
    Rule.CONSENT_WITHDRAWN: "ban",
    Rule.PAIN_LEVEL: "arrow-up",
    Rule.LEG_PAIN: "footprints",
    Rule.UNSETTLED: "sunrise",
    Rule.PAIN_TREND: "trending-up",
    Rule.PAIN_WEEKS: "trending-up",
    Rule.MISSED_SESSIONS: "calendar-x",
    Rule.SILENCE: "clock",
    Rule.MESSAGE_WAITING: "message-circle",
    Rule.ASSESSMENT_OVERDUE: "flag",
    Rule.READINESS_DROP: "trending-down",
}


DAYS_BY_NAME = 5


@dataclass(frozen=True, slots=True)
class Chip:
    """A short sentence with the tone and icon it is shown in."""

    text: str
    tone: str = ""
    icon: str = ""
    told: str = ""
    """What a number stands for, for the pointer and for those who listen."""


def signs_text(signs: Sequence[str]) -> str:
    """Return the names of reported signs, the first two in full."""
    names = [str(SIGN_NAMES.get(sign, sign)) for sign in signs]
    if len(names) <= 2:
        return ", ".join(names)
    return _("%(first)s and %(count)s more") % {"first": names[0], "count": len(names) - 1}


def day_text(on: dt.date, today: dt.date | None = None) -> str:
    """Return a day as clinicians say it: "Sat 14 Mar"; with `today` the last days are shorter: "today", "Sat"."""
    days = (today - on).days if today else -1
    if days == 0:
        return _("today")
    return date_format(on, "D") if 0 < days <= DAYS_BY_NAME else short_day(on)


def score(value: Any) -> str:
    """Return a mean or an answer in the reader's notation, one decimal only where there is one."""
    number = float(value)
    return number_format(number, decimal_pos=0 if number == int(number) else 1)


def reason_text(rule: str, evidence: Mapping[str, Any], today: dt.date | None = None) -> str:
    """Return why to look, from the rule and the evidence it saw; `today` shortens recent days; an unknown rule is named by its key."""
    one = dict(evidence)
    match rule:
        case Rule.STOP_SIGN:
            text = signs_text(one.get("signs", []))
            return _("%(signs)s (taken back)") % {"signs": text} if one.get("is_withdrawn") else text
        case Rule.CLEARANCE:
            return _("Clearance needed: %(signs)s") % {"signs": signs_text(one.get("signs", []))}
        case Rule.PAIN_LEVEL:
            text = _("Pain %(pain)s, %(day)s") % {"pain": one["pain"], "day": day_text(dt.date.fromisoformat(one["on"]), today)}
            entries = one.get("entries", 1)
            return _("%(text)s, %(count)s times in a row") % {"text": text, "count": entries} if entries > 1 else text
        case Rule.LEG_PAIN:
            day = day_text(dt.date.fromisoformat(one["on"]), today)
            text = _("Leg pain %(pain)s in a run, %(day)s") % {"pain": one["pain"], "day": day}
            entries = one.get("entries", 1)
            return _("%(text)s, %(count)s times in a row") % {"text": text, "count": entries} if entries > 1 else text
        case Rule.UNSETTLED:
            if one.get("mornings", 1) > 1:
                return _("Not settled %(count)s mornings in a row") % {"count": one["mornings"]}
            rise = one.get("rise")
            return _("Not settled next morning, +%(rise)s") % {"rise": score(rise)} if rise else _("Not settled next morning")
        case Rule.PAIN_TREND:
            return _("Pain up from %(first)s to %(last)s over %(count)s entries") % {
                "first": one["from"],
                "last": one["to"],
                "count": one["entries"],
            }
        case Rule.PAIN_WEEKS:
            return _("Pain up 2 weeks in a row, mean %(first)s to %(last)s") % {"first": score(one["from"]), "last": score(one["to"])}
        case Rule.MISSED_SESSIONS:
            return ngettext("%(count)s session missed", "%(count)s sessions missed in a row", one["missed"]) % {"count": one["missed"]}
        case Rule.SILENCE:
            return ngettext("No entry for %(count)s day", "No entry for %(count)s days", one["days"]) % {"count": one["days"]}
        case Rule.ASSESSMENT_OVERDUE:
            name = str(ASSESSMENT_NAMES.get(one["key"], one["key"]))
            return ngettext("%(name)s overdue %(count)s day", "%(name)s overdue %(count)s days", one["days"]) % {
                "name": name,
                "count": one["days"],
            }
        case Rule.CONSENT_WITHDRAWN:
            return _("Agreement taken back, %(day)s") % {"day": day_text(dt.date.fromisoformat(one["on"]), today)}
        case Rule.MESSAGE_WAITING:
            text = ngettext("%(count)s message", "%(count)s messages", one["messages"]) % {"count": one["messages"]}
            if not one["days"]:
                return _("%(messages)s, today") % {"messages": text}
            return ngettext("%(messages)s, waiting %(days)s day", "%(messages)s, waiting %(days)s days", one["days"]) % {
                "messages": text,
                "days": one["days"],
            }
        case Rule.READINESS_DROP:
            return _("Readiness down from %(first)s to %(last)s") % {"first": one["from"], "last": one["to"]}
    return rule


def reason_tone(rule: str, level: str) -> str:
    """Return the tone of a chip: solid for a stop sign, danger for red pain, warn for attention, info for the rest."""
    if level == "stop":
        return "solid"
    if rule == Rule.PAIN_LEVEL:
        return "danger"
    return "warn" if level == "attention" else "info"


def reason_chip(reason: Mapping[str, Any], today: dt.date) -> Chip:
    """Return the chip of one reason of a caseload line; one that somebody has seen is quiet."""
    rule, level = str(reason["rule"]), str(reason["level"])
    text = reason_text(rule, reason.get("evidence", {}), today)
    if level == "stop" and reason.get("since"):
        text = _("%(text)s, %(day)s") % {"text": text, "day": day_text(dt.date.fromisoformat(reason["since"]), today)}
    elif reason.get("until"):
        until = dt.date.fromisoformat(reason["until"])
        day = date_format(until, "D") if (until - today).days <= DAYS_BY_NAME else short_day(until)
        return Chip(_("%(text)s (until %(day)s)") % {"text": text, "day": day}, "", "clock")
    elif reason.get("seen"):
        return Chip(_("%(text)s (seen)") % {"text": text}, "", "eye")
    return Chip(text, reason_tone(rule, level), ICONS.get(rule, "info"))
