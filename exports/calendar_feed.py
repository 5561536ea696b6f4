"""A patient's sessions as a calendar file (iCalendar, RFC 5545): neutral titles, stable ids, a sequence that grows with every change."""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext as _

from clinics.localtime import OffsetChange, local_day, offset_changes, to_local
from patients.models import Patient, ScheduledSession

DAYS_BACK = 60
"""Sessions further back than this are not in the file."""
MOST_EVENTS = 1000
LINE_OCTETS = 75
SEQUENCE_FROM = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
_S = ScheduledSession.Status
NOT_TO_BE = frozenset({_S.CANCELLED, _S.SKIPPED})
"""Sessions that stay in the file as cancelled, so that calendars take them out."""


class Event(NamedTuple):
    """One session, as far as a calendar is concerned."""

    key: UUID
    on: dt.date
    starts_at: dt.datetime | None
    minutes: int
    status: str
    changed_at: dt.datetime


def write_calendar(patient: Patient, *, now: dt.datetime) -> bytes:
    """Return the file of a patient (clinic and account must be loaded): UTF-8, lines folded at 75 octets and ended by CR LF.

    Appointments stand at their time in the clinic's zone, sessions at home on their day. No clinic, exercise or reason is named.
    """
    user = patient.membership.user if patient.membership else None
    events = events_of(patient, now=now)
    with translation.override((user.language if user else "") or patient.language):
        lines = list(calendar_lines(events, patient.clinic.time_zone, now))
    return "".join(f"{folded}\r\n" for line in lines for folded in fold(line)).encode()


def events_of(patient: Patient, *, now: dt.datetime) -> list[Event]:
    """Return the sessions that go into the file, in one query."""
    first = local_day(now, patient.zone) - dt.timedelta(days=DAYS_BACK)
    rows = ScheduledSession.objects.filter(clinic_id=patient.clinic_id, patient=patient, on__gte=first).order_by("on", "id")
    columns = ("id", "on", "starts_at", "session_plan__minutes", "status", "changed_at")
    return [Event(*row) for row in rows.values_list(*columns)[:MOST_EVENTS]]


def calendar_lines(events: Iterable[Event], zone: str, now: dt.datetime) -> Iterator[str]:
    """Yield the unfolded lines of the file."""
    rows = list(events)
    name = _("My plan")
    yield "BEGIN:VCALENDAR"
    yield "VERSION:2.0"
    yield "PRODID:-//Physio//Calendar//EN"
    yield "CALSCALE:GREGORIAN"
    yield "METHOD:PUBLISH"
    yield f"X-WR-CALNAME:{escape(name)}"
    yield "REFRESH-INTERVAL;VALUE=DURATION:PT1H"
    yield "X-PUBLISHED-TTL:PT1H"
    years = [now.year, *(row.starts_at.year for row in rows if row.starts_at is not None)]
    yield from zone_lines(zone, offset_changes(zone, min(years) - 1, max(years) + 1))
    for row in rows:
        yield from event_lines(row, zone)
    yield "END:VCALENDAR"


def zone_lines(zone: str, changes: Iterable[OffsetChange]) -> Iterator[str]:
    """Yield the description of a time zone: one part for each change of its clock."""
    yield "BEGIN:VTIMEZONE"
    yield f"TZID:{zone}"
    for change in changes:
        part = "DAYLIGHT" if change.is_summer else "STANDARD"
        yield f"BEGIN:{part}"
        yield f"DTSTART:{change.wall:%Y%m%dT%H%M%S}"
        yield f"TZOFFSETFROM:{offset(change.before)}"
        yield f"TZOFFSETTO:{offset(change.after)}"
        yield f"TZNAME:{escape(change.name)}"
        yield f"END:{part}"
    yield "END:VTIMEZONE"


def event_lines(row: Event, zone: str) -> Iterator[str]:
    """Yield one session."""
    title = _("Training") if row.starts_at is None else _("Appointment")
    yield "BEGIN:VEVENT"
    yield f"UID:{row.key}@physio"
    yield f"DTSTAMP:{row.changed_at.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}"
    yield f"LAST-MODIFIED:{row.changed_at.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}"
    yield f"SEQUENCE:{sequence(row.changed_at)}"
    if row.starts_at is not None:
        yield f"DTSTART;TZID={zone}:{to_local(row.starts_at, zone):%Y%m%dT%H%M%S}"
        yield f"DURATION:PT{max(row.minutes, 1)}M"
        yield "TRANSP:OPAQUE"
    else:
        yield f"DTSTART;VALUE=DATE:{row.on:%Y%m%d}"
        yield f"DTEND;VALUE=DATE:{row.on + dt.timedelta(days=1):%Y%m%d}"
        yield "TRANSP:TRANSPARENT"
    yield f"SUMMARY:{escape(title)}"
    yield f"STATUS:{'CANCELLED' if row.status in NOT_TO_BE else 'CONFIRMED'}"
    yield "CLASS:PRIVATE"
    yield "END:VEVENT"


def sequence(changed_at: dt.datetime) -> int:
    """Return a number that grows with every change of a session and stays the same without one: seconds since 2020, at least 0."""
    return max(int((changed_at - SEQUENCE_FROM).total_seconds()), 0)


def offset(delta: dt.timedelta) -> str:
    """Return an offset from UTC as +HHMM, with seconds where a zone has them."""
    seconds = int(delta.total_seconds())
    sign, rest = ("-" if seconds < 0 else "+"), abs(seconds)
    tail = f"{rest % 60:02d}" if rest % 60 else ""
    return f"{sign}{rest // 3600:02d}{rest % 3600 // 60:02d}{tail}"


def escape(text: str) -> str:
    """Return a text as RFC 5545 wants it in a line."""
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def fold(line: str) -> Iterator[str]:
    """Yield the line in pieces of at most 75 octets that cut no character in two; every piece but the first begins with a blank."""
    piece, size = "", 0
    for character in line:
        octets = len(character.encode())
        if size + octets > LINE_OCTETS:
            yield piece
            piece, size = " ", 1
        piece += character
        size += octets
    yield piece
