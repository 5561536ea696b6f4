"""The group sheet of a day: a lane for everyone with a session in the clinic, with what was done last time and what is entered now."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from django.utils.translation import gettext as _

from clinics.localtime import local_day, to_local
from clinics.models import Membership
from patients.actions.group import OPEN, as_entry
from patients.doses import form_text
from patients.group_words import number_text, set_label, value_text
from patients.last_time import Last, read_last
from patients.models import Assignment, CaseloadEntry, CheckIn, GroupEntry, ScheduledSession, SessionLog
from patients.reasons import Chip, day_text, reason_chip
from patients.rules import group
from patients.rules.group import Target, What
from programs.dose import dose_text
from programs.frozen import frozen_plans
from programs.models import Exercise, Prescription, Setting, in_language
from programs.wording import short_name

CHIPS = 2
SHOWN_LEVELS = ("stop", "attention")
TONES = {"LL": "primary", "LE": "warn", "LS": "info"}
STEPS = {What.LOAD: "0.5", What.REPS: "1", What.HOLD: "5"}


@dataclass(frozen=True, slots=True)
class Tap:
    """The button of one set: pressing it enters `value` over revision `seen`."""

    number: int
    label: str
    is_on: bool
    value: int
    seen: int


@dataclass(frozen=True, slots=True)
class Number:
    """A number that can be changed: its value as text, what was seen of it, and how a stepper moves it."""

    what: What
    label: str
    value: str
    seen: int
    step: str
    most: int
    name: str


@dataclass(frozen=True, slots=True)
class LaneLine:
    """One exercise of a lane."""

    prescription: Prescription
    exercise: Exercise
    dose: str
    form: str
    last: str
    load: str
    taps: list[Tap]
    numbers: list[Number]
    is_changed: bool


@dataclass(slots=True)
class Lane:
    """One patient of the group; `stage` says what can be done: ask, ready, amber, red, hold, out, done or ahead."""

    session: ScheduledSession
    stage: str
    program: str
    tone: str
    chips: list[Chip]
    pain: int | None = None
    readiness: int | None = None
    lines: list[LaneLine] = field(default_factory=list)
    answers: dict[str, Number] = field(default_factory=dict)
    log: SessionLog | None = None
    people: list[str] = field(default_factory=list)
    version: str = ""

    @property
    def pk(self) -> uuid.UUID:
        """The id of the session."""
        return self.session.pk

    @property
    def name(self) -> str:
        """Who it is."""
        return self.session.patient.full_name

    @property
    def sets_all(self) -> int:
        """How many sets are planned."""
        return sum(len(line.taps) for line in self.lines)

    @property
    def sets_done(self) -> int:
        """How many sets are ticked; all of them in a session logged as planned."""
        return sum(tap.is_on for line in self.lines for tap in line.taps)

    @property
    def can_enter(self) -> bool:
        """Whether sets can be ticked."""
        return self.stage in {"ask", "ready", "amber", "red"}

    @property
    def can_take_all(self) -> bool:
        """Whether everything as planned is offered: not before anybody asked, and not with more pain than the green band."""
        return self.stage == "ready" and self.sets_done < self.sets_all

    @property
    def is_here(self) -> bool:
        """Whether the person came."""
        return self.session.attendance == ScheduledSession.Attendance.CAME or self.log is not None


@dataclass(frozen=True, slots=True)
class Slot:
    """Everybody who comes at one time; `key` is the time as 17:00, empty for sessions without one."""

    key: str
    lanes: list[Lane]

    @property
    def places(self) -> int:
        """How many places are taken: everybody but those who cancelled or did not come."""
        return sum(lane.stage != "out" for lane in self.lanes)


def sessions_of(member: Membership, on: dt.date) -> list[ScheduledSession]:
    """Return the sessions in the clinic of one day, by time and name: one query."""
    rows = ScheduledSession.objects.visible_to(member).filter(clinic=member.clinic_id, on=on, setting=Setting.SUPERVISED)
    rows = rows.exclude(status=ScheduledSession.Status.CANCELLED).exclude(assignment__status=Assignment.Status.WITHDRAWN)
    rows = rows.select_related("patient__clinic", "patient__caseload", "assignment__version__program", "session_plan", "log")
    return list(rows.order_by("starts_at", "patient__last_name", "patient__first_name", "pk"))


def expected_on(member: Membership, on: dt.date) -> Any:
    """Return the sessions in the clinic of a day that nobody has cancelled, as rows to be counted."""
    gone = [ScheduledSession.Status.CANCELLED, ScheduledSession.Status.SKIPPED]
    rows = ScheduledSession.objects.visible_to(member).filter(clinic=member.clinic_id, on=on, setting=Setting.SUPERVISED)
    return rows.exclude(status__in=gone)


def read_lanes(member: Membership, sessions: Sequence[ScheduledSession], *, now: dt.datetime) -> list[Lane]:
    """Return a lane for each session of one day: six queries at most, whatever their number."""
    if not sessions:
        return []
    patients = [session.patient_id for session in sessions]
    entries: dict[uuid.UUID, list[GroupEntry]] = {}
    rows = GroupEntry.objects.visible_to(member).filter(session__in=sessions).select_related("made_by__user").order_by("made_at", "id")
    for row in rows:
        entries.setdefault(row.session_id, []).append(row)
    on = sessions[0].on
    checked = {row.patient_id: row for row in CheckIn.objects.visible_to(member).filter(patient__in=patients, on=on)}
    last = read_last(member.clinic_id, patients, before=on)
    plans = frozen_plans({session.session_plan_id for session in sessions})
    return [
        lane_of(
            session,
            plans[session.session_plan_id].lines if session.session_plan_id in plans else (),
            entries.get(session.pk, []),
            checked.get(session.patient_id),
            last,
            now=now,
        )
        for session in sessions
    ]


def lane_of(
    session: ScheduledSession,
    lines: Sequence[Prescription],
    entries: Sequence[GroupEntry],
    check_in: CheckIn | None,
    last: Mapping[tuple[uuid.UUID, str], Last],
    *,
    now: dt.datetime,
) -> Lane:
    """Lay out one lane."""
    state = group.standing(as_entry(row) for row in entries)
    log = getattr(session, "log", None)
    today = local_day(now, session.patient.zone)
    stage = stage_of(session, log, check_in, today)
    entry: CaseloadEntry = session.patient.caseload
    shown = [reason for reason in entry.reasons if reason["level"] in SHOWN_LEVELS]
    program = session.assignment.version.program
    lane = Lane(
        session=session,
        stage=stage,
        program=_("%(program)s W%(week)s") % {"program": short_name(program.code), "week": session.week},
        tone=TONES.get(program.code, ""),
        chips=[reason_chip(reason, today) for reason in shown[:CHIPS]],
        pain=check_in.pain_0_10 if check_in else None,
        readiness=check_in.readiness_0_10 if check_in else None,
        log=log,
        people=sorted({str(row.made_by) for row in entries}),
    )
    main = [line for line in lines if line.block == Prescription.Block.MAIN]
    lane.lines = [line_of(session, line, state, last.get((session.patient_id, line.exercise.key)), log, today) for line in main]
    lane.answers = {what.value: answer_of(session, state, what) for what in (What.PAIN, What.EFFORT, What.STOPPED)}
    said = [(str(row.pk), row.revision) for row in entries]
    parts = (said, stage, session.attendance, session.status, lane.pain, lane.readiness, [chip.text for chip in lane.chips])
    lane.version = blake2b(repr(parts).encode(), digest_size=8).hexdigest()
    return lane


def stage_of(session: ScheduledSession, log: SessionLog | None, check_in: CheckIn | None, today: dt.date) -> str:
    """Return what can be done in a lane; pain bands are the clinic's, above green nothing is taken as planned in one tap."""
    clinic = session.patient.clinic
    if log is not None or session.status not in OPEN:
        return "done"
    if session.attendance in (ScheduledSession.Attendance.LATE_CANCEL, ScheduledSession.Attendance.NO_SHOW):
        return "out"
    if session.assignment.status == Assignment.Status.HELD:
        return "hold"
    if session.status == ScheduledSession.Status.SKIPPED:
        return "out"
    if session.on > today:
        return "ahead"
    if check_in is None:
        return "ask" if session.on == today else "ready"
    if check_in.pain_0_10 > clinic.pain_amber_max:
        return "red"
    return "amber" if check_in.pain_0_10 > clinic.pain_green_max else "ready"


def line_of(
    session: ScheduledSession,
    line: Prescription,
    state: Mapping[Target, group.Entry],
    before: Last | None,
    log: SessionLog | None,
    today: dt.date,
) -> LaneLine:
    """Lay out one exercise: its sets, its numbers, and what was done of it last time."""
    state = dict(state)
    reps, hold = group.value_of(state, What.REPS, line.pk), group.value_of(state, What.HOLD, line.pk)
    entered = Target(What.LOAD, line.pk) in state
    load = group.value_of(state, What.LOAD, line.pk) if entered else before.load_kg if before is not None else None
    label = set_label(line, reps, hold)
    taps = []
    for number in range(1, line.sets + 1):
        found = state.get(Target(What.SET, line.pk, number))
        is_on = bool(found and found.value) or bool(log is not None and log.as_prescribed)
        taps.append(Tap(number, label, is_on, 0 if is_on else 1, found.revision if found else 0))
    numbers = [number_of(session, state, What.LOAD, line, load)]
    if line.reps_high is not None:
        numbers.append(number_of(session, state, What.REPS, line, reps if reps is not None else Decimal(line.reps_high)))
    elif line.hold_seconds is not None:
        numbers.append(number_of(session, state, What.HOLD, line, hold if hold is not None else Decimal(line.hold_seconds)))
    return LaneLine(
        prescription=line,
        exercise=line.exercise,
        dose=dose_text(line),
        form=str(in_language(line.load)) or form_text(line),
        last=_("%(day)s: %(what)s") % {"day": day_text(before.on, today), "what": last_words(before)} if before else "",
        load=value_text(What.LOAD, load) if load is not None else "",
        taps=taps,
        numbers=numbers,
        is_changed=reps is not None and int(reps) != line.reps_high or hold is not None and int(hold) != line.hold_seconds,
    )


def last_words(before: Last) -> str:
    """Return what was done last time, with the load of the time before where a session was logged as planned."""
    if before.load_kg is None or value_text(What.LOAD, before.load_kg) in before.text:
        return before.text
    return f"{before.text}, {value_text(What.LOAD, before.load_kg)}"


def number_of(
    session: ScheduledSession, state: Mapping[Target, group.Entry], what: What, line: Prescription, value: Decimal | None
) -> Number:
    """Return the field of one number of an exercise."""
    labels = {What.LOAD: _("Load, kg"), What.REPS: _("Repetitions"), What.HOLD: _("Hold, s")}
    found = state.get(Target(what, line.pk))
    name = field_name(session.pk, line.pk, what)
    return Number(what, labels[what], number_text(value), found.revision if found else 0, STEPS[what], group.LIMITS[what], name)


def answer_of(session: ScheduledSession, state: Mapping[Target, group.Entry], what: What) -> Number:
    """Return the field of an answer about the whole session."""
    found = state.get(Target(what))
    value = number_text(found.value) if found is not None else ""
    return Number(what, "", value, found.revision if found else 0, "1", group.LIMITS[what], field_name(session.pk, None, what))


def field_name(session: uuid.UUID, prescription: uuid.UUID | None, what: str) -> str:
    """Return the name of a field of the sheet; `forms/group.py` reads it again."""
    return f"v:{session}:{prescription or '-'}:{what}"


def slots_of(lanes: Sequence[Lane], zone: str) -> list[Slot]:
    """Return the lanes by the time they begin on the clinic's wall clock."""
    found: dict[str, list[Lane]] = {}
    for lane in lanes:
        at = lane.session.starts_at
        found.setdefault(f"{to_local(at, zone):%H:%M}" if at is not None else "", []).append(lane)
    return [Slot(key, own) for key, own in found.items()]


def chosen_slot(slots: Sequence[Slot], asked: str, *, now: dt.datetime, zone: str, is_today: bool) -> str:
    """Return the time that is shown: the one asked for, else today's by the clock, else the first; empty for the whole day."""
    keys = [slot.key for slot in slots]
    if asked in keys or asked == "all":
        return "" if asked == "all" else asked
    timed = {minutes(key): key for key in keys if key}
    if not timed:
        return ""
    local = to_local(now, zone)
    picked = group.pick_slot(sorted(timed), local.hour * 60 + local.minute if is_today else 0)
    return timed[picked] if picked is not None else ""


def minutes(key: str) -> int:
    """Return the minutes of the day of a time written as 17:00."""
    hours, _colon, rest = key.partition(":")
    return int(hours) * 60 + int(rest)


def context_of(lanes: Sequence[Lane]) -> dict[str, Any]:
    """Return the numbers over a group: how many are here, how many sets are ticked."""
    counted = [lane for lane in lanes if lane.stage != "out"]
    return {
        "here": sum(lane.is_here for lane in counted),
        "people": len(counted),
        "sets_done": sum(lane.sets_done for lane in counted),
        "sets_all": sum(lane.sets_all for lane in counted),
        "open_lanes": [lane for lane in lanes if lane.can_enter],
    }
