"""Places in a group: how many people come to the clinic at one time, and whether one more fits."""

import datetime as dt
from collections.abc import Iterable

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from clinics.errors import Invalid
from clinics.localtime import to_utc
from clinics.models import Clinic
from patients.dates import short_day
from patients.models import ScheduledSession
from programs.models import Setting

GONE = (ScheduledSession.Status.CANCELLED, ScheduledSession.Status.SKIPPED)


def count_taken(clinic: Clinic, days: Iterable[dt.date], at_time: dt.time) -> dict[dt.date, int]:
    """Return how many people come on each of these days at this wall-clock time, days without anybody included: one query."""
    instants = {to_utc(on, at_time, clinic.time_zone): on for on in days}
    found = dict.fromkeys(instants.values(), 0)
    rows = ScheduledSession.objects.filter(clinic=clinic, setting=Setting.SUPERVISED, on__in=found, starts_at__in=instants)
    counted = rows.exclude(status__in=GONE).order_by().values("starts_at").annotate(count=Count("id"))
    for starts_at, count in counted.values_list("starts_at", "count"):
        if starts_at is not None:
            found[instants[starts_at]] = count
    return found


def check_places(clinic: Clinic, taken: dict[dt.date, int]) -> None:
    """Refuse one more person where the group is full on any of the days; a clinic without a number of places has no limit."""
    if clinic.group_places is None:
        return
    full = sorted(on for on, count in taken.items() if count >= clinic.group_places)
    if full:
        text = _("The group is full on %(day)s, %(count)s of %(places)s places are taken. Choose another time or other days.")
        words = {"day": short_day(full[0]), "count": taken[full[0]], "places": clinic.group_places}
        raise Invalid(fields={"supervised_time": [text % words]})
