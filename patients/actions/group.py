"""A group in the clinic: each tap stored once and never over another's, who came, who walked in, and the log at the end."""

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.errors import Conflict, Invalid
from clinics.localtime import local_day
from clinics.models import Membership
from clinics.transitions import advance
from patients.actions.caseload import refresh_entry
from patients.actions.once import store_once
from patients.actions.sessions import Done, log_session, prescriptions_of
from patients.group_words import about_text, number_text, value_text
from patients.last_time import read_last
from patients.models import Assignment, GroupEntry, ScheduledSession, SessionLog
from patients.moments import moment_text
from patients.rules import group
from patients.rules.group import Target, Verdict, What
from patients.states import ATTENDANCE, SESSION
from programs.models import Prescription, Setting

Attendance = ScheduledSession.Attendance
Status = ScheduledSession.Status
OPEN = (Status.PLANNED, Status.MISSED, Status.SKIPPED)
STATUS_OF: dict[str, str] = {
    Attendance.EXPECTED: Status.PLANNED,
    Attendance.CAME: Status.PLANNED,
    Attendance.LATE_CANCEL: Status.SKIPPED,
    Attendance.NO_SHOW: Status.MISSED,
}
TRIES = 3


class Overtaken(Conflict):
    """Somebody else entered another value meanwhile; `entry` is theirs, `value` the one that was refused."""

    def __init__(self, entry: GroupEntry, value: Decimal | None, exercise: str, *, now: dt.datetime, zone: str) -> None:
        """Say both values in one sentence."""
        self.entry, self.value = entry, value
        self.about = about_text(entry.what, exercise, entry.number)
        words = {
            "about": self.about,
            "name": entry.made_by,
            "theirs": value_text(entry.what, entry.value),
            "when": moment_text(entry.made_at, now, zone),
            "mine": value_text(entry.what, value),
        }
        super().__init__(
            gettext("%(about)s: %(name)s entered “%(theirs)s”, %(when)s; you entered “%(mine)s”. Nothing was overwritten.") % words
        )


def state_of(session: ScheduledSession) -> dict[Target, group.Entry]:
    """Return what the sheet says of one session now: one query."""
    rows = GroupEntry.objects.filter(session=session, clinic_id=session.clinic_id)
    return group.standing(as_entry(row) for row in rows)


def as_entry(row: GroupEntry) -> group.Entry:
    """Return a row as the rules read it."""
    return group.Entry(Target(What(row.what), row.prescription_id, row.number), row.value, row.revision)


def enter(
    *,
    session: ScheduledSession,
    target: Target,
    value: Decimal | None,
    seen: int,
    by: Membership,
    now: dt.datetime,
    client_key: uuid.UUID | None = None,
    done_at: dt.datetime | None = None,
) -> tuple[GroupEntry, bool]:
    """Store one value of a session in the clinic; `seen` is the revision that was on the screen, 0 for none.

    Returns the entry that stands and whether it is new; a value that stands already is not stored again. Raises Invalid, Overtaken
    when somebody else's value would be overwritten, Conflict when the session is over or the training is on hold.
    """
    if not group.is_possible(target, value):
        raise Invalid(fields={"value": [_("Please check this number.")]})
    line = line_of(session, target)
    content = {"session": session.pk, "target": target, "value": number_text(value) if value is not None else None}
    stored = False

    def store(digest: str) -> GroupEntry:
        nonlocal stored
        may_enter(session, now=now)
        ScheduledSession.objects.select_for_update().filter(pk=session.pk).first()
        mine = GroupEntry.objects.filter(session=session, prescription=target.exercise, what=target.what.value, number=target.number)
        last = mine.select_related("made_by__user").order_by("-revision").first()
        verdict = group.judge(as_entry(last) if last is not None else None, value, seen)
        if last is not None and verdict == Verdict.SAME:
            return last
        if last is not None and verdict == Verdict.STALE:
            name = line.exercise.name if line is not None else ""
            raise Overtaken(last, value, name, now=now, zone=session.patient.clinic.time_zone)
        row = new_entry(session, target, value, last.revision + 1 if last is not None else 1, by=by, at=min(done_at or now, now))
        row.client_key, row.client_digest = client_key, digest
        row.save(force_insert=True)
        note_entries(session, 1, by=by, now=now)
        stored = True
        return row

    for attempt in range(TRIES):
        try:
            row, _new = store_once(GroupEntry, patient=session.patient, client_key=client_key, content=content, store=store)
            return row, stored
        except IntegrityError:
            # Another tablet stored the same revision in this very moment; what it says is judged anew.
            if attempt + 1 == TRIES:
                raise
    raise Conflict


def new_entry(
    session: ScheduledSession, target: Target, value: Decimal | None, revision: int, *, by: Membership, at: dt.datetime
) -> GroupEntry:
    """Build (not save) one entry."""
    return GroupEntry(
        clinic_id=session.clinic_id,
        patient_id=session.patient_id,
        session=session,
        prescription_id=target.exercise,
        what=target.what.value,
        number=target.number,
        revision=revision,
        value=value,
        made_by=by,
        made_at=at,
    )


def line_of(session: ScheduledSession, target: Target) -> Prescription | None:
    """Return the exercise an entry is about, None for the whole session; raises Invalid for one of another plan."""
    if target.exercise is None:
        return None
    rows = Prescription.objects.filter(session_plan_id=session.session_plan_id, block=Prescription.Block.MAIN, pk=target.exercise)
    line: Prescription | None = rows.select_related("exercise").first()
    if line is None or target.what == What.SET and target.number > line.sets:
        raise Invalid(fields={"prescription": [_("This exercise is not part of the session.")]})
    return line


def may_enter(session: ScheduledSession, *, now: dt.datetime) -> None:
    """Refuse entries where nothing can be entered: at home, before the day, on hold, for somebody who is not there, after the log."""
    if session.setting != Setting.SUPERVISED:
        raise Invalid(_("Only sessions in the clinic are entered on the group sheet."))
    if session.on > local_day(now, session.patient.zone):
        raise Invalid(_("This session is still to come. You can move it to today."))
    current = ScheduledSession.objects.filter(pk=session.pk).values_list("status", "attendance", "assignment__status").first()
    status, attendance, program = current or ("", "", "")
    if status not in OPEN:
        raise Conflict(_("This session is already logged. You can correct the entry."))
    if attendance in (Attendance.LATE_CANCEL, Attendance.NO_SHOW):
        raise Conflict(_("It is marked that this person did not come. Take that back first."))
    if program == Assignment.Status.HELD:
        raise Conflict(_("Training is on hold. Write the clearance first."))


def note_entries(session: ScheduledSession, count: int, *, by: Membership, now: dt.datetime) -> None:
    """Write entries into the trail; whoever is entered for is here."""
    audit.record("group.enter", row=session, by=by, at=now, entries=count)
    rows = ScheduledSession.objects.filter(pk=session.pk, attendance=Attendance.EXPECTED)
    if rows.update(attendance=Attendance.CAME, changed_at=now):
        session.attendance = Attendance.CAME


def enter_as_planned(
    *,
    session: ScheduledSession,
    by: Membership,
    now: dt.datetime,
    client_key: uuid.UUID | None = None,
    done_at: dt.datetime | None = None,
) -> int:
    """Tick every set that is not ticked yet; returns how many were new (0 when all were). Raises what `enter` raises."""
    when = min(done_at or now, now)
    count = 0

    def store(digest: str) -> GroupEntry:
        nonlocal count
        may_enter(session, now=now)
        ScheduledSession.objects.select_for_update().filter(pk=session.pk).first()
        state = state_of(session)
        targets = [Target(What.SET, line.pk, number) for line in prescriptions_of(session) for number in range(1, line.sets + 1)]
        missing = [target for target in targets if not (target in state and state[target].value)]
        rows = [new_entry(session, one, Decimal(1), state[one].revision + 1 if one in state else 1, by=by, at=when) for one in missing]
        if not rows:
            return GroupEntry(client_digest=digest)
        rows[0].client_key, rows[0].client_digest = client_key, digest
        GroupEntry.objects.bulk_create(rows)
        note_entries(session, len(rows), by=by, now=now)
        count = len(rows)
        return rows[0]

    content = {"session": session.pk, "as_planned": True}
    try:
        store_once(GroupEntry, patient=session.patient, client_key=client_key, content=content, store=store)
    except IntegrityError:
        # Another tablet ticked one of these sets in this very moment; the rest is still to do.
        store_once(GroupEntry, patient=session.patient, client_key=client_key, content=content, store=store)
    return count


@transaction.atomic
def attend(*, session: ScheduledSession, attendance: str, seen: str, by: Membership, now: dt.datetime, reason: str = "") -> None:
    """Say that somebody came, cancelled late or did not come; `seen` is what stood there before. Entering the same twice is no change.

    A late cancellation is a skipped session with a reason, a no-show a missed one; both are taken back by saying otherwise.
    Raises Invalid, or Conflict when somebody said something else meanwhile or the session is logged.
    """
    if attendance not in Attendance.values or session.setting != Setting.SUPERVISED:
        raise Invalid(fields={"attendance": [_("Please choose from the list.")]})
    if session.on > local_day(now, session.patient.zone):
        raise Invalid(_("This session is still to come. You can move it instead."))
    reason = reason or ScheduledSession.SkipReason.OTHER
    if reason not in ScheduledSession.SkipReason.values:
        raise Invalid(fields={"reason": [_("Please choose a reason.")]})
    session.refresh_from_db(fields=["attendance", "status"])
    if session.attendance == attendance:
        return
    if session.status not in OPEN:
        raise Conflict(_("This session is already logged. You can correct the entry."))
    advance(session, attendance, table={attendance: ATTENDANCE[attendance] & {seen}}, now=now, field="attendance")
    if session.status != Status.PLANNED:
        reopen(session, now=now)
    target = STATUS_OF[attendance]
    if target != Status.PLANNED:
        advance(session, target, table=SESSION, now=now, reason=reason if target == Status.SKIPPED else "")
    audit.record("session.attend", row=session, by=by, at=now, attendance=attendance)
    refresh_entry(session.patient, now=now)


def reopen(session: ScheduledSession, *, now: dt.datetime, **changes: Any) -> None:
    """Let a missed or skipped session be planned again."""
    planned: str = Status.PLANNED
    advance(session, planned, table={planned: SESSION[planned] | {planned}}, now=now, reason="", **changes)


def finish_session(
    *,
    session: ScheduledSession,
    by: Membership,
    now: dt.datetime,
    client_key: uuid.UUID | None = None,
    done_at: dt.datetime | None = None,
) -> tuple[SessionLog, bool]:
    """Make the log of a session out of what was entered for it; a load nobody changed is last time's.

    Raises Invalid when no set is ticked or the pain is missing, Conflict when it is logged already.
    """
    state = state_of(session)
    lines = prescriptions_of(session)
    stopped = bool(group.value_of(state, What.STOPPED))
    if not stopped and not any(group.sets_done(state, line.pk) for line in lines):
        raise Invalid(_("No set is ticked yet."))
    done = what_was_done(session, state, lines)
    whole = all(
        one.sets_done >= line.sets and (one.reps_done, one.hold_seconds_done, one.load_kg) == (None, None, None)
        for one, line in zip(done, lines, strict=True)
    )
    pain, effort = group.value_of(state, What.PAIN), group.value_of(state, What.EFFORT)
    as_prescribed = whole and not stopped
    return log_session(
        session=session,
        by=by,
        now=now,
        as_prescribed=as_prescribed,
        exercises=[] if as_prescribed else done,
        pain_during_0_10=int(pain) if pain is not None else None,
        effort_rpe_0_10=int(effort) if effort is not None else None,
        stopped_for_pain=stopped,
        on=session.on if done_at is None else None,
        done_at=done_at,
        source=SessionLog.Source.CLINIC,
        client_key=client_key,
    )


def what_was_done(session: ScheduledSession, state: dict[Target, group.Entry], lines: Sequence[Prescription]) -> list[Done]:
    """Return the state of each exercise as a log takes it."""
    last = read_last(session.clinic_id, [session.patient_id], before=session.on)
    keys = dict(Prescription.objects.filter(pk__in=[line.pk for line in lines]).values_list("pk", "exercise__key"))
    found = []
    for line in lines:
        sets = len(group.sets_done(state, line.pk))
        reps, hold = group.value_of(state, What.REPS, line.pk), group.value_of(state, What.HOLD, line.pk)
        before = last.get((session.patient_id, keys[line.pk]))
        entered = Target(What.LOAD, line.pk) in state
        load = group.value_of(state, What.LOAD, line.pk) if entered else before.load_kg if before is not None else None
        found.append(
            Done(
                line.pk,
                sets_done=sets,
                reps_done=int(reps) if reps is not None and int(reps) != line.reps_high else None,
                hold_seconds_done=int(hold) if hold is not None and int(hold) != line.hold_seconds else None,
                load_kg=load if sets else None,
            )
        )
    return found
