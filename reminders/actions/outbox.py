"""Sending what is due: claimed in batches, looked at again, handed over one by one on one connection, and written down in sets."""

import datetime as dt
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from email.utils import format_datetime
from typing import Any, Protocol

import structlog
from django.db import connection, transaction
from django.db.models import F, QuerySet

from clinics import audit
from reminders.actions import journal
from reminders.actions.among import among
from reminders.actions.notices import look_at_notices, read_notices, write_notice
from reminders.actions.reach import Refusal, drop_devices, note_refusals
from reminders.actions.recheck import look_again, read_claimed
from reminders.actions.telling import tell_of_refusals, tell_of_silence
from reminders.actions.writing import write_reminder
from reminders.channels import email, sms, webpush
from reminders.channels.line import Line, LineBroken, LineDown, Refused, TryLater
from reminders.models import Channel, Delivery, Outgoing, StaffNotice
from reminders.rules.channels import refusal
from reminders.rules.timing import DOMAIN_TRIES, next_attempt
from reminders.states import DELIVERY

BATCH = 500
FLUSH_AFTER = 500
"""Taken mails are written to the database after so many, or after FLUSH_SECONDS; until then the journal on disk remembers them."""
FLUSH_SECONDS = 2.0
LEASE = dt.timedelta(seconds=60)
RENEW_AFTER_SECONDS = 15.0
"""A lease is renewed long before it ends, so that a slow mail server never makes two senders of one row."""
BREAKS_IN_A_ROW = 3
"""So many broken connections one after another mean that the service is away: nothing more is tried there until the next tick."""
LINES: dict[str, Callable[[], Line]] = {Channel.EMAIL: email.Line, Channel.PUSH: webpush.Line, Channel.SMS: sms.make_line}

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Tally:
    """How many rows went where."""

    sent: int = 0
    held: int = 0
    missed: int = 0
    failed: int = 0
    later: int = 0

    def __bool__(self) -> bool:
        """Whether anything happened."""
        return any(asdict(self).values())

    def counts(self) -> dict[str, int]:
        """Return the numbers by name."""
        return asdict(self)


class ClaimedRow(Protocol):
    """A claimed row, as far as sending is concerned."""

    pk: uuid.UUID
    clinic_id: uuid.UUID
    patient_id: uuid.UUID
    expires_at: dt.datetime
    attempts: int
    channel: str
    not_before: dt.datetime | None

    @property
    def address(self) -> str:
        """Where it goes."""


@dataclass(frozen=True, slots=True)
class Queue:
    """One table of messages: how claimed rows are read, looked at again, and written as a mail."""

    model: type[Outgoing]
    read: Callable[[uuid.UUID], Sequence[Any]]
    look_again: Callable[..., Iterator[tuple[Any, str | None]]]
    write: Callable[[Any, str, dt.datetime], Any]
    said: str
    """What the trail calls sending."""
    channels: frozenset[str]


REMINDERS = Queue(Delivery, read_claimed, look_again, write_reminder, "reminder.send", frozenset(LINES))
NOTICES = Queue(StaffNotice, read_notices, look_at_notices, write_notice, "notice.send", frozenset({Channel.EMAIL}))
QUEUES = (NOTICES, REMINDERS)


class Clock:
    """The time, counted on from a given moment."""

    def __init__(self, now: dt.datetime) -> None:
        """Start at `now`."""
        self.start = now
        self.zero = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.zero

    def now(self) -> dt.datetime:
        """Return the present instant."""
        return self.start + dt.timedelta(seconds=self.elapsed)


def move(rows: Any, to: str, **changes: Any) -> int:
    """Move those of `rows` that may go to the state `to`; return how many did."""
    return int(rows.filter(status__in=DELIVERY[to]).update(status=to, **changes))


# --- rows that nobody works on any more -----------------------------------------------------


def recover(*, now: dt.datetime) -> int:
    """Finish the story of senders that died: what they handed over is sent, the rest goes back into the queue."""
    found = 0
    for claim, delivered, path in journal.abandoned():
        with transaction.atomic():
            for queue in QUEUES:
                mine = queue.model.objects.filter(claim=claim, status=Outgoing.Status.CLAIMED)
                found += mark_sent(claim, delivered, now=now, model=queue.model)
                found += move(mine, Outgoing.Status.QUEUED, claim=None, leased_until=None)
        path.unlink(missing_ok=True)
        log.warning("outbox_recovered", delivered=len(delivered))
    journal.sweep(now.timestamp() - 600)
    return found


def release_expired(*, now: dt.datetime) -> int:
    """Return rows to the queue whose sender, perhaps on another machine, has not been heard of for the length of a lease."""
    lost = {"status": Outgoing.Status.CLAIMED, "leased_until__lt": now}
    return sum(move(queue.model.objects.filter(**lost), Outgoing.Status.QUEUED, claim=None, leased_until=None) for queue in QUEUES)


def expire(*, now: dt.datetime) -> int:
    """Mark rows as missed for which it is too late; they are never sent."""
    late = {"status": Outgoing.Status.QUEUED, "due_at__lte": now, "expires_at__lte": now}
    return sum(move(queue.model.objects.filter(**late), Outgoing.Status.MISSED) for queue in QUEUES)


# --- claiming -------------------------------------------------------------------------------


def claim_batch(
    *, claim: uuid.UUID, now: dt.datetime, limit: int = BATCH, model: type[Outgoing] = Delivery, without: Collection[str] = ()
) -> int:
    """Claim up to `limit` due rows, the oldest first, under the token `claim`, leaving out channels that are away; return how many.

    PostgreSQL skips rows that others are claiming; elsewhere the one conditional UPDATE is atomic by itself.
    """
    due: QuerySet[Any] = model.objects.filter(status=Outgoing.Status.QUEUED, due_at__lte=now, expires_at__gt=now).order_by("due_at", "id")
    if without:
        due = due.exclude(channel__in=without)
    changes = {"claim": claim, "leased_until": now + LEASE, "attempts": F("attempts") + 1}
    if not connection.features.has_select_for_update_skip_locked:
        return move(model.objects.filter(pk__in=due.values("pk")[:limit]), Outgoing.Status.CLAIMED, **changes)
    with transaction.atomic():
        keys = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:limit])
        return move(model.objects.filter(among("pk", keys)), Outgoing.Status.CLAIMED, **changes) if keys else 0


def mark_sent(claim: uuid.UUID, keys: Sequence[uuid.UUID], *, now: dt.datetime, model: type[Outgoing] = Delivery) -> int:
    """Mark delivered rows of a claim as sent."""
    if not keys:
        return 0
    rows = model.objects.filter(among("pk", keys), claim=claim, status=Outgoing.Status.CLAIMED)
    return move(rows, Outgoing.Status.SENT, sent_at=now, claim=None, leased_until=None, error="", hold_reason="")


# --- sending --------------------------------------------------------------------------------


@dataclass
class Sender:
    """Sends one claimed batch after the other, on one line for each channel."""

    clock: Clock
    seconds: float
    queue: Queue = REMINDERS
    lines: dict[str, Line] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    away: set[str] = field(default_factory=set)
    slow: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """How often the mail servers behind a domain put us off, one time after another."""

    @property
    def goes_on(self) -> bool:
        """Whether there is time left and a service to talk to."""
        return self.away != self.queue.channels and self.clock.elapsed < self.seconds

    def line(self, channel: str) -> Line:
        """Return the way out for a channel."""
        if channel not in self.lines:
            self.lines[channel] = LINES[channel]()
        return self.lines[channel]

    def close(self) -> None:
        """Hang up everywhere, and forget the devices that were found to be gone."""
        for line in self.lines.values():
            line.close()
        self.forget_devices()

    def forget_devices(self) -> None:
        """Delete the devices their push services no longer know."""
        line = self.lines.get(Channel.PUSH)
        if isinstance(line, webpush.Line) and line.gone:
            drop_devices(line.gone)
            line.gone.clear()

    def send_batch(self, limit: int = BATCH) -> int:
        """Claim and send one batch; return how many rows it had."""
        claim = uuid.uuid4()
        notes = journal.Journal(claim)
        try:
            count = claim_batch(claim=claim, now=self.clock.now(), limit=limit, model=self.queue.model, without=self.away)
            if count:
                Batch(self, claim, notes, self.queue.read(claim)).send()
        except BaseException:
            # The file stays: the next tick reads from it what was delivered.
            notes.close()
            raise
        notes.finish()
        return count


class Batch:
    """The rows of one claim on their way."""

    def __init__(self, sender: Sender, claim: uuid.UUID, notes: journal.Journal, rows: Sequence[ClaimedRow]) -> None:
        """Take the claimed rows."""
        self.sender, self.claim, self.notes, self.rows = sender, claim, notes, rows
        self.clock, self.tally = sender.clock, sender.tally
        self.taken: list[uuid.UUID] = []
        self.queue = sender.queue
        self.later: dict[tuple[int, str], list[ClaimedRow]] = defaultdict(list)
        self.refusals: list[Refusal] = []
        self.open_keys = {row.pk for row in rows}
        self.flushed = self.renewed = self.clock.elapsed
        self.breaks: dict[str, int] = defaultdict(int)

    def mine(self, keys: Sequence[uuid.UUID]) -> Any:
        """Return rows of this claim."""
        return self.queue.model.objects.filter(among("pk", keys), claim=self.claim)

    def close_rows(self, keys: Sequence[uuid.UUID], to: str, **changes: Any) -> int:
        """Move rows of this claim out of it."""
        self.open_keys.difference_update(keys)
        return move(self.mine(keys), to, claim=None, leased_until=None, **changes)

    def send(self) -> None:
        """Look at every row again and hand over what may go."""
        ready = self.hold_back()
        sent_on = format_datetime(self.clock.now())
        for count, row in enumerate(ready):
            if not count % 50:
                sent_on = format_datetime(self.clock.now())
            if not self.sender.goes_on or not self.keep_lease():
                break
            if row.expires_at <= self.clock.now():
                continue  # its time ran out while others were sent: put back, and missed with the next tick
            if not self.is_spared(row) and (message := self.write(row, sent_on)) is not None:
                self.hand_over(row, message)
            if len(self.taken) >= (FLUSH_AFTER if self.notes.works else 1) or self.clock.elapsed - self.flushed > FLUSH_SECONDS:
                self.flush()
        self.flush()
        self.put_back()

    def hold_back(self) -> list[ClaimedRow]:
        """Write down what must not go, and why; return the rest."""
        held: dict[str, list[uuid.UUID]] = defaultdict(list)
        quiet: dict[dt.datetime, list[uuid.UUID]] = defaultdict(list)
        missed: list[uuid.UUID] = []
        ready = []
        now = self.clock.now()
        for row, reason in self.queue.look_again(self.rows, now=now):
            if reason:
                held[reason].append(row.pk)
            elif row.expires_at <= (row.not_before or now):
                missed.append(row.pk)
            elif row.not_before is not None:
                quiet[row.not_before].append(row.pk)
            else:
                ready.append(row)
        for why, keys in held.items():
            self.tally.held += self.close_rows(keys, Outgoing.Status.HELD, hold_reason=why)
        if silent := held.get(Delivery.HoldReason.UNANSWERED):
            tell_of_silence({row.patient_id for row in self.rows if row.pk in silent}, now=now)
        self.note_channels(ready)
        for ends_at, keys in quiet.items():
            again = {"due_at": ends_at, "attempts": F("attempts") - 1}
            self.tally.later += self.close_rows(keys, Outgoing.Status.QUEUED, **again)
        if missed:
            self.tally.missed += self.close_rows(missed, Outgoing.Status.MISSED)
        return ready

    def note_channels(self, ready: Sequence[ClaimedRow]) -> None:
        """Write down which rows take another channel than was planned."""
        moved: dict[str, list[uuid.UUID]] = defaultdict(list)
        for row in ready:
            if getattr(row, "planned_channel", row.channel) != row.channel:
                moved[row.channel].append(row.pk)
        for channel, keys in moved.items():
            self.mine(keys).update(channel=channel)

    def keep_lease(self) -> bool:
        """Renew the lease in time; False when somebody else has taken rows over, so that nothing more may be sent."""
        if self.clock.elapsed - self.renewed < RENEW_AFTER_SECONDS:
            return True
        self.flush()
        kept = self.queue.model.objects.filter(claim=self.claim, status=Outgoing.Status.CLAIMED, leased_until__gt=self.clock.now())
        self.renewed = self.clock.elapsed
        return kept.update(leased_until=self.clock.now() + LEASE) >= len(self.open_keys)

    def write(self, row: ClaimedRow, sent_on: str) -> Any:
        """Return the message of a row; None when it cannot be written, which must not keep the others waiting."""
        try:
            return self.queue.write(row, sent_on, self.clock.now())
        except Exception as error:
            log.exception("reminder_not_written", row=str(row.pk))
            self.try_later(row, type(error).__name__)
            return None

    def hand_over(self, row: ClaimedRow, message: Any) -> None:
        """Send one message and remember what the service said."""
        channel, line = row.channel, self.sender.line(row.channel)
        try:
            line.open()
            line.send(message)
        except Refused as error:
            self.give_up(row, error)
        except TryLater as error:
            self.sender.slow[domain_of(row)] += 1
            self.try_later(row, str(error))
        except LineBroken as error:
            line.close()
            self.try_later(row, str(error))
            self.breaks[channel] += 1
            if self.breaks[channel] >= BREAKS_IN_A_ROW:
                self.sender.away.add(channel)
        except LineDown as error:
            self.sender.away.add(channel)
            self.is_spared(row)
            log.warning("mail_server_away" if channel == Channel.EMAIL else "service_away", channel=channel, error=str(error))
        else:
            self.breaks[channel] = self.sender.slow[domain_of(row)] = 0
            self.notes.note(row.pk)
            self.taken.append(row.pk)

    def give_up(self, row: ClaimedRow, error: Refused) -> None:
        """Write down a refusal for good; on another channel than e-mail the reminder goes back, to take e-mail with the next claim."""
        if error.is_address:
            self.refusals.append(Refusal(row.clinic_id, row.patient_id, row.channel, row.address, str(error)))
        if row.channel == Channel.EMAIL:
            failed, why = Outgoing.Status.FAILED, "refused"
            self.tally.failed += self.close_rows([row.pk], failed, hold_reason=why, error=str(error))
        else:
            self.sender.forget_devices()
            self.tally.later += self.close_rows([row.pk], Outgoing.Status.QUEUED, error=refusal(row.channel, str(error)))

    def is_spared(self, row: ClaimedRow) -> bool:
        """Tell whether a message waits without being tried: its service is away, or the servers of its domain put us off again and again.

        Mails wait untouched until their server is back; on another channel the attempt counts, so that a mail comes instead before long.
        """
        if row.channel in self.sender.away:
            if row.channel != Channel.EMAIL:
                self.try_later(row, "away")
            return True
        if row.channel != Channel.EMAIL or self.sender.slow[domain_of(row)] < DOMAIN_TRIES:
            return False
        self.try_later(row, "busy")
        return True

    def try_later(self, row: ClaimedRow, error: str) -> None:
        """Keep a row for a later attempt."""
        self.later[max(row.attempts, 1), error].append(row)

    def flush(self) -> None:
        """Write down what was taken and what is tried again; what would be tried too late is missed."""
        now = self.clock.now()
        self.flushed = self.clock.elapsed
        if self.taken:
            self.tally.sent += mark_sent(self.claim, self.taken, now=now, model=self.queue.model)
            self.open_keys.difference_update(self.taken)
            self.taken = []
        for (attempts, error), rows in self.later.items():
            again_at = next_attempt(attempts, now)
            again = [row.pk for row in rows if row.expires_at > again_at]
            over = [row.pk for row in rows if row.expires_at <= again_at]
            if again:
                self.tally.later += self.close_rows(again, Outgoing.Status.QUEUED, due_at=again_at, error=error)
            if over:
                self.tally.missed += self.close_rows(over, Outgoing.Status.MISSED, error=error)
        self.later.clear()
        if self.refusals:
            note_refusals(self.refusals, now=now)
            tell_of_refusals(self.refusals, now=now)
            self.refusals = []

    def put_back(self) -> None:
        """Return what was not tried to the queue, as if nobody had touched it."""
        if self.open_keys:
            self.tally.later += move(
                self.mine(list(self.open_keys)), Outgoing.Status.QUEUED, claim=None, leased_until=None, attempts=F("attempts") - 1
            )


def domain_of(row: ClaimedRow) -> str:
    """Return what comes after the @ of an address; of a number nothing."""
    return row.address.rpartition("@")[2] if row.channel == Channel.EMAIL else ""


def drain(*, clock: Clock, seconds: float, queue: Queue = REMINDERS) -> Tally:
    """Send until nothing is due, the mail server is away or `seconds` are over."""
    sender = Sender(clock, seconds, queue)
    try:
        while sender.goes_on and sender.send_batch():
            pass
    finally:
        sender.close()
    if sender.tally.sent:
        audit.record(queue.said, at=clock.now(), count=sender.tally.sent)
    return sender.tally
