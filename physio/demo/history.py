"""Tells the demo day by day: events in the order in which they happened, each with the time it happened at."""

import datetime as dt
import heapq
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count

from clinics import audit
from clinics.localtime import local_day, to_utc
from clinics.models import Membership, Role
from patients.actions.alerts import acknowledge_alert, resolve_alert, snooze_alert
from patients.actions.caseload import close_past_days, refresh_entries
from patients.models import Alert, Assessment, Patient, ScheduledSession
from patients.rules.alerts import SnoozeReason
from physio.demo.cast import Cast
from physio.demo.former import add_former_patients
from physio.demo.life import DAY, Life
from physio.demo.opening import hand_out_passwords, open_clinic
from physio.demo.workshop import open_workshop
from programs.models import Setting

Event = tuple[dt.datetime, Callable[[dt.datetime], None]]
NIGHT = dt.time(0, 10)
OPENED_BEFORE = dt.timedelta(days=30)
RECENT_DAYS = 14
EVERY_NIGHT_DAYS = 28
"""So far back the clockwork runs every night; before that once a week, which nobody can tell any more."""
IN_HAND_DAYS = 4
"""Alerts taken longer ago than this are resolved by now."""
SETTLED_AFTER = dt.timedelta(minutes=20)
CLEARED_AT = dt.time(8, 50)
AFTER_START = dt.timedelta(minutes=55)
"""Sessions in the clinic are logged when they are over."""


class History:
    """All clinics and lives of the demo, seen from `now`."""

    def __init__(self, cast: Cast, now: dt.datetime) -> None:
        """Open the clinics a month before the first patient came."""
        self.cast, self.now = cast, now
        self.lives: list[Life] = []
        self.staff: dict[str, list[Membership]] = {}
        self.today = {spec.slug: now.astimezone(dt.UTC).date() for spec in cast.clinics}
        earliest = max((one.days_in or 7 * one.week for spec in cast.clinics for one in spec.patients), default=0)
        opened_at = now - dt.timedelta(days=earliest + 7) - OPENED_BEFORE
        for spec in cast.clinics:
            clinic, staff = open_clinic(spec, today=self.today[spec.slug], at=opened_at)
            self.staff[spec.slug] = staff
            self.lives += [Life(person, clinic, staff, cast, now) for person in spec.patients]

    def tell(self) -> None:
        """Let every day happen, from the first record to now."""
        day = min(life.created_on for life in self.lives)
        last = max(life.today for life in self.lives)
        number = count()
        while day <= last:
            events = [(at, next(number), act) for at, act in self.events(day) if at <= self.now]
            heapq.heapify(events)
            while events:
                at, _number, act = heapq.heappop(events)
                act(at)
            day += DAY
            if (last - day).days < EVERY_NIGHT_DAYS or day.isoweekday() == 1:
                close_past_days(now=min(to_utc(day, NIGHT, self.cast.clinics[0].time_zone), self.now))
        ids = [life.patient_id for life in self.lives]
        refresh_entries(Patient.objects.filter(pk__in=ids).select_related("clinic"), now=self.now)
        self.this_morning()
        first = self.cast.clinics[0]
        therapists = [one for one in self.staff[first.slug] if one.role == Role.THERAPIST]
        add_former_patients(therapists[0].clinic, therapists, today=self.today[first.slug], now=self.now)
        open_workshop(self.cast.workshop, by=therapists[0], at=self.now - 3 * DAY)
        hand_out_passwords([spec.slug for spec in self.cast.clinics])

    def events(self, day: dt.date) -> Iterator[Event]:
        """Yield what happens on one day, in no order."""
        known = {life.key: life for life in self.lives if life.key is not None and day <= life.today}
        sessions = ScheduledSession.objects.planned().filter(patient_id__in=known, on=day).order_by("on", "pk")
        for pk, patient_id, setting, starts_at in sessions.values_list("pk", "patient_id", "setting", "starts_at"):
            yield from self.training(known[patient_id], day, pk, setting, starts_at)
        due = Assessment.objects.filter(patient_id__in=known, status=Assessment.Status.PLANNED, due_on__lte=day).order_by("due_on", "pk")
        for pk, patient_id, key, due_on in due.values_list("pk", "patient_id", "key", "due_on"):
            life = known[patient_id]
            wait = 0 if key == Assessment.Key.BASELINE else life.course.chance.randint(0, 2)
            if key != life.person.open_assessment and day >= due_on + wait * DAY and not self.is_silent(life, day):
                yield life.moment(day, dt.time(7, 0) if key == Assessment.Key.BASELINE else life.course.at(19)), partial(life.measure, pk)
        for life in self.lives:
            if day <= life.today:
                yield from self.diary(life, day)
        if day.isoweekday() <= 5:
            yield from self.rounds(day)

    @staticmethod
    def is_silent(life: Life, day: dt.date) -> bool:
        """Tell whether the person has not been heard of since."""
        return (life.today - day).days < life.person.silent_days

    def training(self, life: Life, day: dt.date, pk: uuid.UUID, setting: str, starts_at: dt.datetime | None) -> Iterator[Event]:
        """Yield the session of a day, if the story does not leave it out."""
        person = life.person
        if self.is_silent(life, day) or (day == life.today and (person.today or person.signs_today)):
            return
        if person.missed_last:
            rest = ScheduledSession.objects.planned().filter(patient_id=life.patient_id, on__gte=day, on__lt=life.today)
            if rest.count() <= person.missed_last:
                return
        at = starts_at + AFTER_START if starts_at is not None else life.moment(day, life.course.at(17, 30, 150))
        stops = person.stopped and not life.was_stopped and setting == Setting.HOME
        if stops and (life.today - day).days <= person.stopped["days"]:
            yield at, partial(life.stop, pk)
            yield life.moment(day + DAY, CLEARED_AT, surely=True), life.clear
        else:
            yield at, partial(life.train, pk)

    def diary(self, life: Life, day: dt.date) -> Iterator[Event]:
        """Yield what comes with the calendar: the first visit, the morning's check-in, pauses and corrections."""
        person = life.person
        if day == life.created_on:
            opened = life.moment(day, life.course.at(9, 30, 300))
            yield opened, life.open_record
            if person.account == "active":
                yield opened + dt.timedelta(hours=3), life.accept
            elif person.account == "none":
                yield opened + dt.timedelta(minutes=20), life.accept
        if not person.program or day < life.starts_on:
            return
        back = (life.today - day).days
        paused = person.pause and back <= person.pause["since_days"]
        after_the_end = life.ends_on is not None and day > life.ends_on
        waits = day == life.today and person.today
        if life.course.is_answered(day, after_the_end=after_the_end) and not paused and not waits:
            sure = bool(person.pain_last or person.signs_today)
            yield life.moment(day, life.course.at(7, 20, 70), surely=sure), partial(life.check_in, day)
        if paused and back == person.pause["since_days"]:
            yield life.moment(day, dt.time(7, 15)), life.pause
        if person.tailored and back == person.tailored["since_days"]:
            yield life.moment(day, dt.time(13, 5)), life.tailor
        if person.moved and back == 6:
            yield life.moment(day, dt.time(12, 20)), life.move
        if person.corrected and back == 3:
            yield life.moment(day, dt.time(20, 5)), life.correct
        if person.letter and back == person.letter["days"]:
            yield life.moment(day, dt.time(12, 40)), life.write_letter
        for one in person.messages:
            if back == one["days"]:
                yield life.moment(day, dt.time.fromisoformat(one["at"]), surely=True), partial(life.write, one)

    def rounds(self, day: dt.date) -> Iterator[Event]:
        """Yield the therapists' morning look at the alerts of the days before; those of some stories stay open."""
        kept = [life.key for life in self.lives if life.key and life.person.alerts and (life.today - day).days <= RECENT_DAYS]
        by_patient = {life.key: life for life in self.lives if life.key}
        rows = Alert.objects.open().filter(patient_id__in=by_patient).exclude(patient_id__in=kept)
        for alert in rows.select_related("patient__clinic", "patient__caseload").order_by("raised_at", "pk"):
            life = by_patient[alert.patient_id]
            at = life.moment(day, dt.time(9, 10))
            if alert.raised_at < at:
                yield at, partial(self.look_at, alert.pk, life)

    def look_at(self, alert_pk: uuid.UUID, life: Life, at: dt.datetime) -> None:
        """Acknowledge an alert that is still open, with a note, and resolve it a little later unless it is kept in hand."""
        alert = Alert.objects.open().filter(pk=alert_pk).select_related("patient__clinic", "patient__caseload", "seen_by").first()
        if alert is None:
            return
        audit.record("patient.view", row=alert.patient, patient_id=alert.patient_id, by=life.therapist, at=at)
        acknowledge_alert(alert=alert, by=life.therapist, now=at, note=self.cast.alert_notes.get(alert.rule, ""))
        if alert.level != Alert.Level.STOP and (life.today - local_day(at, life.clinic.time_zone)).days > IN_HAND_DAYS:
            resolve_alert(alert=alert, by=life.therapist, now=at + SETTLED_AFTER, note=self.cast.resolved_note)

    def this_morning(self) -> None:
        """Let therapists take the oldest open alert of some stories, and put those of others off because nobody was reached."""
        for life in self.lives:
            if life.key is None or life.person.alerts not in {"taken", "snoozed"}:
                continue
            rows = Alert.objects.open().filter(patient_id=life.key).exclude(level=Alert.Level.STOP).order_by("raised_at", "pk")
            alerts = list(rows.select_related("patient__clinic", "patient__caseload", "seen_by"))
            if life.person.alerts == "taken":
                for alert in alerts[:1]:
                    note = self.cast.alert_notes.get(alert.rule, "")
                    acknowledge_alert(alert=alert, by=life.therapist, now=self.now, note=note)
                continue
            for alert in alerts:
                until = life.today + 3 * DAY
                snooze_alert(alert=alert, until=until, reason=SnoozeReason.NOT_REACHED, by=life.therapist, now=self.now)
