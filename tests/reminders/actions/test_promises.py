"""What a patient may rely on, whatever the clock, journeys, wishes, pauses and senders do: properties, not examples."""

import datetime as dt
import random
import re
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core import mail
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from clinics.localtime import day_bounds, local_day, offset_changes, to_local, to_utc
from patients.models import AssignmentVersion, Patient, Pause, ScheduledSession
from programs.models import ProgramVersion
from reminders.actions import outbox, snoozing
from reminders.actions.candidates import TOLD_LATER_AT_MOST
from reminders.actions.instants import Instants, change_times, message_times
from reminders.actions.journal import Journal
from reminders.actions.planning import plan_deliveries
from reminders.actions.recheck import read_claimed
from reminders.models import Delivery, Preference
from reminders.rules.snoozing import Later
from reminders.rules.timing import BOUND_TO_DAY, Kind, QuietHours
from tests.reminders.scene import assessment_due, clinic_in, patients_of, program_of, session_on

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Singapore",
    "America/Nuuk",
    "Africa/Cairo",
    "Pacific/Kiritimati",
    "Antarctica/Troll",
    "Asia/Beirut",
)
MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)
MESSAGE_ID = re.compile(r"<delivery\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(-\d)?@")
Status = Delivery.Status


def jumps_of(zone: str) -> list[dt.datetime]:
    """Return the wall-clock times at which the clock of a place jumps in 2026, the turn of the year first."""
    return [change.wall for change in offset_changes(zone, 2026, 2026)]


@st.composite
def clocks_near(draw: st.DrawFn, jump: dt.datetime) -> dt.time:
    """Draw a time of day, every second time one within an hour or so of the jump."""
    if draw(st.booleans()):
        return (jump + draw(st.integers(-5, 5)) * dt.timedelta(minutes=15)).time()
    return draw(st.builds(dt.time, st.integers(0, 23), st.sampled_from([0, 1, 30, 59])))


@dataclass(frozen=True)
class Night:
    """A place, a day on or beside a jump of its clock, and what somebody there wishes."""

    zone: str
    day: dt.date
    wish: dt.time
    quiet: QuietHours | None
    starts: dt.time | None


@st.composite
def nights(draw: st.DrawFn) -> Night:
    zone = draw(st.sampled_from(ZONES))
    jump = draw(st.sampled_from(jumps_of(zone)))
    clocks = clocks_near(jump)
    quiet = draw(st.none() | st.builds(QuietHours, clocks, clocks))
    return Night(zone, jump.date() + DAY * draw(st.integers(-1, 1)), draw(clocks), quiet, draw(st.none() | clocks))


def quiet_minutes(night: Night, due: dt.datetime, expires: dt.datetime) -> list[dt.datetime]:
    """Return the minutes between the two that are quiet where the patient lives; of the later ones every seventh is looked at."""
    if night.quiet is None:
        return []
    count = int((expires - due) / MINUTE)
    found = [due + number * MINUTE for number in (*range(min(count, 90)), *range(90, count, 7))]
    return [minute for minute in found if night.quiet.covers(to_local(minute, night.zone).time())]


@settings(max_examples=250)
@given(
    night=nights(), kind=st.sampled_from([Kind.SESSION_TODAY, Kind.SESSION_MISSED, Kind.ASSESSMENT_DUE, Kind.CHECK_IN, Kind.WEEKLY_SUMMARY])
)
def test_a_reminder_has_one_moment_on_its_day_and_no_minute_of_its_life_is_quiet(night: Night, kind: Kind) -> None:
    begin, end = day_bounds(night.day, night.zone)
    starts_at = to_utc(night.day, night.starts, night.zone) if night.starts and kind == Kind.SESSION_TODAY else None
    found = Instants(night.zone).of(kind, night.day, night.wish, starts_at, night.quiet)
    if found is None:
        # Nothing else is left: an appointment in the quiet hours or at midnight, or a day whose only free minutes the clock jumped over.
        assert starts_at or (night.quiet and all_quiet(night, begin, end))
        return
    due, expires = found
    assert begin <= due < end
    assert due < expires
    assert kind not in BOUND_TO_DAY or expires <= end
    assert quiet_minutes(night, due, expires) == []


def all_quiet(night: Night, begin: dt.datetime, end: dt.datetime) -> bool:
    """Tell whether every minute of a day is quiet."""
    minutes = range(int((end - begin) / MINUTE))
    return night.quiet is not None and all(night.quiet.covers(to_local(begin + number * MINUTE, night.zone).time()) for number in minutes)


@settings(max_examples=100)
@given(night=nights())
def test_a_message_is_never_spoken_of_in_the_quiet_hours(night: Night) -> None:
    _slot, (due, expires) = message_times(to_utc(night.day, night.wish, night.zone), night.zone, night.quiet)
    assert due < expires
    assert quiet_minutes(night, due, expires) == []


@settings(max_examples=100)
@given(night=nights(), days=st.integers(-2, 0))
def test_a_changed_plan_is_told_once_it_is_in_force_and_never_in_the_quiet_hours(night: Night, days: int) -> None:
    made_at = to_utc(night.day + days * DAY, night.wish, night.zone)
    slot, (due, expires) = change_times(made_at, night.day, night.zone, night.quiet)
    assert slot == local_day(due, night.zone)
    assert night.day <= slot <= night.day + TOLD_LATER_AT_MOST
    assert made_at <= due < expires
    assert quiet_minutes(night, due, expires) == []


# --- a week in the life of a few patients ---------------------------------------------------


@dataclass
class Life:
    """One patient, and what came to them."""

    patient: Patient
    zone: str
    quiet: QuietHours | None = None
    is_restless: bool = False
    """Whether wish, place or pauses changed."""
    paused_to: dt.date | None = None
    resting: set[dt.date] = field(default_factory=set)
    got: list[tuple[Delivery, dt.datetime]] = field(default_factory=list)

    def change_wish(self, at: dt.time, quiet: QuietHours | None, paused_to: dt.date | None = None) -> None:
        """Store a new wish for all kinds."""
        self.quiet, self.paused_to = quiet, paused_to
        for kind in ("session_today", "assessment_due", "check_in", "plan_changed"):
            values = {
                "at_local_time": at,
                "quiet_from": quiet.from_time if quiet else None,
                "quiet_until": quiet.until_time if quiet else None,
                "paused_to_on": paused_to,
            }
            Preference.objects.update_or_create(clinic_id=self.patient.clinic_id, patient=self.patient, kind=kind, defaults=values)

    def travel(self, zone: str) -> None:
        """Live somewhere else from now on."""
        self.zone, self.is_restless = zone, True
        Patient.objects.filter(pk=self.patient.pk).update(time_zone=zone)

    def rest(self, day: dt.date, now: dt.datetime) -> None:
        """Pause the program for two days."""
        self.is_restless = True
        self.resting |= {day, day + DAY}
        Pause.objects.create(
            clinic_id=self.patient.clinic_id,
            patient=self.patient,
            assignment=program_of(self.patient),
            from_on=day,
            to_on=day + DAY,
            reason=Pause.Reason.HOLIDAY,
            made_at=now,
        )

    def tailor(self, day: dt.date, now: dt.datetime) -> None:
        """Let a changed plan come into force."""
        self.is_restless = True
        used = AssignmentVersion.objects.filter(patient=self.patient).values("version")
        version = ProgramVersion.objects.exclude(pk__in=used).first()
        if version is not None:
            AssignmentVersion.objects.create(
                clinic_id=self.patient.clinic_id,
                patient=self.patient,
                assignment=program_of(self.patient),
                version=version,
                from_on=day,
                reason="as agreed",
                made_at=now,
            )

    def snooze(self, later: Later, now: dt.datetime) -> None:
        """Put off the last reminder that came, where that is still offered."""
        row = Delivery.objects.filter(patient=self.patient, status=Status.SENT).select_related("patient__clinic").order_by("sent_at").last()
        if row is not None and later in snoozing.choices_of(row, now=now):
            self.is_restless = True
            snoozing.snooze(row=row, later=later, now=now)

    def receive(self, row: Delivery, at: dt.datetime) -> None:
        """Take a mail, at an instant: never in quiet hours, never for a day that is paused."""
        local = to_local(at, self.zone)
        assert self.quiet is None or not self.quiet.covers(local.time()), (row, local)
        assert self.paused_to is None or row.slot_on > self.paused_to
        assert row.slot_on not in self.resting or row.kind == "plan_changed"
        assert at < row.expires_at
        self.got.append((row, at))


@dataclass
class Week:
    """Places, wishes, and what happens between ticks at irregular moments."""

    zones: list[str]
    wishes: list[dt.time]
    quiets: list[QuietHours | None]
    gaps: list[int]
    events: list[str]
    start: dt.date


def week_of(dice: random.Random) -> Week:
    """Throw the dice for a week around a jump of the clock; half of all times lie near it, and most of what happens is nothing."""
    zones = dice.choices(ZONES, k=3)
    jump = dice.choice(jumps_of(zones[0]))

    def clock() -> dt.time:
        near = (jump + dice.randint(-6, 6) * dt.timedelta(minutes=15)).time()
        return near if dice.random() < 0.5 else dt.time(dice.randrange(24), dice.choice([0, 1, 30, 59]))

    return Week(
        zones=zones,
        wishes=[clock() for _patient in range(PATIENTS)],
        quiets=[QuietHours(clock(), clock()) if dice.random() < 0.6 else None for _patient in range(PATIENTS)],
        gaps=dice.choices([1, 20, 60, 150, 240, 330], k=TICKS),
        events=dice.choices(EVENTS, k=TICKS),
        start=jump.date() - DAY,
    )


PATIENTS, TICKS = 6, 24
EVENTS = (
    *[""] * 8,
    "tailor",
    "tailor",
    "wish",
    "wish",
    "travel",
    "pause",
    "rest",
    "snooze hour",
    "snooze tonight",
    "snooze tomorrow",
    "done",
)


def happen(event: str, life: Life, week: Week, number: int, now: dt.datetime) -> None:
    """Let something happen to a patient."""
    today = local_day(now, life.zone)
    wish, quiet = week.wishes[number % PATIENTS], week.quiets[-(number % PATIENTS)]
    happenings: dict[str, Callable[[], Any]] = {
        "wish": lambda: life.change_wish(wish, quiet),
        "travel": lambda: life.travel(week.zones[number % 3]),
        "pause": lambda: life.change_wish(wish, quiet, today + DAY),
        "tailor": lambda: life.tailor(today + DAY * (number % 2), now),
        "rest": lambda: life.rest(today + DAY, now),
        "done": lambda: ScheduledSession.objects.filter(patient=life.patient, on=today).update(status=ScheduledSession.Status.DONE),
    }
    if event.startswith("snooze"):
        life.snooze(Later(event.split()[1]), now)
    elif event:
        life.is_restless = True
        happenings[event]()


def two_senders(now: dt.datetime, lives: dict[uuid.UUID, Life]) -> None:
    """Let one sender claim a row and fall asleep, another one send all the rest, and the first one wake up."""
    before = len(mail.outbox)
    slow = outbox.Sender(outbox.Clock(now), seconds=30)
    claim = uuid.uuid4()
    notes = Journal(claim)
    outbox.expire(now=now)
    outbox.claim_batch(claim=claim, now=now, limit=1)
    batch = outbox.Batch(slow, claim, notes, read_claimed(claim))
    outbox.drain(clock=outbox.Clock(now), seconds=30)
    batch.send()
    notes.finish()
    for message in mail.outbox[before:]:
        found = MESSAGE_ID.match(message.extra_headers["Message-ID"])
        assert found is not None
        row = Delivery.objects.get(pk=found[1])
        lives[row.patient_id].receive(row, now)


@pytest.mark.django_db
@settings(max_examples=5, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(dice=st.randoms(use_true_random=True))
def test_each_patient_gets_one_reminder_per_kind_and_day_whatever_happens(dice: random.Random) -> None:
    week = week_of(dice)
    lives, last = live_through(week)
    ids = [message.extra_headers["Message-ID"] for message in mail.outbox]
    assert len(set(ids)) == len(ids)
    for life in lives:
        rows = {row.pk: row for row in Delivery.objects.filter(patient=life.patient)}
        assert max(Counter((row.kind, row.slot_on) for row in rows.values()).values(), default=1) == 1
        mails = Counter(row.pk for row, _at in life.got)
        assert all(count <= 1 + rows[key].snoozes for key, count in mails.items())
        assert {key for key, row in rows.items() if row.status == Status.SENT} <= set(mails)
        if not life.is_restless:
            check_steady_life(life, week, list(rows.values()), local_day(last, life.zone) + DAY)


def check_steady_life(life: Life, week: Week, rows: list[Delivery], last: dt.date) -> None:
    """Check that who changed nothing has a row for each day with a session, sent in its time or, where no tick came then, missed."""
    wish = Preference.objects.get(patient=life.patient, kind=Kind.SESSION_TODAY).at_local_time
    days = [week.start + step * DAY for step in range(5)]
    expected = {day for day in days if day <= last and Instants(life.zone).of("session_today", day, wish, None, life.quiet)}
    assert {row.slot_on for row in rows if row.kind == Kind.SESSION_TODAY} == expected
    told = {(row.kind, row.slot_on) for row in rows}
    for row in rows:
        if row.kind == "check_in":
            # One message a day: none beside a session, and none beside the questions of that day.
            assert row.slot_on not in expected
            assert row.status != Status.SENT or ("assessment_due", row.slot_on) not in told
        if row.status == Status.HELD:
            assert (row.kind, row.hold_reason) == ("check_in", "other_mail")
        elif row.status != Status.QUEUED:
            assert row.status == (Status.SENT if any(one.pk == row.pk for one, _at in life.got) else Status.MISSED)


def live_through(week: Week) -> tuple[list[Life], dt.datetime]:
    """Play a week: plan and send at irregular moments, with something happening to some of the patients between them.

    Returns everybody, and when the last tick was.
    """
    mail.outbox.clear()
    clinic = clinic_in(week.zones[0])
    Delivery.objects.all().delete()
    lives = [Life(patient, week.zones[0]) for patient in patients_of(clinic, PATIENTS)]
    for number, life in enumerate(lives):
        life.change_wish(week.wishes[number], week.quiets[number])
        for step in range(5):
            session_on(life.patient, week.start + step * DAY)
        assessment_due(life.patient, week.start + DAY)
    by_key = {life.patient.pk: life for life in lives}
    now = to_utc(week.start - DAY, dt.time(12), week.zones[0])
    looked_at = now
    for number, (gap, event) in enumerate(zip(week.gaps, week.events, strict=True)):
        happen(event, lives[number % (PATIENTS - 2)], week, number, now)
        plan_deliveries(now=now, looked_at=looked_at, patients=list(by_key))
        if Delivery.objects.queued().filter(due_at__lte=now).exists():
            two_senders(now, by_key)
        looked_at, now = now, now + gap * MINUTE
    return lives, looked_at
