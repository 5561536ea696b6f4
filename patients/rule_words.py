"""The triage rules in words: what each says with its numbers in place, where it comes from, what is wrong with a number, what differs."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from patients.reasons import score
from patients.rules.thresholds import NUMBERS, OFF, Difference, Number, Problem, ProblemCode, RuleValues
from patients.rules.triage import Rule

RULE_NAMES: dict[Rule, Promise] = {
    Rule.STOP_SIGN: gettext_lazy("Stop sign"),
    Rule.CLEARANCE: gettext_lazy("Clearance needed"),
    Rule.CONSENT_WITHDRAWN: gettext_lazy("Agreement taken back"),
    Rule.PAIN_LEVEL: gettext_lazy("Red pain"),
    Rule.LEG_PAIN: gettext_lazy("Leg pain in runs"),
    Rule.UNSETTLED: gettext_lazy("Not settled next morning"),
    Rule.PAIN_TREND: gettext_lazy("Rising pain"),
    Rule.PAIN_WEEKS: gettext_lazy("Pain rising from week to week"),
    Rule.MISSED_SESSIONS: gettext_lazy("Missed sessions"),
    Rule.SILENCE: gettext_lazy("Silence"),
    Rule.MESSAGE_WAITING: gettext_lazy("Waiting message"),
    Rule.ASSESSMENT_OVERDUE: gettext_lazy("Overdue assessment"),
    Rule.READINESS_DROP: gettext_lazy("Falling readiness"),
}
LABELS: dict[str, Promise] = {
    "amber_max": gettext_lazy("Amber up to pain"),
    "look_back_days": gettext_lazy("Days an entry counts"),
    "green_max": gettext_lazy("Green up to pain"),
    "leg_pain_in_row": gettext_lazy("Runs in a row"),
    "unsettled_in_row": gettext_lazy("Mornings in a row"),
    "unsettled_points": gettext_lazy("Points on a single one"),
    "unsettled_window_days": gettext_lazy("Days a morning counts"),
    "trend_entries": gettext_lazy("Entries looked at"),
    "trend_points": gettext_lazy("Points of the rise"),
    "trend_window_days": gettext_lazy("Days they lie within"),
    "week_rise_points": gettext_lazy("Points in all"),
    "week_minimum_days": gettext_lazy("Days with entries"),
    "missed_in_row": gettext_lazy("Sessions in a row"),
    "silence_days": gettext_lazy("Days without an entry"),
    "message_days": gettext_lazy("Days of waiting"),
    "assessment_overdue_days": gettext_lazy("Days overdue"),
    "readiness_points": gettext_lazy("Points of the fall"),
}
SOURCES: dict[Rule, Promise] = {
    Rule.STOP_SIGN: gettext_lazy(
        "Warning signs of the national guideline on low back pain (NVL), of NICE CKS and of our articles. Never off, never put off."
    ),
    Rule.CLEARANCE: gettext_lazy("Any yes before a program needs the word of a therapist: entry criteria of the studies, and our default."),
    Rule.CONSENT_WITHDRAWN: gettext_lazy(
        "GDPR, Art. 7(3): without the agreement nothing is stored, so somebody has to speak with the patient."
    ),
    Rule.PAIN_LEVEL: gettext_lazy(
        "Pain-monitoring model: at most 5 of 10 (Silbernagel 2007, Achilles tendons, not backs). Other bands are in use, too."
    ),
    Rule.LEG_PAIN: gettext_lazy(
        "Seven of the nine events of ASTEROID were leg injury or pain (Neason 2025). Bands and count are our default."
    ),
    Rule.UNSETTLED: gettext_lazy(
        "Pain-monitoring model: the next morning decides (Silbernagel 2007). Twice in a row, and 2 points as the change that matters "
        "(Ostelo 2008), are our default."
    ),
    Rule.PAIN_TREND: gettext_lazy(
        "A change of 2 points matters to one person (Ostelo 2008); one value is no trend. The number of entries and days is our default."
    ),
    Rule.PAIN_WEEKS: gettext_lazy(
        "Pain must not climb from week to week: it belongs to the pain-monitoring model as taught. The numbers are our default."
    ),
    Rule.MISSED_SESSIONS: gettext_lazy("Our default, from no study: about half a week of an eight-week program."),
    Rule.SILENCE: gettext_lazy("Our default: after a gap of 7 to 13 days the load rules repeat the week."),
    Rule.MESSAGE_WAITING: gettext_lazy("Patients value timely answers (studies of adherence); two days are our default."),
    Rule.ASSESSMENT_OVERDUE: gettext_lazy("The five points in time are the study's; three days of patience are our default."),
    Rule.READINESS_DROP: gettext_lazy("Readiness is a single question of our own, not validated: a note only. The number is our default."),
}


def rule_sentence(rule: Rule, rules: RuleValues) -> str:
    """Return what a rule says, with the numbers of a rule set in their places."""
    bands, one = rules.bands, rules.thresholds
    match rule:
        case Rule.STOP_SIGN:
            return _("A warning sign was reported that stops training, until a therapist has cleared it.")
        case Rule.CLEARANCE:
            return _("Something was reported before the program that a therapist has to decide about.")
        case Rule.CONSENT_WITHDRAWN:
            return _("The agreement to treatment and record was taken back.")
        case Rule.PAIN_LEVEL:
            return _("The last entry shows back pain above %(amber)s of 10 and is less than %(days)s days old.") % {
                "amber": bands.amber_max,
                "days": one.look_back_days,
            }
        case Rule.LEG_PAIN:
            return ngettext(
                "Knees, ankles or shins hurt more than %(green)s of 10 in the last run.",
                "Knees, ankles or shins hurt more than %(green)s of 10 in %(count)s runs in a row, or more than %(amber)s in one. "
                "The first time is a note.",
                one.leg_pain_in_row,
            ) % {"green": bands.green_max, "amber": bands.amber_max, "count": one.leg_pain_in_row}
        case Rule.UNSETTLED:
            return ngettext(
                "The back has not settled on a morning after training, in the last %(days)s days.",
                "The back has not settled on %(count)s mornings after training in a row, or on one by %(points)s points or more, in the "
                "last %(days)s days.",
                one.unsettled_in_row,
            ) % {"count": one.unsettled_in_row, "points": score(one.unsettled_points), "days": one.unsettled_window_days}
        case Rule.PAIN_TREND:
            return ngettext(
                "Back pain rose by %(points)s point or more over the last %(entries)s entries within %(days)s days, at least two of them "
                "above the first.",
                "Back pain rose by %(points)s points or more over the last %(entries)s entries within %(days)s days, at least two of them "
                "above the first.",
                one.trend_points,
            ) % {"points": one.trend_points, "entries": one.trend_entries, "days": one.trend_window_days}
        case Rule.PAIN_WEEKS:
            return ngettext(
                "The mean back pain of a week rose twice in a row, by %(points)s or more in all. A week counts from %(count)s day with an "
                "entry on.",
                "The mean back pain of a week rose twice in a row, by %(points)s or more in all. A week counts from %(count)s days with an "
                "entry on.",
                one.week_minimum_days,
            ) % {"points": score(one.week_rise_points), "count": one.week_minimum_days}
        case Rule.MISSED_SESSIONS:
            return ngettext(
                "%(count)s session was missed; again with every further one.",
                "%(count)s sessions in a row were missed; again after as many more.",
                one.missed_in_row,
            ) % {"count": one.missed_in_row}
        case Rule.SILENCE:
            return _("A program runs and nothing was entered for %(days)s days.") % {"days": one.silence_days}
        case Rule.MESSAGE_WAITING:
            if not one.message_days:
                return _("A message of the patient has not been read.")
            return ngettext(
                "A message of the patient has not been read for %(days)s day. Before that it is a note.",
                "A message of the patient has not been read for %(days)s days. Before that it is a note.",
                one.message_days,
            ) % {"days": one.message_days}
        case Rule.ASSESSMENT_OVERDUE:
            return ngettext(
                "An assessment is overdue by %(days)s day. A note, no alert.",
                "An assessment is overdue by %(days)s days. A note, no alert.",
                one.assessment_overdue_days,
            ) % {"days": one.assessment_overdue_days}
        case Rule.READINESS_DROP:
            return ngettext(
                "Readiness fell by %(points)s point or more over as many entries and days as rising pain looks at. A note, no alert.",
                "Readiness fell by %(points)s points or more over as many entries and days as rising pain looks at. A note, no alert.",
                one.readiness_points,
            ) % {"points": one.readiness_points}


def number_hint(one: Number) -> str:
    """Return limits and default of a number."""
    return _("Default %(default)s; %(low)s to %(high)s.") % {"default": score(one.default), "low": score(one.low), "high": score(one.high)}


def problem_text(problem: Problem, name: str) -> str:
    """Return what is wrong with a number, and what would be right."""
    match problem.code:
        case ProblemCode.OUT_OF_RANGE | ProblemCode.NOT_A_NUMBER:
            return _("Enter a number from %(low)s to %(high)s.") % {"low": score(problem.low), "high": score(problem.high)}
        case ProblemCode.NOT_WHOLE:
            return _("Enter a whole number from %(low)s to %(high)s.") % {"low": score(problem.low), "high": score(problem.high)}
        case ProblemCode.NOT_A_STEP:
            return _("Enter a number in steps of %(step)s.") % {"step": score(NUMBERS[name].step)}
        case ProblemCode.BANDS:
            return _("Amber must end above green.")
        case ProblemCode.ALWAYS_ON:
            return _("Stop signs, clearances and agreements that were taken back are always reported.")
        case ProblemCode.UNKNOWN:
            return _("This is not a value of the rules.")


def difference_text(one: Difference) -> str:
    """Return one difference between two rule sets as a sentence."""
    name = str(RULE_NAMES[one.rule])
    if one.name == OFF:
        return _("%(rule)s: on again.") % {"rule": name} if one.after else _("%(rule)s: off.") % {"rule": name}
    values: dict[str, Any] = {"rule": name, "label": str(LABELS[one.name]), "before": score(one.before), "after": score(one.after)}
    return _("%(rule)s – %(label)s: %(after)s instead of %(before)s.") % values
