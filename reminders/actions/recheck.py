"""The second look at claimed rows just before they are sent, in a constant number of queries for a whole batch."""

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from clinics.branding import NO_WORDS, Words, words_of
from clinics.emergency import number_in
from clinics.localtime import to_local
from clinics.models import Membership
from patients.models import Assessment, Assignment, AssignmentVersion, CheckIn, Message, Patient, Pause, ScheduledSession
from reminders.actions.among import among
from reminders.actions.instants import awake_at
from reminders.actions.planning import agreed
from reminders.actions.policies import offered, policy_from
from reminders.actions.reach import Ways, ways_to
from reminders.actions.silence import unanswered
from reminders.actions.wanting import Wish, default_wish, wishes_of
from reminders.channels.email import Look, Occasion, Recipient, mailbox
from reminders.channels.webpush import Device
from reminders.models import Channel, Delivery, Kind
from reminders.rules import channels, timing
from reminders.rules.holding import GIVES_WAY, TOLD_WITHIN, Hold, Other, Program, Situation, Subject, beside, hold_reason, speaks_of
from reminders.rules.moments import NIGHT, SUMMARY_DAYS, assessment_slots, summary_days
from reminders.rules.policy import Policy

_A = Assignment.Status
PROGRAM: dict[str, Program] = {
    _A.RUNNING: Program.RUNNING,
    _A.HELD: Program.HELD,
    _A.COMPLETED: Program.OVER,
    _A.ENDED: Program.OVER,
    _A.WITHDRAWN: Program.WITHDRAWN,
}
_S = ScheduledSession.Status
SESSION: dict[str, Subject] = {
    _S.PLANNED: Subject.OPEN,
    _S.MISSED: Subject.OPEN,
    _S.DONE: Subject.DONE,
    _S.PARTIAL: Subject.DONE,
    _S.SKIPPED: Subject.SKIPPED,
    _S.CANCELLED: Subject.GONE,
}
_M = Assessment.Status
ASSESSMENT: dict[str, Subject] = {_M.PLANNED: Subject.OPEN, _M.DONE: Subject.DONE, _M.SKIPPED: Subject.SKIPPED, _M.CANCELLED: Subject.GONE}

NOT_PAUSED = frozenset({Kind.PLAN_CHANGED, Kind.MESSAGE_WAITING, Kind.WEEKLY_SUMMARY})
"""Kinds that do not rest while the training is paused."""
WHEN_IT_HAPPENS = frozenset({Kind.PLAN_CHANGED, Kind.MESSAGE_WAITING})
"""Kinds without a time of their own; the usual night is quiet for them."""
STILL_COMES = (Delivery.Status.QUEUED, Delivery.Status.CLAIMED)
TOLD_IN = TOLD_WITHIN[timing.Kind.PLAN_CHANGED]
"""Kinds that may tell of a changed plan."""
LOOKED_FOR: dict[str, frozenset[timing.Kind]] = {
    kind: GIVES_WAY.get(kind, frozenset()) | TOLD_WITHIN.get(kind, frozenset()) for kind in timing.Kind
}
"""For each kind the others that count on the same day."""
COLUMNS = (
    "id",
    "clinic_id",
    "patient_id",
    "kind",
    "slot_on",
    "subject_id",
    "expires_at",
    "attempts",
    "due_at",
    "snoozes",
    "channel",
    "error",
    "created_at",
    "patient__status",
    "patient__first_name",
    "patient__language",
    "patient__time_zone",
    "patient__caseload__last_entry_at",
    "patient__membership__status",
    "patient__membership__user__is_active",
    "patient__membership__user__email",
    "patient__membership__user__language",
    "clinic__name",
    "clinic__address",
    "clinic__phone",
    "clinic__country",
    "clinic__emergency_number",
    "clinic__time_zone",
    "clinic__reminder_policy__kinds_off",
    "clinic__reminder_policy__channels",
    "clinic__reminder_policy__earliest_at",
    "clinic__reminder_policy__latest_at",
    "clinic__reminder_policy__most_unanswered",
    "clinic__reminder_policy__shown_as",
    "clinic__accent",
    "clinic__logo_id",
    "is_in_pause",
    "has_change",
)


@dataclass(slots=True)
class Claimed:
    """A claimed row with everything its message needs.

    With the second look come `minutes`, `starts_at`, the figures of the week, and the way it takes: `channel`, `devices` or `number`.
    """

    pk: uuid.UUID
    clinic_id: uuid.UUID
    patient_id: uuid.UUID
    kind: str
    slot_on: dt.date
    subject_id: uuid.UUID | None
    expires_at: dt.datetime
    attempts: int
    due_at: dt.datetime
    snoozes: int
    planned_channel: str
    error: str
    created_at: dt.datetime
    patient_status: str
    first_name: str
    patient_language: str
    patient_zone: str
    last_entry_at: dt.datetime | None
    membership_status: str | None
    user_is_active: bool | None
    user_email: str | None
    user_language: str | None
    clinic_name: str
    clinic_address: str
    clinic_phone: str
    country: str
    emergency_number: str
    clinic_zone: str
    kinds_off: list[str] | None
    channels_on: list[str] | None
    earliest: dt.time | None
    latest: dt.time | None
    most_unanswered: int | None
    shown_as: str | None
    accent: str
    logo: uuid.UUID | None
    is_in_pause: bool
    """Whether the training is paused on its day."""
    has_change: bool
    """Whether a changed plan is still to be spoken of on its day, so that it can tell of it."""
    words: Words = NO_WORDS
    rules: Policy | None = None
    channel: str = Channel.EMAIL
    devices: tuple[Device, ...] = ()
    number: str = ""
    minutes: int = 0
    starts_at: dt.time | None = None
    done: int = 0
    planned: int = 0
    ahead: int = 0
    tells_of_change: bool = False
    known_since: dt.datetime | None = None
    not_before: dt.datetime | None = None
    """When the quiet hours end that it is now, None outside of them: the wish or the place may have changed since it was planned; or when
    another message is out that this one waits for."""

    @property
    def is_patient(self) -> bool:
        """Whether the person is still a patient here who can sign in."""
        is_member = self.membership_status == Membership.Status.ACTIVE and bool(self.user_is_active)
        return is_member and self.patient_status == Patient.Status.ACTIVE

    @property
    def policy(self) -> Policy:
        """The rules of the clinic."""
        if self.rules is None:
            self.rules = policy_from(self.kinds_off, self.channels_on, self.earliest, self.latest, self.most_unanswered, self.shown_as)
        return self.rules

    @property
    def address(self) -> str:
        """Where it goes by its channel, as it is written down when it is refused."""
        return self.number if self.channel == Channel.SMS else mailbox(self.user_email or "")

    @property
    def language(self) -> str:
        """Which language the person is written to in."""
        return self.user_language or self.patient_language

    @property
    def occasion(self) -> Occasion:
        """What the message says, apart from who gets it."""
        return Occasion(
            kind=self.kind,
            language=self.language,
            slot_on=self.slot_on,
            clinic_name=self.shown_as or self.clinic_name,
            clinic_address=self.clinic_address,
            clinic_phone=self.clinic_phone,
            emergency_number=self.emergency_number or number_in(self.country),
            minutes=self.minutes,
            starts_at=self.starts_at,
            done=self.done,
            planned=self.planned,
            ahead=self.ahead,
            tells_of_change=self.tells_of_change,
            is_later=self.snoozes > 0 and to_local(self.due_at, self.patient_zone or self.clinic_zone).date() > self.slot_on,
            look=Look(self.accent, self.logo, self.words.reminder, self.words.closing, self.words.signature),
        )

    @property
    def recipient(self) -> Recipient:
        """Who gets it."""
        return Recipient(self.pk, self.patient_id, self.subject_id, mailbox(self.user_email or ""), self.first_name, self.snoozes)


def read_claimed(claim: uuid.UUID) -> list[Claimed]:
    """Read the rows of a claim, the oldest first, with their clinics' own words, in two queries."""
    its_day = {"clinic_id": OuterRef("clinic_id"), "patient_id": OuterRef("patient_id")}
    paused = Pause.objects.filter(**its_day, cancelled_at=None, from_on__lte=OuterRef("slot_on"), to_on__gte=OuterRef("slot_on"))
    changed = Delivery.objects.filter(**its_day, kind=Kind.PLAN_CHANGED, slot_on=OuterRef("slot_on"), status__in=STILL_COMES)
    mine = Delivery.objects.filter(claim=claim, status=Delivery.Status.CLAIMED).order_by("due_at", "id")
    rows = mine.annotate(is_in_pause=Exists(paused), has_change=Exists(changed))
    found = [Claimed(*row) for row in rows.values_list(*COLUMNS)]
    words = words_of({row.clinic_id for row in found})
    for row in found:
        row.words = words.get((row.clinic_id, row.language), NO_WORDS)
    return found


def look_again(rows: Sequence[Claimed], *, now: dt.datetime) -> Iterator[tuple[Claimed, Hold | None]]:
    """Yield each row with the reason why it must not go out, or None; a constant number of queries for all of them."""
    patients = {row.patient_id for row in rows}
    found = sessions_of(rows) | assessments_of(rows) | changes_of(rows) | messages_of(rows) | programs_of(rows)
    others = others_of(rows)
    willing = agreed(patients) if rows else {}
    wishes = wishes_of(patients, list(Kind))
    ways = ways_to(patients, {wish.channel for wish in wishes.values()}) if rows else Ways()
    can = offered()
    silent = unanswered(rows, wishes)
    for row in rows:
        wish = wishes.get((row.patient_id, row.kind)) or default_wish(row.kind)
        subject, subject_on, program = found.get(row.pk, (Subject.GONE, None, Program.RUNNING))
        if row.kind in TOLD_IN:
            told = wishes.get((row.patient_id, Kind.PLAN_CHANGED)) or default_wish(Kind.PLAN_CHANGED)
            row.tells_of_change = row.has_change and told.wants(row.slot_on) and row.policy.allows(Kind.PLAN_CHANGED)
        has_other, waits = beside(timing.Kind(row.kind), others.get(row.pk, ()), row.known_since)
        if quiet := wish.under(row.policy).quiet or (NIGHT if row.kind in WHEN_IT_HAPPENS else None):
            awake = awake_at(now, quiet, row.patient_zone or row.clinic_zone)
            row.not_before = awake if awake > now else None
        if waits is not None and now < waits < row.expires_at:
            row.not_before = max(row.not_before or waits, waits)
        wished_off = wish.paused_to_on is not None and row.slot_on <= wish.paused_to_on
        # A pause of the training is no reason to keep a message back, or the look at the week.
        in_pause = row.is_in_pause and row.kind not in NOT_PAUSED
        choose_way(row, wish, ways, can)
        yield (
            row,
            hold_reason(
                Situation(
                    slot_on=row.slot_on,
                    is_patient=row.is_patient,
                    has_address=bool(row.address),
                    has_agreed=row.patient_id in willing and speaks_of(willing[row.patient_id], row.kind),
                    is_wanted=wish.is_on,
                    is_paused=wished_off or in_pause,
                    program=program,
                    subject=subject,
                    subject_on=subject_on,
                    is_follow_up=row.kind == Kind.ASSESSMENT_DUE,
                    is_empty=row.kind == Kind.WEEKLY_SUMMARY and not (row.planned or row.ahead),
                    has_other_mail=has_other,
                    is_refused=ways.is_refused(row.patient_id, row.channel, row.address),
                    is_unanswered=row.pk in silent,
                    is_allowed=row.policy.allows(row.kind),
                )
            ),
        )


def choose_way(row: Claimed, wish: Wish, ways: Ways, can: frozenset[str]) -> None:
    """Note in a row which channel it takes, and where that leads."""
    wished = channels.Channel(wish.channel)
    is_on = wished in can and wished in row.policy.channels
    reaches = wished != channels.Channel.EMAIL and ways.reaches(row.patient_id, wished)
    way = channels.channel_for(wished, is_on=is_on, reaches=reaches, attempts=row.attempts, error=row.error)
    row.channel = way.value
    row.devices = tuple(ways.devices.get(row.patient_id, ())) if way == channels.Channel.PUSH else ()
    row.number = ways.number(row.patient_id) if way == channels.Channel.SMS else ""


A_DAY = dt.timedelta(days=1)
Found = dict[uuid.UUID, tuple[Subject, dt.date | None, Program]]


def about(rows: Sequence[Claimed], *kinds: str) -> dict[uuid.UUID, list[Claimed]]:
    """Return the rows of these kinds by what they are about; one thing may be spoken of on several days."""
    found: dict[uuid.UUID, list[Claimed]] = {}
    for row in rows:
        if row.kind in kinds and row.subject_id is not None:
            found.setdefault(row.subject_id, []).append(row)
    return found


def sessions_of(rows: Sequence[Claimed]) -> Found:
    """Return what became of the sessions of the day or of the day before, and note minutes and times of those of the day in their rows."""
    subjects = about(rows, Kind.SESSION_TODAY, Kind.SESSION_MISSED)
    found: Found = {}
    sessions = ScheduledSession.objects.filter(among("pk", subjects)).values_list(
        "id", "patient_id", "on", "status", "starts_at", "session_plan__minutes", "assignment__status"
    )
    for key, patient_id, on, status, starts_at, minutes, assignment in sessions if subjects else ():
        for row in subjects[key]:
            if row.patient_id != patient_id:
                continue
            if row.kind == Kind.SESSION_MISSED:
                found[row.pk] = (SESSION[status], on + A_DAY, PROGRAM[assignment])
                continue
            row.minutes = minutes
            # An appointment is kept on the clock of the clinic.
            row.starts_at = to_local(starts_at, row.clinic_zone).time() if starts_at is not None else None
            found[row.pk] = (SESSION[status], on, PROGRAM[assignment])
    return found


def assessments_of(rows: Sequence[Claimed]) -> Found:
    """Return what became of the assessments the rows are about."""
    subjects = about(rows, Kind.ASSESSMENT_DUE)
    found: Found = {}
    assessments = Assessment.objects.filter(among("pk", subjects)).values_list("id", "patient_id", "due_on", "status", "assignment__status")
    for key, patient_id, due_on, status, assignment in assessments if subjects else ():
        for row in subjects[key]:
            if row.patient_id == patient_id:
                day = row.slot_on if row.slot_on in assessment_slots(due_on) else due_on
                found[row.pk] = (ASSESSMENT[status], day, PROGRAM[assignment])
    return found


def changes_of(rows: Sequence[Claimed]) -> Found:
    """Return whether the plans are still the changed ones, and note in the rows since when another message may have told of it."""
    subjects = about(rows, Kind.PLAN_CHANGED)
    found: Found = {}
    changes = AssignmentVersion.objects.filter(among("pk", subjects)).values_list("id", "patient_id", "made_at", "assignment__status")
    for key, patient_id, made_at, status in changes if subjects else ():
        for row in subjects[key]:
            if row.patient_id == patient_id:
                row.known_since = max(made_at, row.created_at)
                found[row.pk] = (Subject.OPEN, row.slot_on, PROGRAM[status])
    return found


def others_of(rows: Sequence[Claimed]) -> dict[uuid.UUID, list[Other]]:
    """Return, for the rows that give way or wait, what else the same person gets or got for the same day; one query if there are any."""
    looking = [row for row in rows if LOOKED_FOR[row.kind]]
    if not looking:
        return {}
    found: dict[tuple[uuid.UUID, dt.date], list[Other]] = {}
    there = Delivery.objects.filter(
        among("patient_id", {row.patient_id for row in looking}),
        slot_on__in={row.slot_on for row in looking},
        kind__in=sorted(frozenset[str]().union(*(LOOKED_FOR[row.kind] for row in looking))),
        status__in=(*STILL_COMES, Delivery.Status.SENT),
    )
    for patient, day, kind, status, due_at, sent_at in there.values_list("patient_id", "slot_on", "kind", "status", "due_at", "sent_at"):
        found.setdefault((patient, day), []).append(Other(timing.Kind(kind), due_at if status in STILL_COMES else None, sent_at))
    return {row.pk: found.get((row.patient_id, row.slot_on), []) for row in looking}


def programs_of(rows: Sequence[Claimed]) -> Found:
    """Return the state of the programs that check-ins and weekly summaries are about, and whether the check-in of the day is still open."""
    subjects = about(rows, Kind.CHECK_IN, Kind.WEEKLY_SUMMARY)
    if not subjects:
        return {}
    done = checked_in([row for some in subjects.values() for row in some if row.kind == Kind.CHECK_IN])
    note_weeks({key: weekly for key, some in subjects.items() if (weekly := [row for row in some if row.kind == Kind.WEEKLY_SUMMARY])})
    found: Found = {}
    for key, patient_id, status in Assignment.objects.filter(among("pk", subjects)).values_list("id", "patient_id", "status"):
        for row in subjects[key]:
            if row.patient_id == patient_id:
                found[row.pk] = (Subject.DONE if row.pk in done else Subject.OPEN, row.slot_on, PROGRAM[status])
    return found


def checked_in(rows: Sequence[Claimed]) -> set[uuid.UUID]:
    """Return for which of these reminders there is a check-in already."""
    if not rows:
        return set()
    days = CheckIn.objects.filter(among("patient_id", {row.patient_id for row in rows}), on__in={row.slot_on for row in rows})
    done = set(days.values_list("patient_id", "on"))
    return {row.pk for row in rows if (row.patient_id, row.slot_on) in done}


def note_weeks(subjects: Mapping[uuid.UUID, Sequence[Claimed]]) -> None:
    """Note the sessions of the week in weekly summaries, given by program."""
    if not subjects:
        return
    spans = {row.pk: summary_days(row.slot_on) for some in subjects.values() for row in some}
    week = dt.timedelta(days=SUMMARY_DAYS)
    bounds = (min(first for first, _last in spans.values()), max(last for _first, last in spans.values()) + week)
    sessions: dict[uuid.UUID, list[tuple[dt.date, str]]] = {}
    for key, on, status in (
        ScheduledSession.objects.filter(among("assignment_id", subjects), on__range=bounds)
        .exclude(status=ScheduledSession.Status.CANCELLED)
        .values_list("assignment_id", "on", "status")
    ):
        sessions.setdefault(key, []).append((on, status))
    for key, some in subjects.items():
        for row in some:
            first, last = spans[row.pk]
            of_program = sessions.get(key, [])
            row.planned = sum(first <= on <= last for on, _status in of_program)
            row.done = sum(first <= on <= last and SESSION[status] == Subject.DONE for on, status in of_program)
            row.ahead = sum(last < on <= last + week for on, _status in of_program)


def messages_of(rows: Sequence[Claimed]) -> Found:
    """Return whether anything the clinic wrote is still unread; a message belongs to no program."""
    told = [row for row in rows if row.kind == Kind.MESSAGE_WAITING]
    if not told:
        return {}
    unread = Message.objects.unread().filter(among("patient_id", {row.patient_id for row in told}), from_patient=False)
    waiting = set(unread.values_list("patient_id", flat=True))
    return {row.pk: (Subject.OPEN if row.patient_id in waiting else Subject.DONE, row.slot_on, Program.RUNNING) for row in told}
