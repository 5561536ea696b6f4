"""The rule workshop: the triage rules of the clinic with their numbers, a replay of the last 90 days, and the history."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.forms.boundfield import BoundField
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from clinics import audit
from clinics.errors import Conflict, DomainError
from clinics.models import Job
from clinics.permissions import allows
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of
from patients.actions.replaying import KIND, start_replay
from patients.actions.rules import rules_of, save_rules, values_of
from patients.forms.rules import RulesForm, SaveRulesForm, on_name
from patients.models import RuleSet
from patients.reasons import ICONS
from patients.replay_pages import show_replay
from patients.rule_words import RULE_NAMES, SOURCES, difference_text, rule_sentence
from patients.rules.thresholds import DEFAULTS, RuleValues, differences, numbers_of, read_rules, write_rules
from patients.rules.triage import Rule

HISTORY_ROWS = 100


@dataclass(frozen=True, slots=True)
class Row:
    """One rule as the page shows it."""

    rule: Rule
    name: str | Promise
    icon: str
    sentence: str
    source: str | Promise
    is_on: bool
    switch: BoundField | None
    """None for a rule that is never off."""
    fields: list[BoundField]


def rows_of(form: forms.Form, rules: RuleValues) -> list[Row]:
    """Return the rules in their order, those with numbers first."""
    rows = [
        Row(
            rule,
            RULE_NAMES[rule],
            ICONS[rule],
            rule_sentence(rule, rules),
            SOURCES[rule],
            rule not in rules.thresholds.off,
            form[on_name(rule)] if on_name(rule) in form.fields else None,
            [form[one.name] for one in numbers_of(rule)],
        )
        for rule in Rule
    ]
    return sorted(rows, key=lambda row: row.switch is None)


def show_rules(request: MemberRequest, form: RulesForm, *, status: int = 200) -> HttpResponse:
    """Show every rule with its numbers."""
    standing = rules_of(request.member.clinic, now=timezone.now())
    rules = values_of(standing.pk)
    context = {
        "form": form,
        "rows": rows_of(form, rules),
        "rule_set": standing,
        "can_change": allows(request.member, "rules.change"),
        "is_default": rules == DEFAULTS,
        "unlike": [difference_text(one) for one in differences(DEFAULTS, rules)],
    }
    return render(request, "patients/rules.html", context, status=status)


@page("rules.view")
def rules(request: MemberRequest) -> HttpResponse:
    """Show the rules in force, or the numbers of a replay or an earlier rule set to go on from (`from`)."""
    can_change = allows(request.member, "rules.change")
    form = RulesForm(numbers=numbers_to_show(request) if can_change else standing_numbers(request), can_change=can_change)
    return show_rules(request, form)


def standing_numbers(request: MemberRequest) -> Mapping[str, Any]:
    """Return the numbers in force."""
    return write_rules(values_of(rules_of(request.member.clinic, now=timezone.now()).pk))


def numbers_to_show(request: MemberRequest) -> Mapping[str, Any]:
    """Return the numbers the fields begin with: those of a replay, of an earlier rule set, the defaults, or those in force."""
    chosen = request.GET.get("from", "")
    if chosen == "defaults":
        return write_rules(DEFAULTS)
    try:
        pk = uuid.UUID(chosen)
    except ValueError:
        return standing_numbers(request)
    job = Job.objects.visible_to(request.member).filter(pk=pk, kind=KIND).first()
    if job is not None:
        return write_rules(read_rules(job.params["numbers"]))
    row = RuleSet.objects.visible_to(request.member).filter(pk=pk).first()
    return write_rules(values_of(row.pk)) if row is not None else standing_numbers(request)


@page("rules.change", methods=("POST",))
def rules_try(request: MemberRequest) -> HttpResponse:
    """Replay the last 90 days under the numbers that were entered."""
    form = RulesForm(request.POST, numbers=standing_numbers(request))
    if form.is_valid():
        clinic, data, now = request.member.clinic, form.data_of(form.cleaned_data), timezone.now()
        if read_rules(data) == values_of(rules_of(clinic, now=now).pk):
            form.add_error(None, _("Nothing is different from the rules in force. Change a number first."))
        else:
            job = start_replay(clinic=clinic, data=data, by=request.member, now=now)
            return redirect("clinics:job", pk=job.pk)
    return show_rules(request, form, status=422)


@page("rules.view")
def rules_replay(request: MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Show what a replay found; managers may put its numbers in force."""
    job = get_visible(Job.objects.filter(kind=KIND), request.member, pk=pk)
    if job.status != Job.Status.DONE:
        return redirect("clinics:job", pk=job.pk)
    audit.record("rules.replay", row=job, by=request.member, at=timezone.now())
    return show_replay(request, job, SaveRulesForm())


@page("rules.change", methods=("POST",))
def rules_save(request: MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Put the numbers of a replay in force."""
    member = request.member
    job = get_visible(Job.objects.filter(kind=KIND, status=Job.Status.DONE), member, pk=pk)
    form, status = SaveRulesForm(request.POST), 422
    if form.is_valid():
        try:
            row = save_rules(
                clinic=member.clinic,
                data=job.result["numbers"],
                saw=uuid.UUID(job.result["rule_set"]),
                by=member,
                now=timezone.now(),
                **form.cleaned_data,
            )
        except DomainError as error:
            add_errors(form, error)
            status = status_of(form, error)
            if isinstance(error, Conflict) and already_saved(request, job):
                return redirect("patients:rules_history")
        else:
            messages.success(request, _("Rule set %(n)s is in force. All patients are looked at anew within minutes.") % {"n": row.number})
            return redirect("patients:rules_history")
    return show_replay(request, job, form, status=status)


def already_saved(request: MemberRequest, job: Job) -> bool:
    """Tell whether the numbers in force are those of the replay, saved by the same person: the second press of a button."""
    row = rules_of(request.member.clinic, now=timezone.now())
    return row.made_by_id == request.member.pk and values_of(row.pk) == read_rules(job.result["numbers"])


@page("rules.view")
def rules_history(request: MemberRequest) -> HttpResponse:
    """Show every rule set with what it changed, newest first."""
    rows = list(RuleSet.objects.visible_to(request.member).select_related("made_by__user").order_by("-number")[: HISTORY_ROWS + 1])
    told = []
    for place, row in enumerate(rows[:HISTORY_ROWS]):
        before = values_of(rows[place + 1].pk) if place + 1 < len(rows) else DEFAULTS
        told.append((row, [difference_text(one) for one in differences(before, values_of(row.pk))]))
    context = {"sets": told, "can_change": allows(request.member, "rules.change"), "clinic_zone": request.member.clinic.time_zone}
    return render(request, "patients/rules_history.html", context)
