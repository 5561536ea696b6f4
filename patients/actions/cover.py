"""Letting a colleague look after somebody's patients for some days; it ends by its last day, nothing has to run for that."""

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinics import audit
from clinics.actions.members import may
from clinics.errors import Conflict, Invalid, NotAllowed
from clinics.localtime import local_day
from clinics.models import Membership, Role
from patients.models import Cover
from patients.moments import day_month_year
from patients.rules.cover import Refusal, Span, refuse_cover

FIELD: Mapping[Refusal, str] = {
    Refusal.SELF: "by",
    Refusal.ORDER: "to_on",
    Refusal.PAST: "from_on",
    Refusal.TOO_LONG: "to_on",
    Refusal.OVERLAP: "from_on",
    Refusal.AWAY: "by",
    Refusal.BUSY: "covered",
}
WORDS: Mapping[Refusal, Promise] = {
    Refusal.SELF: gettext_lazy("Choose somebody else to stand in."),
    Refusal.ORDER: gettext_lazy("The last day lies before the first."),
    Refusal.PAST: gettext_lazy("The first day has to be today or later."),
    Refusal.TOO_LONG: gettext_lazy("A cover lasts at most a year. For longer, hand the patients over."),
    Refusal.OVERLAP: gettext_lazy("There is a cover from %(first)s to %(last)s already: %(who)s stands in."),
    Refusal.AWAY: gettext_lazy("This person is away from %(first)s to %(last)s; %(who)s stands in then."),
    Refusal.BUSY: gettext_lazy("This person stands in for %(covered)s from %(first)s to %(last)s. Find somebody else for that first."),
}


def may_cover(by: Membership, covered: Membership) -> None:
    """Refuse unless `by` manages the clinic or speaks for themselves; raises NotAllowed."""
    may(by, "cover.change", covered.clinic_id)
    if by.role != Role.MANAGER and by.pk != covered.pk:
        raise NotAllowed(_("You can arrange cover for yourself only. Ask a manager for colleagues."))


@transaction.atomic
def arrange_cover(*, covered: Membership, by_whom: Membership, from_on: dt.date, to_on: dt.date, by: Membership, now: dt.datetime) -> Cover:
    """Let `by_whom` look after the patients of `covered` from one day of the clinic to another, both included.

    Raises NotAllowed, Invalid (days, people who do not work here), Conflict (another cover is in the way).
    """
    may_cover(by, covered)
    # Two people arranging at once for the same people come one after the other.
    keys = sorted({covered.pk, by_whom.pk})
    people = {row.pk: row for row in Membership.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=keys).order_by("pk")}
    works = set(Membership.objects.current().staff().filter(clinic_id=by.clinic_id, pk__in=people).values_list("pk", flat=True))
    missing = {
        name: [_("This person does not work at your clinic.")]
        for name, one in (("covered", covered), ("by", by_whom))
        if one.pk not in works
    }
    if missing:
        raise Invalid(fields=missing)
    today = local_day(now, by.clinic.time_zone)
    rows = list(Cover.objects.not_over(today).filter(clinic_id=by.clinic_id).select_related("covered__user", "by__user"))
    spans = {Span(row.covered_id, row.by_id, row.from_on, row.to_on): row for row in rows}
    refused = refuse_cover(Span(covered.pk, by_whom.pk, from_on, to_on), list(spans), today)
    if refused is not None:
        why, other = refused
        told = WORDS[why] % words_of(spans[other]) if other is not None else str(WORDS[why])
        raise (Invalid if other is None else Conflict)(fields={FIELD[why]: [told]})
    row = Cover.objects.create(
        clinic_id=by.clinic_id, covered=covered, by=by_whom, from_on=from_on, to_on=to_on, created_by=by, created_at=now
    )
    audit.record(
        "cover.add",
        row=row,
        by=by,
        at=now,
        covered=str(covered.pk),
        by_whom=str(by_whom.pk),
        first=from_on.isoformat(),
        last=to_on.isoformat(),
    )
    return row


def words_of(row: Cover) -> dict[str, str]:
    """Return what a refusal says about the cover in the way."""
    return {"first": day_month_year(row.from_on), "last": day_month_year(row.to_on), "who": str(row.by), "covered": str(row.covered)}


@transaction.atomic
def end_cover(*, cover: Cover, by: Membership, now: dt.datetime) -> None:
    """End a cover before its last day, or call one off that has not begun; raises NotAllowed, Conflict when it is over already."""
    may_cover(by, cover.covered)
    today = local_day(now, by.clinic.time_zone)
    ended = Cover.objects.not_over(today).filter(pk=cover.pk).update(ended_at=now, ended_by=by)
    if not ended:
        raise Conflict(_("This cover is over already."))
    audit.record("cover.end", row=cover, by=by, at=now)


def end_covers_of(*, member: Membership, by: Membership, now: dt.datetime) -> int:
    """End every cover of and by somebody who leaves; returns how many there were."""
    today = local_day(now, by.clinic.time_zone)
    rows = list(Cover.objects.not_over(today).filter(clinic_id=member.clinic_id, covered=member))
    rows += Cover.objects.not_over(today).filter(clinic_id=member.clinic_id, by=member)
    Cover.objects.filter(pk__in=[row.pk for row in rows], ended_at=None).update(ended_at=now, ended_by=by)
    audit.record_many(audit.event("cover.end", row=row, by=by, at=now) for row in rows)
    return len(rows)
