"""What a replay found, laid out for its page: alerts by therapist and day, and patients with the sentences of the reasons."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinics.models import Job, Membership
from clinics.permissions import allows
from clinics.web import MemberRequest
from patients.actions.rules import rules_of, values_of
from patients.charts.counts import daily_counts
from patients.models import Patient, RuleSet
from patients.reasons import ICONS, day_text, reason_text, score
from patients.rule_words import difference_text
from patients.rules.thresholds import differences, read_rules
from patients.rules.triage import TRIAGE_VERSION


@dataclass(frozen=True, slots=True)
class TherapistRow:
    """The alerts of one therapist's patients: sums, means a day, and the picture of the days."""

    name: str
    now: int
    proposed: int
    now_a_day: str
    proposed_a_day: str
    picture: Any

    @property
    def more(self) -> str:
        """The difference with its sign."""
        return signed(self.proposed - self.now)


@dataclass(frozen=True, slots=True)
class PatientRow:
    """A patient whose alerts differ: whether the other rules say nothing at all, how many, and the first of them in words."""

    patient: Patient
    is_alone: bool
    count: int
    told: list[tuple[str, str, str]]
    """Icon, sentence, day it would be raised on."""

    @property
    def rest(self) -> int:
        """How many are not told."""
        return self.count - len(self.told)


def signed(number: int) -> str:
    """Return a difference with its sign, a real minus among them."""
    return f"+{number}" if number > 0 else f"\N{MINUS SIGN}{-number}" if number else "0"


def show_replay(request: MemberRequest, job: Job, form: forms.Form, *, status: int = 200) -> HttpResponse:
    """Show what a replay found, with the form that puts its numbers in force."""
    result, member = job.result, request.member
    first = dt.date.fromisoformat(result["from_on"])
    days = (dt.date.fromisoformat(result["to_on"]) - first).days + 1
    base = RuleSet.objects.visible_to(member).filter(pk=uuid.UUID(result["rule_set"])).first()
    proposed = read_rules(result["numbers"])
    standing = rules_of(member.clinic, now=timezone.now())
    people = people_of(member, result)
    rows = therapist_rows(member, result, days)
    all_now, all_proposed = (sum_days(result[side].values(), days) for side in ("now", "proposed"))
    context = {
        "job": job,
        "form": form,
        "base": base,
        "is_in_force": base is not None and standing.pk == base.pk,
        "changes": [difference_text(one) for one in differences(values_of(base.pk), proposed)] if base is not None else [],
        "can_change": allows(member, "rules.change"),
        "from_on": first,
        "to_on": dt.date.fromisoformat(result["to_on"]),
        "first_on": dt.date.fromisoformat(result["first_on"]) if result["first_on"] else None,
        "patients": result["patients"],
        "counts": result["counts"],
        "rows": rows,
        "all": TherapistRow(_("Clinic"), *figures(all_now, all_proposed), daily_counts(all_now, all_proposed)),
        "names": [row.name for row in rows],
        "daily": daily_rows(result, first, days, [row.name for row in rows]),
        "added": patient_rows(result["added"], people),
        "missed": patient_rows(result["missed"], people),
        "at_once": patient_rows(result["at_once"], people, with_day=False),
        "version": TRIAGE_VERSION,
    }
    return render(request, "patients/rules_replay.html", context, status=status)


def figures(now: Sequence[int], proposed: Sequence[int]) -> tuple[int, int, str, str]:
    """Return both sums and both means a day."""
    return sum(now), sum(proposed), score(sum(now) / len(now)), score(sum(proposed) / len(proposed))


def sum_days(rows: Iterable[Sequence[int]], days: int) -> list[int]:
    """Return the sum of every day."""
    return [sum(column) for column in zip(*rows, strict=True)] or [0] * days


def therapists_of(result: Mapping[str, Any]) -> list[str]:
    """Return the ids of the therapists, most alerts under the proposed rules first; the empty one is nobody."""
    return sorted(result["proposed"], key=lambda key: (not key, -sum(result["proposed"][key]), key))


def therapist_rows(member: Membership, result: Mapping[str, Any], days: int) -> list[TherapistRow]:
    """Return one row for each therapist; their pictures share one scale."""
    keys = therapists_of(result)
    known = {str(row.pk): str(row) for row in Membership.objects.visible_to(member).filter(pk__in=[key for key in keys if key])}
    top = max([count for side in ("now", "proposed") for many in result[side].values() for count in many], default=0)
    found = []
    for key in keys:
        now, proposed = result["now"].get(key, [0] * days), result["proposed"][key]
        name = known.get(key, "–") if key else _("Without a therapist")
        found.append(TherapistRow(name, *figures(now, proposed), daily_counts(now, proposed, top=top)))
    return found


def daily_rows(
    result: Mapping[str, Any], first: dt.date, days: int, names: Sequence[str]
) -> list[tuple[dt.date, list[tuple[str, int, int]], int, int]]:
    """Return the days with any alert, newest first: for each therapist the name, now and proposed, then the sums."""
    keys = therapists_of(result)
    found = []
    for place in reversed(range(days)):
        cells = [(name, result["now"][key][place], result["proposed"][key][place]) for name, key in zip(names, keys, strict=True)]
        now, proposed = sum(one for _name, one, _other in cells), sum(other for _name, _one, other in cells)
        if now or proposed:
            found.append((first + dt.timedelta(days=place), cells, now, proposed))
    return found


def people_of(member: Membership, result: Mapping[str, Any]) -> dict[str, Patient]:
    """Return the patients that are told of, in one query; who was archived or erased since is left out."""
    keys = {row["patient"] for side in ("added", "missed", "at_once") for row in result[side]}
    return {str(row.pk): row for row in Patient.objects.visible_to(member).active().filter(pk__in=keys)}


def patient_rows(rows: Iterable[Mapping[str, Any]], people: Mapping[str, Patient], *, with_day: bool = True) -> list[PatientRow]:
    """Return patients with the sentences of their alerts."""
    return [
        PatientRow(people[row["patient"]], row["alone"], row["count"], [told_of(one, with_day=with_day) for one in row["alerts"]])
        for row in rows
        if row["patient"] in people
    ]


def told_of(one: Mapping[str, Any], *, with_day: bool) -> tuple[str, str, str]:
    """Return icon, sentence and day of an alert; without a day where the sentence names the same."""
    day = day_text(dt.date.fromisoformat(one["on"])) if with_day and one["evidence"].get("on") != one["on"] else ""
    return ICONS.get(one["rule"], "info"), reason_text(one["rule"], one["evidence"]), day
