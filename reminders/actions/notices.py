"""Mails to staff: a stop sign until somebody acknowledges it, from one person to the next, and the daily digest.

Read and written in sets. A tick may be lost, doubled or killed: which step comes next is worked out from the rows that are there.
"""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from clinics.branding import NO_WORDS, Words, words_of
from clinics.emergency import number_in
from clinics.localtime import local_day
from clinics.models import Membership, Role
from patients.covering import standing_in
from patients.models import Alert
from patients.rules.cover import responsible
from reminders.actions.digests import count_news
from reminders.actions.endings import how_they_ended, words_for
from reminders.actions.staffing import staff_of
from reminders.channels.email import Look, Mail, mailbox
from reminders.channels.staff import Figures, Sample, StaffLetter, StaffMail, write_letter, write_sample
from reminders.models import Channel, StaffNotice, StaffWish
from reminders.rules.escalation import Colleague, Step, Told, due_step, whom_to_tell

Status = StaffNotice.Status
Hold = StaffNotice.HoldReason
STOP_SIGN_LASTS = dt.timedelta(days=30)
"""A mail about a stop sign is tried for so long, unless somebody acknowledges it before."""
RECENT = dt.timedelta(days=2)
"""How far back every tick looks for stop signs; older ones are looked for with the hourly planning."""
REACHES = (Status.QUEUED, Status.CLAIMED, Status.SENT)
BATCH = 500


# --- stop signs -----------------------------------------------------------------------------


def waiting_stop_signs(since: dt.datetime | None = None) -> QuerySet[Alert]:
    """Return the stop signs nobody acknowledged and whose last step was not taken yet; None as `since`: however old they are."""
    last = StaffNotice.objects.filter(alert=OuterRef("pk"), clinic=OuterRef("clinic"), step=Step.MANAGERS)
    rows = Alert.objects.open().filter(~Exists(last), level=Alert.Level.STOP, patient__erased_at=None)
    found: QuerySet[Alert] = rows.filter(raised_at__gte=since) if since else rows
    return found


def plan_stop_signs(*, now: dt.datetime, since: dt.datetime | None = None) -> int:
    """Write the mails of the steps that are due; returns how many. Constant number of queries for each batch of stop signs."""
    waiting = list(
        waiting_stop_signs(since)
        .order_by("raised_at", "pk")
        .values_list("pk", "clinic_id", "patient_id", "patient__therapist_id", "clinic__escalate_minutes", "clinic__time_zone")
    )
    return sum(plan_steps(waiting[at : at + BATCH], now=now) for at in range(0, len(waiting), BATCH))


def plan_steps(waiting: Sequence[tuple[uuid.UUID, uuid.UUID, uuid.UUID, uuid.UUID | None, int, str]], *, now: dt.datetime) -> int:
    """Write the next mails about these stop signs where their time has come."""
    staff = staff_of({row[1] for row in waiting})
    covers = standing_in({row[1]: local_day(now, row[5]) for row in waiting})
    taken, people = steps_taken([row[0] for row in waiting])
    new = []
    for alert, clinic, patient, therapist, minutes, zone in waiting:
        looks_after = responsible(therapist, covers, {one.key for one in staff[clinic]})
        for step, member in due_mails(taken[alert], people[alert], looks_after, staff[clinic], minutes, now, away=covers):
            new.append(
                StaffNotice(
                    clinic_id=clinic,
                    member_id=member,
                    kind=StaffNotice.Kind.STOP_SIGN,
                    patient_id=patient,
                    alert_id=alert,
                    step=step,
                    slot_on=local_day(now, zone),
                    due_at=now,
                    expires_at=now + STOP_SIGN_LASTS,
                    created_at=now,
                )
            )
    # Two ticks at once reckon the same: the unique row decides.
    StaffNotice.objects.bulk_create(new, ignore_conflicts=True, batch_size=BATCH)
    return len(new)


def due_mails(
    taken: dict[int, Told],
    people: set[uuid.UUID],
    therapist: uuid.UUID | None,
    staff: Sequence[Colleague],
    minutes: int,
    now: dt.datetime,
    away: Collection[uuid.UUID] = (),
) -> list[tuple[Step, uuid.UUID]]:
    """Return the step that is due and its people; where nobody is left for a step, the people of the next one.

    Whoever looks after the patient now and was not told yet, because of a cover or a handover since, is told at once, in the step taken
    last.
    """
    if taken and therapist is not None and therapist not in people and any(one.key == therapist for one in staff):
        return [(Step(max(taken)), therapist)]
    step = due_step(taken, minutes, now)
    while step is not None:
        found = whom_to_tell(step, therapist, staff, people, away)
        if found:
            return [(step, member) for member in found]
        step = Step(step + 1) if step < Step.MANAGERS else None
    return []


def steps_taken(alerts: Sequence[uuid.UUID]) -> tuple[dict[uuid.UUID, dict[int, Told]], dict[uuid.UUID, set[uuid.UUID]]]:
    """Return, for each stop sign, the steps that were taken and the people who were told."""
    steps: dict[uuid.UUID, dict[int, Told]] = defaultdict(dict)
    people: dict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
    rows = StaffNotice.objects.filter(alert_id__in=alerts).values_list("alert_id", "step", "member_id", "created_at", "status")
    for alert, step, member, created_at, status in rows:
        people[alert].add(member)
        before = steps[alert].get(step)
        reaches = status in REACHES
        # Whoever is told later, because they stand in or took over, has the same time to answer.
        steps[alert][step] = Told(
            max(before.since, created_at) if before else created_at, reaches or (before.reaches_somebody if before else False)
        )
    return steps, people


# --- the second look ------------------------------------------------------------------------

COLUMNS = (
    "id",
    "clinic_id",
    "member_id",
    "kind",
    "step",
    "slot_on",
    "due_at",
    "expires_at",
    "attempts",
    "alert_id",
    "alert__status",
    "alert__raised_at",
    "patient_id",
    "patient__number",
    "patient__first_name",
    "patient__last_name",
    "member__role",
    "member__status",
    "member__user__is_active",
    "member__user__email",
    "member__user__language",
    "clinic__name",
    "clinic__language",
    "clinic__time_zone",
    "sample",
    "subject_id",
    "member__user__first_name",
    "clinic__address",
    "clinic__phone",
    "clinic__country",
    "clinic__emergency_number",
    "clinic__reminder_policy__shown_as",
    "clinic__accent",
    "clinic__logo_id",
)


@dataclass(slots=True)
class ClaimedNotice:
    """A claimed mail to staff with everything it needs; `figures` come with the second look."""

    pk: uuid.UUID
    clinic_id: uuid.UUID
    member_id: uuid.UUID
    kind: str
    step: int
    slot_on: dt.date
    due_at: dt.datetime
    expires_at: dt.datetime
    attempts: int
    alert_id: uuid.UUID | None
    alert_status: str | None
    raised_at: dt.datetime | None
    patient_id: uuid.UUID | None
    number: str | None
    first_name: str | None
    last_name: str | None
    role: str
    member_status: str
    user_is_active: bool | None
    user_email: str | None
    user_language: str | None
    clinic_name: str
    clinic_language: str
    zone: str
    sample: str
    subject_id: uuid.UUID | None
    reader: str | None
    clinic_address: str
    clinic_phone: str
    country: str
    emergency_number: str
    shown_as: str | None
    accent: str
    logo: uuid.UUID | None
    words: Words = NO_WORDS
    figures: Figures | None = None
    ended: tuple[str, bool] | None = None
    """What kind of work has ended, and whether it was done; None: no such work is known."""
    channel: str = Channel.EMAIL
    not_before: dt.datetime | None = None
    """Staff have no quiet hours."""

    @property
    def address(self) -> str:
        """Where it goes."""
        return mailbox(self.user_email or "")

    @property
    def works_here(self) -> bool:
        """Whether the person still works in the clinic and can sign in."""
        return self.role != Role.PATIENT and self.member_status == Membership.Status.ACTIVE and bool(self.user_is_active)

    @property
    def letter(self) -> StaffLetter:
        """What the mail says."""
        initials = "".join(f"{name[:1]}." for name in (self.first_name or "", self.last_name or "") if name)
        return StaffLetter(
            notice_id=self.pk,
            kind=self.kind,
            step=self.step,
            language=self.user_language or self.clinic_language,
            address=self.address,
            clinic_name=self.clinic_name,
            zone=self.zone,
            alert_id=self.alert_id,
            initials=initials,
            number=self.number or "",
            raised_at=self.raised_at,
            figures=self.figures,
            patient_id=self.patient_id,
            job_id=self.subject_id,
            job_kind=self.ended[0] if self.ended else "",
            is_done=bool(self.ended and self.ended[1]),
        )

    @property
    def test(self) -> Sample:
        """What a test mail says."""
        return Sample(
            notice_id=self.pk,
            kind=self.sample,
            language=self.user_language or self.clinic_language,
            address=self.address,
            first_name=self.reader or "",
            slot_on=self.slot_on,
            clinic_name=self.shown_as or self.clinic_name,
            clinic_address=self.clinic_address,
            clinic_phone=self.clinic_phone,
            emergency_number=self.emergency_number or number_in(self.country),
            look=Look(self.accent, self.logo, self.words.reminder, self.words.closing, self.words.signature),
        )


def read_notices(claim: uuid.UUID) -> list[ClaimedNotice]:
    """Read the mails of a claim, the oldest first, in one query."""
    rows = StaffNotice.objects.filter(claim=claim, status=Status.CLAIMED).order_by("due_at", "id")
    return [ClaimedNotice(*row) for row in rows.values_list(*COLUMNS)]


def look_at_notices(rows: Sequence[ClaimedNotice], *, now: dt.datetime) -> Iterator[tuple[ClaimedNotice, str | None]]:
    """Yield each mail with the reason why it must not go out, or None; a constant number of queries for all of them."""
    digests = [row for row in rows if row.kind == StaffNotice.Kind.DIGEST]
    refusing: set[uuid.UUID] = set()
    if digests:
        members = [row.member_id for row in digests]
        refusing = set(StaffWish.objects.filter(member_id__in=members, wants_digest=False).values_list("member_id", flat=True))
        count_news(digests, now=now)
    tests = [row for row in rows if row.kind == StaffNotice.Kind.TEST]
    words = words_of({row.clinic_id for row in tests}) if tests else {}
    for row in tests:
        row.words = words.get((row.clinic_id, row.user_language or row.clinic_language), NO_WORDS)
    if jobs := [row.subject_id for row in rows if row.kind == StaffNotice.Kind.JOB and row.subject_id]:
        ended = how_they_ended(jobs)
        for row in rows:
            row.ended = ended.get(row.subject_id) if row.subject_id else None
    for row in rows:
        yield row, reason_to_hold(row, refusing)


def reason_to_hold(row: ClaimedNotice, refusing: set[uuid.UUID]) -> str | None:
    """Return why a mail must not go out, the strongest reason first; None lets it go."""
    if not row.works_here:
        return Hold.NO_ACCESS
    if row.kind == StaffNotice.Kind.STOP_SIGN:
        if row.alert_status != Alert.Status.OPEN:
            return Hold.SEEN
    elif row.kind == StaffNotice.Kind.DIGEST:
        if row.member_id in refusing:
            return Hold.OPTED_OUT
        if row.figures is None:
            return Hold.NOTHING_NEW
    elif row.kind == StaffNotice.Kind.JOB and row.ended is None:
        return Hold.NOTHING_NEW
    return None if row.address else Hold.NO_ADDRESS


def write_notice(row: ClaimedNotice, sent_on: str, now: dt.datetime) -> StaffMail | Mail:
    """Return the mail of a row."""
    if row.kind == StaffNotice.Kind.TEST:
        return write_sample(row.test, sent_on)
    return write_letter(row.letter, sent_on, words_for)
