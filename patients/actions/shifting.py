"""Moving the rest of a running plan to later or earlier days: what it would mean, doing it, and taking it back."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from clinics.errors import Conflict, Invalid, NotAllowed
from clinics.localtime import local_day
from clinics.models import Clinic, ClosedDay, Membership
from patients.actions.places import GONE
from patients.actions.planning import appointment
from patients.actions.tailoring import CHANGED, put_in_force, read_reason
from patients.dates import short_day
from patients.models import Assessment, Assignment, AssignmentVersion, GroupEntry, Patient, Pause, ScheduledSession
from patients.models.assignment import RUNNING
from patients.rules import shifting
from patients.rules.extension import Planned
from patients.rules.schedule import PausePeriod, Setting
from programs.actions import fork_version
from programs.layout import lay_out
from programs.rules.diff import Change, Kind

Status = ScheduledSession.Status
TAKEN_BACK = _("The move was taken back.")


@dataclass(frozen=True, slots=True)
class Move:
    """One session with the day and instant it would have, and what is in the way."""

    session: ScheduledSession
    on: dt.date
    starts_at: dt.datetime | None
    closed_on: dt.date | None = None
    """The closed day it gives way to; None for none."""
    is_unplaced: bool = False
    """Whether its week has no open day, so that it would stand on a closed one."""
    taken: int | None = None
    """How many others come at that time where the group is full by that; None where there is a place."""

    @property
    def is_full(self) -> bool:
        """Whether its group has no place."""
        return self.taken is not None


@dataclass(frozen=True, slots=True)
class Shift:
    """What moving the rest of a plan would mean: by how many days, every session, the measurements that go along, start and end."""

    asked_days: int
    days: int
    moves: Sequence[Move]
    measurements: Sequence[tuple[Assessment, dt.date]]
    starts_on: dt.date
    ended_on: dt.date
    ends_on: dt.date

    @property
    def is_rounded(self) -> bool:
        """Whether the days were rounded up to whole weeks."""
        return self.asked_days != self.days

    @property
    def full(self) -> list[Move]:
        """Sessions whose group has no place on the new day."""
        return [one for one in self.moves if one.is_full]

    @property
    def digest(self) -> str:
        """A digest of what is shown, so that nothing else is done."""
        shown = [(one.session.pk, one.session.on, one.on, one.starts_at) for one in self.moves]
        return hashlib.sha256(repr([shown, [(row.pk, on) for row, on in self.measurements], self.ends_on]).encode()).hexdigest()


def propose_shift(
    *, assignment: Assignment, from_on: dt.date, today: dt.date, days: int | None = None, goes_on_on: dt.date | None = None
) -> Shift:
    """Work out what it means to move every session still planned from a day on, and store nothing.

    Either by a number of days (below 0: earlier), or so that it goes on on or after a day. Days are rounded up to what the plan can be
    moved by. Raises Conflict for a program that is not running; Invalid beside from_on without a planned session from that day on, and
    beside days or goes_on_on for no move, one too far, or one into the past or into weeks that are not free.
    """
    if assignment.status not in RUNNING:
        raise Conflict(_("This program is not running any more."))
    if from_on < today:
        raise Invalid(fields={"from_on": [_("Choose today or a later day.")]})
    rows = ScheduledSession.objects.filter(assignment=assignment, clinic_id=assignment.clinic_id).exclude(status=Status.CANCELLED)
    every = list(rows.select_related("session_plan").order_by("on", "setting"))
    moving, kept = split(assignment, every, from_on)
    if not moving:
        raise Invalid(fields={"from_on": [_("No session is planned from this day on.")]})
    weeks, closed = assignment.version.weeks, closed_days(assignment, today)
    given = [moving_of(one, closed) for one in moving]
    first_on = min(shifting.agreed_days(given).values())
    field = "days" if goes_on_on is None else "goes_on_on"
    asked = (days or 0) if goes_on_on is None else (goes_on_on - first_on).days
    if goes_on_on is not None and goes_on_on < today:
        raise Invalid(fields={field: [_("Choose today or a later day.")]})
    step = shifting.step_days(by_fixed_days=all(one.session_plan.days for one in moving), weeks=weeks, is_whole=not kept)
    shift = shifting.round_up(asked, step)
    stays = [shifting.Kept(one.week, one.on) for one in kept]
    least = shifting.least_shift(given, stays, starts_on=assignment.starts_on, weeks=weeks, today=today, step=step)
    check_days(shift, least, first_on, field)
    starts_on = assignment.starts_on if kept else assignment.starts_on + dt.timedelta(days=shift)
    landings = shifting.land(
        given,
        shift,
        starts_on=starts_on,
        step=step,
        taken=taken_days(stays, starts_on, today),
        pauses=[PausePeriod(*one) for one in pauses_of(assignment, today)],
        closed_days=closed,
        open_weekdays=assignment.clinic.open_weekdays or range(1, 8),
    )
    measured = {one.pk: one for one in Assessment.objects.filter(assignment=assignment, status=Assessment.Status.PLANNED)}
    found = [Planned(one.pk, one.week, one.due_on) for one in measured.values()]
    due = [(measured[UUID(str(one.key))], one.due_on) for one in shifting.shifted_measurements(found, landings, is_whole=not kept)]
    return Shift(
        asked_days=asked,
        days=shift,
        moves=moves_of(assignment, {one.pk: one for one in moving}, landings),
        measurements=sorted(due, key=lambda one: one[1]),
        starts_on=starts_on,
        ended_on=assignment.ends_on,
        ends_on=assignment.ends_on + dt.timedelta(days=landings[-1].days),
    )


def split(
    assignment: Assignment, every: Sequence[ScheduledSession], from_on: dt.date
) -> tuple[list[ScheduledSession], list[ScheduledSession]]:
    """Return the sessions that move and those that stay: done, missed, skipped, begun by a group or attended, and all before the day."""
    begun = set(GroupEntry.objects.filter(session__assignment=assignment).order_by().values_list("session_id", flat=True))
    moving = [one for one in every if one.status == Status.PLANNED and one.on >= from_on and one.pk not in begun and not one.attendance]
    stays = {one.pk for one in every} - {one.pk for one in moving}
    return moving, [one for one in every if one.pk in stays]


def check_days(shift: int, least: int, first_on: dt.date, field: str) -> None:
    """Refuse no move, one beyond eight weeks, and one further to the front than there is room."""
    if shift == 0:
        raise Invalid(fields={field: [_("By that nothing moves: the agreed weekdays stay, so a plan moves by whole weeks.")]})
    if abs(shift) > shifting.LONGEST_SHIFT_DAYS:
        raise Invalid(fields={field: [_("A plan can be moved by eight weeks at most. End it and assign it again instead.")]})
    if shift < least:
        if least == 0:
            raise Invalid(fields={field: [_("It cannot go on earlier: the weeks before are over, or not free.")]})
        day = short_day(first_on + dt.timedelta(days=least))
        raise Invalid(fields={field: [_("It can go on on %(day)s at the earliest.") % {"day": day}]})


def closed_days(assignment: Assignment, today: dt.date) -> set[dt.date]:
    """Return the closed days that can matter: those to come, and those some session gave way to."""
    since = min(today, assignment.starts_on)
    return set(ClosedDay.objects.filter(clinic=assignment.clinic, on__gte=since).values_list("on", flat=True))


def pauses_of(assignment: Assignment, today: dt.date) -> list[tuple[dt.date, dt.date]]:
    """Return first and last day of the pauses that are not over."""
    rows = Pause.objects.filter(assignment=assignment, clinic_id=assignment.clinic_id, cancelled_at=None, to_on__gte=today)
    return list(rows.order_by("from_on").values_list("from_on", "to_on"))


def taken_days(stays: Sequence[shifting.Kept], starts_on: dt.date, today: dt.date) -> set[dt.date]:
    """Return the days nothing can land on: those of sessions that stay, and every day that is over."""
    over = {starts_on + dt.timedelta(days=number) for number in range((today - starts_on).days)}
    return over | {one.on for one in stays}


def moving_of(session: ScheduledSession, closed: set[dt.date]) -> shifting.Moving:
    """Turn a session into what the rule reads; only a closed day of the clinic counts as given way to, a day chosen by hand stays."""
    gave_way = session.setting == Setting.SUPERVISED and session.original_on in closed
    return shifting.Moving(session.pk, session.week, Setting(session.setting), session.on, session.original_on if gave_way else None)


def moves_of(assignment: Assignment, sessions: Mapping[UUID, ScheduledSession], landings: Sequence[shifting.Landing]) -> list[Move]:
    """Return the sessions with their new days and instants, and those whose group is full by then."""
    found = []
    for one in landings:
        session = sessions[UUID(str(one.key))]
        starts_at = appointment(session, one.on, assignment.supervised_time, assignment.clinic.time_zone)
        found.append(Move(session, one.on, starts_at, one.closed_on, one.is_unplaced))
    found.sort(key=lambda one: (one.on, one.session.setting))
    full = full_groups(assignment, [one.starts_at for one in found if one.starts_at is not None])
    return [replace(one, taken=full[one.starts_at]) if one.starts_at in full else one for one in found]


def full_groups(assignment: Assignment, instants: Sequence[dt.datetime]) -> dict[dt.datetime, int]:
    """Return the instants at which as many others come as there are places, with their number; no limit, no query."""
    places = assignment.clinic.group_places
    if places is None or not instants:
        return {}
    rows = ScheduledSession.objects.filter(clinic_id=assignment.clinic_id, setting=Setting.SUPERVISED, starts_at__in=instants)
    rows = rows.exclude(assignment=assignment).exclude(status__in=GONE).order_by()
    counted = rows.values("starts_at").annotate(count=Count("id")).values_list("starts_at", "count")
    return {at: count for at, count in counted if at is not None and count >= places}


@transaction.atomic
def shift_plan(
    *,
    assignment: Assignment,
    from_on: dt.date,
    reason: str,
    by: Membership,
    now: dt.datetime,
    days: int | None = None,
    goes_on_on: dt.date | None = None,
    base_id: UUID | None = None,
    seen: str | None = None,
) -> AssignmentVersion:
    """Move every session still planned from a day on, with the measurements that belong to them; what was done, missed or past stays.

    The patient reads the reason and from which day to which. `base_id` is the version that was looked at, `seen` the digest of what was
    shown, None for neither. Raises what `propose_shift` raises, Invalid without a reason or where a group is full, Conflict when plan or
    days have changed since they were looked at.
    """
    if by.clinic_id != assignment.clinic_id or by.is_patient:
        raise NotAllowed
    text = read_reason(reason)
    lock_plan(assignment)
    if assignment.clinic.group_places is not None:
        # The last place is given once, however many ask for it at the same time.
        Clinic.objects.select_for_update().get(pk=assignment.clinic_id)
    if base_id is not None and base_id != assignment.version_id:
        raise Conflict(CHANGED)
    today = local_day(now, assignment.patient.zone)
    shift = propose_shift(assignment=assignment, from_on=from_on, today=today, days=days, goes_on_on=goes_on_on)
    if seen is not None and seen != shift.digest:
        raise Conflict(CHANGED)
    check_full(shift, "days" if goes_on_on is None else "goes_on_on", assignment.clinic.group_places)
    change = told_shift(shift, assignment)
    place_sessions([(one.session, one.on, one.starts_at, one.closed_on) for one in shift.moves], now=now)
    place_measurements(shift.measurements)
    set_ends(assignment, shift.starts_on, shift.ends_on, now=now)
    return keep_change(assignment, change, reason=text, by=by, now=now)


def lock_plan(assignment: Assignment) -> None:
    """Let nobody else move or log its sessions until this is done, and read it as it is by now."""
    Patient.objects.select_for_update().get(pk=assignment.patient_id)
    rows = ScheduledSession.objects.planned().filter(assignment=assignment, clinic_id=assignment.clinic_id)
    list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
    assignment.refresh_from_db(fields=["version", "tailored_on", "status", "starts_on", "ends_on"])


def check_full(shift: Shift, field: str, places: int | None) -> None:
    """Refuse a move into a group without a place."""
    if not shift.full:
        return
    text = _("The group is full on %(day)s, %(count)s of %(places)s places are taken. Choose other days, or move this session first.")
    first = shift.full[0]
    raise Invalid(fields={field: [text % {"day": short_day(first.on), "count": first.taken, "places": places}]})


def told_shift(shift: Shift, assignment: Assignment) -> Change:
    """Return the change as it is told and kept: first day and end before and after, and every row's day, so that it can be taken back."""
    moves = sorted(shift.moves, key=lambda one: (one.session.on, one.session.setting))
    before: dict[str, Any] = {
        "on": moves[0].session.on.isoformat(),
        "starts_on": assignment.starts_on.isoformat(),
        "ends_on": assignment.ends_on.isoformat(),
        "sessions": {str(one.session.pk): [day_of(one.session.on), day_of(one.session.original_on)] for one in moves},
        "measurements": {str(row.pk): row.due_on.isoformat() for row, _on in shift.measurements},
    }
    after: dict[str, Any] = {
        "on": min(one.on for one in moves).isoformat(),
        "starts_on": shift.starts_on.isoformat(),
        "ends_on": shift.ends_on.isoformat(),
        "sessions": {str(one.session.pk): [day_of(one.on), day_of(one.closed_on)] for one in moves},
        "measurements": {str(row.pk): on.isoformat() for row, on in shift.measurements},
    }
    first, last = min(one.session.week for one in moves), max(one.session.week for one in moves)
    return Change(Kind.SHIFTED, first, last, last == assignment.version.weeks, before=before, after=after)


def day_of(on: dt.date | None) -> str | None:
    """Write a day for keeping."""
    return on.isoformat() if on is not None else None


def place_sessions(moves: Sequence[tuple[ScheduledSession, dt.date, dt.datetime | None, dt.date | None]], *, now: dt.datetime) -> None:
    """Put sessions on their new days in two steps, so that no two ever share one on the way."""
    rows = [session for session, *_new in moves]
    aside = max(one.on for one in rows) + dt.timedelta(days=3650)
    for number, one in enumerate(rows):
        one.on = aside + dt.timedelta(days=number)
    ScheduledSession.objects.bulk_update(rows, ["on"])
    for session, on, starts_at, original_on in moves:
        session.on, session.starts_at, session.original_on, session.changed_at = on, starts_at, original_on, now
    ScheduledSession.objects.bulk_update(rows, ["on", "starts_at", "original_on", "changed_at"])


def place_measurements(measurements: Sequence[tuple[Assessment, dt.date]]) -> None:
    """Put measurements on their new days."""
    for row, on in measurements:
        row.due_on = on
    Assessment.objects.bulk_update([row for row, _on in measurements], ["due_on"])


def set_ends(assignment: Assignment, starts_on: dt.date, ends_on: dt.date, *, now: dt.datetime) -> None:
    """Store first and last day."""
    rows = Assignment.objects.filter(pk=assignment.pk, clinic_id=assignment.clinic_id)
    rows.update(starts_on=starts_on, ends_on=ends_on, changed_at=now)
    assignment.starts_on, assignment.ends_on = starts_on, ends_on


def keep_change(assignment: Assignment, change: Change, *, reason: str, by: Membership, now: dt.datetime) -> AssignmentVersion:
    """Put an equal version in force from today on, so that the change is told at once with its reason."""
    base = assignment.version
    version = fork_version(
        version=base, layout=lay_out(base), clinic=assignment.clinic, key=f"tailored-{assignment.pk}", reason=reason, now=now
    )
    today = local_day(now, assignment.patient.zone)
    from_on = max(today, assignment.tailored_on or today)
    return put_in_force(assignment, version, [change], reason=reason, from_on=from_on, by=by, now=now, event="plan.shift")


def shift_to_take_back(assignment: Assignment, today: dt.date) -> AssignmentVersion | None:
    """Return the last change while it is a move that can be taken back: all of it stands as it was put, and no old day is over."""
    last: AssignmentVersion | None = assignment.versions.filter(version_id=assignment.version_id).first()
    if assignment.status not in RUNNING or last is None or len(last.changes) != 1:
        return None
    change = last.changes[0]
    if change.get("kind") != Kind.SHIFTED or change["after"].get("is_back") or change["before"]["on"] < today.isoformat():
        return None
    placed = change["after"]["sessions"]
    if assignment.ends_on.isoformat() != change["after"]["ends_on"]:
        return None
    rows = ScheduledSession.objects.planned().filter(assignment=assignment, clinic_id=assignment.clinic_id, pk__in=list(placed))
    rows = rows.filter(attendance="").exclude(pk__in=GroupEntry.objects.filter(session__assignment=assignment).values("session_id"))
    stand = {str(pk): day_of(on) for pk, on in rows.values_list("pk", "on")}
    return last if stand == {pk: days[0] for pk, days in placed.items()} else None


@transaction.atomic
def take_shift_back(*, assignment: Assignment, by: Membership, now: dt.datetime) -> AssignmentVersion:
    """Put everything back on the day it had; raises Conflict once one of these days is over or something else has moved."""
    if by.clinic_id != assignment.clinic_id or by.is_patient:
        raise NotAllowed
    lock_plan(assignment)
    last = shift_to_take_back(assignment, local_day(now, assignment.patient.zone))
    if last is None:
        raise Conflict(_("This cannot be taken back any more. Move the plan again instead."))
    change = last.changes[0]
    old, new = change["before"], change["after"]
    rows = ScheduledSession.objects.filter(assignment=assignment, clinic_id=assignment.clinic_id)
    sessions = {str(one.pk): one for one in rows.filter(pk__in=list(old["sessions"]))}
    back = []
    for pk, (on, original_on) in old["sessions"].items():
        day = dt.date.fromisoformat(on)
        starts_at = appointment(sessions[pk], day, assignment.supervised_time, assignment.clinic.time_zone)
        back.append((sessions[pk], day, starts_at, dt.date.fromisoformat(original_on) if original_on else None))
    busy = set(rows.exclude(status=Status.CANCELLED).exclude(pk__in=list(sessions)).values_list("on", flat=True))
    made_since = Pause.objects.filter(assignment=assignment, clinic_id=assignment.clinic_id, cancelled_at=None, made_at__gte=last.made_at)
    paused = [PausePeriod(*one) for one in made_since.values_list("from_on", "to_on")]
    if any(on in busy or any(pause.covers(on) for pause in paused) for _session, on, _at, _original in back):
        raise Conflict(_("This cannot be taken back any more. Move the plan again instead."))
    if full_groups(assignment, [at for _session, _on, at, _original in back if at is not None]):
        raise Conflict(_("The places of these days are taken by now. Move the plan again instead."))
    place_sessions(back, now=now)
    measured = Assessment.objects.filter(assignment=assignment, status=Assessment.Status.PLANNED, pk__in=list(old["measurements"]))
    place_measurements([(row, dt.date.fromisoformat(old["measurements"][str(row.pk)])) for row in measured])
    set_ends(assignment, dt.date.fromisoformat(old["starts_on"]), dt.date.fromisoformat(old["ends_on"]), now=now)
    with translation.override(assignment.patient.language):
        reason = str(TAKEN_BACK)
    told = Change(Kind.SHIFTED, change["week_from"], change["week_to"], change["to_end"], before=new, after={**old, "is_back": True})
    return keep_change(assignment, told, reason=reason, by=by, now=now)
