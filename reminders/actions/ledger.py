"""What a patient was sent, what was held back and why, what the next two weeks bring, and what staff were told."""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinics.localtime import day_bounds, local_day, to_local
from clinics.models import Membership
from patients.models import Assessment, Assignment, AssignmentVersion, Message, Patient, Pause, ScheduledSession
from reminders.actions.candidates import TOLD_LATER_AT_MOST, Candidate, days_between, one_a_day
from reminders.actions.instants import Instants, change_times, message_times
from reminders.actions.planning import FOLLOWED_UP, agreed
from reminders.actions.policies import policy_of
from reminders.actions.reach import ways_to, wired
from reminders.actions.recheck import NOT_PAUSED
from reminders.actions.silence import LOOKED_BACK, NUDGES, sent_in_vain, since_wish
from reminders.actions.wanting import Wish
from reminders.actions.wishes import wishes_for
from reminders.models import Channel, Delivery, Kind, StaffNotice
from reminders.rules import timing
from reminders.rules.holding import GIVES_WAY, TOLD_WITHIN, Hold, speaks_of
from reminders.rules.moments import ASSESSMENT_ASKED_AFTER_DAYS, assessment_slots
from reminders.rules.policy import is_unanswered

DAYS = 14
PAST_ROWS = 40
WHAT: dict[str, Promise] = {
    Kind.SESSION_TODAY: _("Session"),
    Kind.SESSION_MISSED: _("A missed session"),
    Kind.CHECK_IN: _("The check-in"),
    Kind.ASSESSMENT_DUE: _("A few questions"),
    Kind.PLAN_CHANGED: _("A changed plan"),
    Kind.MESSAGE_WAITING: _("A message from the clinic"),
    Kind.WEEKLY_SUMMARY: _("Summary of the week"),
}
NOTICE_ROWS = 60
WAITING = (Delivery.Status.QUEUED, Delivery.Status.CLAIMED)


@dataclass(frozen=True, slots=True)
class Coming:
    """A reminder to come: its time on the patient's clock, or why it will not be sent."""

    kind: str
    at: dt.datetime | None
    hold_reason: str = ""
    attempts: int = 0

    @property
    def kind_label(self) -> str:
        """What it is about, in words."""
        return str(WHAT[self.kind])

    @property
    def hold_label(self) -> str:
        """Why not, in words."""
        return str(Delivery.HoldReason(self.hold_reason).label) if self.hold_reason else ""


@dataclass(frozen=True, slots=True)
class Day:
    """One of the next days; `shift_minutes` is how far the clock jumps on it (0: not at all, negative: back)."""

    on: dt.date
    items: list[Coming] = field(default_factory=list)
    shift_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Past:
    """A reminder whose story is over, with its times on the patient's clock."""

    row: Delivery
    at: dt.datetime

    @property
    def kind_label(self) -> str:
        """What it is about, in words."""
        return str(WHAT[self.row.kind])

    @property
    def channel_label(self) -> str:
        """How it was sent, in words; empty for e-mail, which is usual."""
        return "" if self.row.channel == Channel.EMAIL else str(Channel(self.row.channel).label)


def past(patient: Patient, member: Membership) -> list[Past]:
    """Return the latest deliveries that are no longer waiting, newest first."""
    rows = Delivery.objects.visible_to(member).filter(patient=patient).exclude(status__in=WAITING).order_by("-due_at")[:PAST_ROWS]
    return [Past(row, on_clock(row.sent_at or row.due_at, patient.zone)) for row in rows]


@dataclass(frozen=True, slots=True)
class Notice:
    """A mail to staff, with its time on the clock of the clinic."""

    row: StaffNotice
    at: dt.datetime


def notices(member: Membership, zone: str, patient: Patient | None = None) -> list[Notice]:
    """Return the latest mails to staff, newest first: about one patient, or all but digests without news (None)."""
    rows = StaffNotice.objects.visible_to(member).select_related("member__user", "patient", "alert__seen_by__user")
    if patient is not None:
        rows = rows.filter(patient=patient)
    else:
        quiet = {"kind": StaffNotice.Kind.DIGEST, "status__in": (StaffNotice.Status.QUEUED, StaffNotice.Status.HELD)}
        rows = rows.exclude(**quiet)
    return [Notice(row, on_clock(row.sent_at or row.due_at, zone)) for row in rows.order_by("-due_at", "-id")[:NOTICE_ROWS]]


def coming(patient: Patient, member: Membership, *, now: dt.datetime, days: int = DAYS) -> list[Day]:
    """Return the next days that bring a reminder or a jump of the clock, as things stand now, in at most fourteen queries."""
    zone = patient.zone
    today = local_day(now, zone)
    last = today + dt.timedelta(days=days - 1)
    policy = policy_of(patient.clinic_id)
    wishes = {kind: wish.under(policy) for kind, wish in wishes_for(patient).items()}
    slots = Delivery.objects.visible_to(member).filter(patient=patient, slot_on__gte=today, slot_on__lte=last)
    there = {(row.kind, row.slot_on): row for row in slots}
    pauses = list(
        Pause.objects.visible_to(member)
        .filter(patient=patient, cancelled_at=None, from_on__lte=last, to_on__gte=today)
        .values_list("from_on", "to_on")
    )
    instants = Instants(zone)
    version = agreed([patient.pk]).get(patient.pk)
    stopped = closed_kinds(patient, wishes, policy.most_unanswered, now)
    items: dict[dt.date, list[Coming]] = {}
    for kind, candidate, is_held in candidates(patient, member, today, last, wishes):
        row = there.get((kind, candidate.slot_on))
        if row is not None and row.status not in WAITING:
            continue
        wish = wishes[kind]
        times = candidate.times or instants.of(kind, candidate.slot_on, wish.at, candidate.starts_at, wish.quiet)
        reason = ""
        if patient.membership is None or not patient.membership.is_current:
            reason = Hold.NO_ACCESS
        elif version is None or not speaks_of(version, kind):
            reason = Hold.NO_CONSENT
        elif is_held:
            reason = Hold.ON_HOLD
        elif in_pause(kind, candidate.slot_on, pauses) or (wish.is_on and not wish.wants(candidate.slot_on)):
            reason = Hold.PAUSED
        elif not wish.is_on:
            reason = Hold.OPTED_OUT
        elif not policy.allows(kind):
            reason = Hold.CLINIC_OFF
        elif kind in stopped:
            reason = stopped[kind]
        due = row.due_at if row is not None else times[0] if times else None
        if due is None or (row is None and due <= now):
            continue
        items.setdefault(candidate.slot_on, []).append(
            Coming(kind, None if reason else on_clock(due, zone), reason, row.attempts if row is not None else 0)
        )
    for on, some in items.items():
        sent = {kind for (kind, day), row in there.items() if day == on and row.status == Delivery.Status.SENT}
        items[on] = [beside_others(one, sent | {other.kind for other in some if other.at}) for one in some]
    found = []
    for day in days_between(today, last):
        shift = clock_shift(day, zone)
        if day in items or shift:
            found.append(Day(day, sorted(items.get(day, []), key=lambda one: (one.at is None, str(one.at), one.kind)), shift))
    return found


def beside_others(one: Coming, kinds: Collection[str]) -> Coming:
    """Return a reminder as it will be beside those of these kinds on its day: some are left out, or told within another."""
    kind = timing.Kind(one.kind)
    left_for = GIVES_WAY.get(kind, frozenset()) | TOLD_WITHIN.get(kind, frozenset())
    return replace(one, at=None, hold_reason=Hold.OTHER_MAIL) if one.at and left_for.intersection(kinds) else one


def closed_kinds(patient: Patient, wishes: Mapping[Kind, Wish], most_unanswered: int | None, now: dt.datetime) -> dict[Kind, Hold]:
    """Return the kinds that would not go out today although they are wished for: an address that was refused, or too many unanswered."""
    ways = ways_to([patient.pk], {wish.channel for wish in wishes.values()})
    user = patient.membership.user if patient.membership is not None else None
    email = wired(user.email if user is not None else None)
    found: dict[Kind, Hold] = {}
    if ways.is_refused(patient.pk, Channel.EMAIL, email):
        by_mail = [kind for kind, wish in wishes.items() if wish.channel == Channel.EMAIL or not ways.reaches(patient.pk, wish.channel)]
        found = dict.fromkeys(by_mail, Hold.REFUSED)
    sent = sent_in_vain([patient.pk], now - LOOKED_BACK)
    said = {(patient.pk, str(kind)): wish for kind, wish in wishes.items()}
    if is_unanswered(since_wish(sent, said, patient.pk), most_unanswered):
        found |= dict.fromkeys(NUDGES, Hold.UNANSWERED)
    return found


def in_pause(kind: str, on: dt.date, pauses: Sequence[tuple[dt.date, dt.date]]) -> bool:
    """Tell whether a pause of the training covers the day; messages and summaries do not rest with it."""
    return kind not in NOT_PAUSED and any(from_on <= on <= to_on for from_on, to_on in pauses)


def candidates(
    patient: Patient, member: Membership, first: dt.date, last: dt.date, wishes: Mapping[Kind, Wish]
) -> Iterator[tuple[Kind, Candidate, bool]]:
    """Yield what the patient may be reminded of on these days, and whether its program is on hold."""
    held = Assignment.Status.HELD
    sessions = (
        ScheduledSession.objects.visible_to(member)
        .planned()
        .filter(patient=patient, on__gte=first, on__lte=last, assignment__status__in=(Assignment.Status.RUNNING, held))
        .order_by("on", "-setting")
        .values_list("on", "id", "starts_at", "assignment__status")
    )
    states: dict[object, str] = {}
    rows = []
    for on, key, starts_at, status in sessions:
        states[key] = status
        rows.append(Candidate(patient.clinic_id, patient.pk, on, key, starts_at, status))
    for row in one_a_day(rows):
        yield Kind.SESSION_TODAY, row, states[row.subject_id] == held
    longest = dt.timedelta(days=max(ASSESSMENT_ASKED_AFTER_DAYS))
    assessments = (
        Assessment.objects.visible_to(member)
        .filter(
            patient=patient,
            status=Assessment.Status.PLANNED,
            due_on__gte=first - longest,
            due_on__lte=last,
            assignment__status__in=(*FOLLOWED_UP, held),
        )
        .order_by("due_on")
        .values_list("due_on", "id", "assignment__status")
    )
    for due_on, key, status in assessments:
        for slot in assessment_slots(due_on):
            if first <= slot <= last:
                yield Kind.ASSESSMENT_DUE, Candidate(patient.clinic_id, patient.pk, slot, key, None, status), status == held
    changes = (
        AssignmentVersion.objects.visible_to(member)
        .filter(patient=patient, from_on__gte=first - TOLD_LATER_AT_MOST, from_on__lte=last)
        .filter(assignment__status__in=(Assignment.Status.RUNNING, held))
        .order_by("-from_on", "-made_at")
        .values_list("id", "from_on", "made_at", "assignment__status")
    )
    told = []
    for key, from_on, made_at, status in changes:
        states[key] = status
        slot, times = change_times(made_at, from_on, patient.zone, wishes[Kind.PLAN_CHANGED].quiet)
        if first <= slot <= last:
            told.append(Candidate(patient.clinic_id, patient.pk, slot, key, None, status, times=times))
    for row in one_a_day(told):
        yield Kind.PLAN_CHANGED, row, states[row.subject_id] == held
    unread = Message.objects.visible_to(member).unread().filter(patient=patient, from_patient=False).order_by("sent_at")
    for key, sent_at in unread.values_list("id", "sent_at")[:1]:
        slot, times = message_times(sent_at, patient.zone, wishes[Kind.MESSAGE_WAITING].quiet)
        if first <= slot <= last:
            yield Kind.MESSAGE_WAITING, Candidate(patient.clinic_id, patient.pk, slot, key, None, None, times=times), False
    busy = {row.slot_on for row in rows if wishes[Kind.SESSION_TODAY].wants(row.slot_on)}
    yield from wished_for(patient, member, first, last, wishes, busy)


def wished_for(
    patient: Patient, member: Membership, first: dt.date, last: dt.date, wishes: Mapping[Kind, Wish], busy: Collection[dt.date]
) -> Iterator[tuple[Kind, Candidate, bool]]:
    """Yield what comes only to those who asked for it: the session missed yesterday, the check-in, the summaries of the weeks.

    `busy` are the days on which a session is spoken of.
    """
    if wishes[Kind.SESSION_MISSED].is_on:
        yesterday = first - dt.timedelta(days=1)
        missed = ScheduledSession.objects.visible_to(member).filter(patient=patient, on=yesterday, status=ScheduledSession.Status.MISSED)
        for key, status in missed.order_by("-setting").values_list("id", "assignment__status")[:1]:
            yield Kind.SESSION_MISSED, Candidate(patient.clinic_id, patient.pk, first, key, None, status), False
    if not (wishes[Kind.CHECK_IN].is_on or wishes[Kind.WEEKLY_SUMMARY].is_on):
        return
    running = Assignment.objects.visible_to(member).filter(patient=patient, status=Assignment.Status.RUNNING)
    for key, starts_on, ends_on in running.values_list("id", "starts_on", "ends_on")[:1]:
        for slot in days_between(first, last):
            row = Candidate(patient.clinic_id, patient.pk, slot, key, None, Assignment.Status.RUNNING)
            if wishes[Kind.CHECK_IN].is_on and starts_on <= slot <= ends_on and slot not in busy:
                yield Kind.CHECK_IN, row, False
            if wishes[Kind.WEEKLY_SUMMARY].is_on and slot.isoweekday() == wishes[Kind.WEEKLY_SUMMARY].weekday:
                yield Kind.WEEKLY_SUMMARY, row, False


def on_clock(instant: dt.datetime, zone: str) -> dt.datetime:
    """Return the reading of the patient's clock, without a zone so that no template converts it again."""
    return to_local(instant, zone).replace(tzinfo=None)


def clock_shift(day: dt.date, zone: str) -> int:
    """Return by how many minutes the clock is put forward (or back, negative) on a local day; 0 on most days."""
    start, end = day_bounds(day, zone)
    before, after = to_local(start, zone).utcoffset(), to_local(end, zone).utcoffset()
    return round(((after or dt.timedelta()) - (before or dt.timedelta())).total_seconds() / 60)
