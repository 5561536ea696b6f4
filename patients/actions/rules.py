"""The triage rules of a clinic: which are in force, and putting others in force."""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.errors import Conflict, Invalid, NotAllowed
from clinics.models import Clinic, Membership
from patients.models import CaseloadEntry, RuleSet
from patients.rules.thresholds import DEFAULTS, RuleValues, differences, find_problems, read_rules, write_rules

REASON_LENGTH = 500
CHANGED = _("Somebody has changed the rules in the meantime. Please replay your numbers against the rules that are in force now.")
_values: dict[uuid.UUID, RuleValues] = {}


def values_of(rule_set_id: uuid.UUID) -> RuleValues:
    """Return the numbers of a rule set; one is never changed, so each is read once a process."""
    if rule_set_id not in _values:
        _values[rule_set_id] = read_rules(RuleSet.objects.values_list("thresholds", flat=True).get(pk=rule_set_id))
    return _values[rule_set_id]


def rules_in_force(clinics: Collection[uuid.UUID], *, now: dt.datetime) -> dict[uuid.UUID, RuleSet]:
    """Return the rule set in force of each clinic, in one query; a clinic without one gets the defaults of the product as its first."""
    wanted = set(clinics)
    found = {row.clinic_id: row for row in RuleSet.objects.in_force().filter(clinic_id__in=wanted)}
    for missing in Clinic.objects.filter(pk__in=wanted - found.keys()) if wanted - found.keys() else ():
        numbers = write_rules(DEFAULTS) | {"green_max": missing.pain_green_max, "amber_max": missing.pain_amber_max}
        row, _created = RuleSet.objects.get_or_create(clinic=missing, number=1, defaults={"thresholds": numbers, "in_force_at": now})
        found[missing.pk] = row
    for row in found.values():
        _values.setdefault(row.pk, read_rules(row.thresholds))
    return found


def rules_of(clinic: Clinic, *, now: dt.datetime) -> RuleSet:
    """Return the rule set in force of one clinic."""
    return rules_in_force([clinic.pk], now=now)[clinic.pk]


def check_rules(data: Mapping[str, Any]) -> RuleValues:
    """Return the numbers of a proposed rule set; raises Invalid for wrong ones (pages and the API say beside the field what is)."""
    problems = find_problems(data)
    if problems:
        raise Invalid(fields={name: [_("Please check this value.")] for name in problems})
    return read_rules(data)


@transaction.atomic
def save_rules(*, clinic: Clinic, data: Mapping[str, Any], saw: uuid.UUID, reason: str, by: Membership, now: dt.datetime) -> RuleSet:
    """Put other rules in force for all patients of a clinic; `saw` is the rule set they were compared with.

    Lines follow at once, and are looked at anew by the next tick. Raises NotAllowed for people of another clinic, Invalid beside the
    field (also when nothing is different), Conflict when other rules came into force in the meantime.
    """
    if by.clinic_id != clinic.pk or by.is_patient:
        raise NotAllowed
    text = reason.strip()
    if not text or len(text) > REASON_LENGTH:
        raise Invalid(fields={"reason": [_("Say in at most 500 characters why the rules change.")]})
    rules = check_rules(data)
    standing = rules_of(clinic, now=now)
    if standing.pk != saw:
        raise Conflict(CHANGED)
    changes = differences(values_of(standing.pk), rules)
    if not changes:
        raise Invalid(_("Nothing is different from the rules in force."))
    try:
        with transaction.atomic():
            row: RuleSet = RuleSet.objects.create(
                clinic=clinic, number=standing.number + 1, thresholds=write_rules(rules), reason=text, made_by=by, in_force_at=now
            )
    except IntegrityError as error:
        raise Conflict(CHANGED) from error
    _values[row.pk] = rules
    # Pages and patients read the bands from the clinic, without another query; nothing else writes them.
    bands = {"pain_green_max": rules.bands.green_max, "pain_amber_max": rules.bands.amber_max}
    Clinic.objects.filter(pk=clinic.pk).update(**bands)
    for name, value in bands.items():
        setattr(clinic, name, value)
    CaseloadEntry.objects.filter(clinic=clinic).update(rule_set=row)
    audit.record("rules.change", row=row, by=by, at=now, number=row.number, fields=sorted({one.name for one in changes}))
    return row
