"""What a handout says: one week of a running plan on paper, in the active language, nothing beyond the plan."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from clinics.emergency import number_for
from clinics.errors import Conflict
from clinics.models import Membership
from patients.dates import long_day
from patients.doses import SessionContent, content_of, form_text, rest_seconds
from patients.models import Assignment, Patient, ScheduledSession
from patients.rules import symptoms
from patients.wording import GROUPED_SIGN_TEXT
from programs.dose import dose_text, effort_text, seconds_text
from programs.models import Exercise, Prescription, Setting, in_language

MOST_COLUMNS = 16
"""Boxes beside each other that a pen still meets."""
MOST_SETS = 5
Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Week:
    """The sessions at home of one week of a running plan, in the order of their days; never empty."""

    assignment: Assignment
    number: int
    sessions: Sequence[ScheduledSession]


def read_week(patient: Patient, *, number: int | None, member: Membership, today: dt.date) -> Week:
    """Read a week of the running plan, by default the first that has a session at home from today on; two queries.

    Raises Conflict with what to do where nothing may or can be printed.
    """
    own = Assignment.objects.visible_to(member).filter(patient=patient).running()
    assignment = own.select_related("version__program", "patient__clinic").first()
    if assignment is None:
        raise Conflict(_("There is no running program to print."))
    if assignment.status == Assignment.Status.HELD:
        raise Conflict(_("Training is on hold. The plan can be printed once it goes on."))
    rows = ScheduledSession.objects.visible_to(member).filter(assignment=assignment, setting=Setting.HOME)
    sessions = list(rows.exclude(status=ScheduledSession.Status.CANCELLED).order_by("on", "pk"))
    if not sessions:
        raise Conflict(_("This program has no sessions at home, so there is nothing to print."))
    if number is None:
        number = next((one.week for one in sessions if one.on >= today), sessions[-1].week)
    found = [one for one in sessions if one.week == number]
    if not found:
        raise Conflict(_("This week has no session at home. Please choose another week of the plan."))
    return Week(assignment, number, found)


def word_week(week: Week, *, today: dt.date) -> Content:
    """Return the handout as data: head, guide, one part for each kind of session, and when to stop."""
    patient, clinic = week.assignment.patient, week.assignment.patient.clinic
    program = week.assignment.version.program
    contents = {plan: content_of(plan, None) for plan in dict.fromkeys(one.session_plan_id for one in week.sessions)}
    lines = [line for content in contents.values() for line in content.main]
    plans = [content.main[0].session_plan for content in contents.values() if content.main]
    minutes = common(_("about %(n)s min a session") % {"n": plan.minutes} for plan in plans)
    rest, effort = common(rest_of(line) for line in lines if line.sets > 1), common(effort_of(line) for line in lines)
    days = [one.on for one in week.sessions]
    about = [f"{patient.first_name} {patient.last_name[:1]}.", program.name, ", ".join(date_format(day, "l") for day in days), minutes]
    guide = [_("Rest %(rest)s between sets.") % {"rest": rest}] if rest else []
    if effort:
        guide.append(_("Effort about %(effort)s of 10.") % {"effort": effort})
    guide.append(
        _("Your therapist's guide: pain up to %(limit)s is accepted if it is back to the usual by the next morning.")
        % {"limit": clinic.pain_amber_max}
    )
    printed = {"day": date_format(today, pgettext("date format", "j F Y")), "version": plans[0].version.number if plans else 1}
    return {
        "sender": " · ".join(part for part in (clinic.name, clinic.phone) if part),
        "title": _("Your home program, week %(n)s") % {"n": week.number},
        "about": " · ".join(part for part in about if part),
        "guide": guide,
        "parts": [
            part_of(
                content, [one.on for one in week.sessions if one.session_plan_id == key], alone=len(contents) == 1, rest=rest, effort=effort
            )
            for key, content in contents.items()
        ],
        "rows": [_("Worst pain, 0 to 10"), _("Pain next morning"), _("Run: km, pain")],
        "stop": {
            "signs": [str(GROUPED_SIGN_TEXT[key]) for key in emergency_groups()],
            "number": _("Emergency: %(number)s") % {"number": number_for(clinic)},
            "pain": _("Pain %(n)s or more: end the exercise and tell us.") % {"n": clinic.pain_amber_max + 1},
        },
        "footer": _("Printed on %(day)s from version %(version)s of the program. The plan may change: look online or ask us.") % printed,
    }


def days_of(week: Week, plan: UUID) -> list[dt.date]:
    """Return the days on which a kind of session stands."""
    return [one.on for one in week.sessions if one.session_plan_id == plan]


def part_of(content: SessionContent, days: Sequence[dt.date], *, alone: bool, rest: str, effort: str) -> Content:
    """Return one kind of session: its days, its exercises as cards, and how many boxes each set needs."""
    most = max((line.sets for line in content.main), default=1)
    columns = most if most <= MOST_SETS and most * len(days) <= MOST_COLUMNS else 1
    note = in_language(content.main[0].session_plan.note) if content.main else ""
    return {
        "heading": "" if alone else ", ".join(long_day(day) for day in days),
        "days": [date_format(day, pgettext("date format", "D j")) for day in days],
        "columns": columns,
        "tick": _("Tick each set done") if columns > 1 else _("Tick each exercise done"),
        "before": in_one_line(_("Warm-up"), content.warm_up),
        "after": in_one_line(_("Cool-down"), content.cool_down),
        "note": str(note or ""),
        "cards": [card_of(number, line, rest=rest, effort=effort) for number, line in enumerate(content.main, 1)],
    }


def card_of(number: int, line: Prescription, *, rest: str, effort: str) -> Content:
    """Return one exercise; what the guide says for all of them is not said again."""
    exercise = line.exercise
    more = [form_text(line)]
    if not rest and line.sets > 1 and rest_of(line):
        more.append(_("rest %(rest)s") % {"rest": rest_of(line)})
    if not effort and effort_of(line):
        more.append(_("effort %(effort)s of 10") % {"effort": effort_of(line)})
    return {
        "number": number,
        "exercise": str(exercise.pk),
        "variant": line.pose_variant,
        "name": exercise.name,
        "dose": dose_text(line),
        "form": " · ".join(part for part in more if part),
        "steps": [str(text) for text in exercise.text("steps") or []],
        "cue": str(exercise.text("cue") or ""),
        "sets": line.sets,
    }


def in_one_line(name: str, lines: Iterable[Prescription]) -> str:
    """Return a warm-up or cool-down in one line: "Warm-up: Brisk walk, 5 min"; empty where there is none."""
    parts = "; ".join(f"{line.exercise.name}, {dose_text(line)}" for line in lines)
    return f"{name}: {parts}" if parts else ""


def rest_of(line: Prescription) -> str:
    """Return the pause between sets in words; empty where there is none, or where it is part of the dose (walking between runs)."""
    return "" if line.run_seconds or not line.rest_seconds else seconds_text(rest_seconds(line))


def effort_of(line: Prescription) -> str:
    """Return the intended effort, 0–10."""
    return effort_text(line.effort_low, line.effort_high)


def common(texts: Iterable[str]) -> str:
    """Return what all of them say, empty where they differ or say nothing."""
    found = set(texts)
    return found.pop() if len(found) == 1 else ""


def emergency_groups() -> list[str]:
    """Return the groups of warning signs every one of which is an emergency."""
    levels = {sign.key: sign.level for sign in symptoms.SIGNS}
    return [group.key for group in symptoms.GROUPS if all(levels[key] == symptoms.Level.EMERGENCY for key in group.signs)]


def exercises_of(week: Week) -> dict[str, Exercise]:
    """Return the exercises of a week by id: they belong to the plan, so whoever may see the plan may see them."""
    lines = (line for one in week.sessions for line in content_of(one.session_plan_id, None).main)
    return {str(line.exercise_id): line.exercise for line in lines}
