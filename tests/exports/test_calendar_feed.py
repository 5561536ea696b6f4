"""The calendar file, read back by a strict reader: folded lines, one zone that is right on every day, ids that stay, neutral titles."""

import datetime as dt
from collections import defaultdict
from typing import Any

import pytest

from clinics.localtime import offset_changes, to_local, to_utc
from clinics.models import Clinic
from exports.calendar_feed import DAYS_BACK, escape, fold, sequence, write_calendar
from patients.actions.planning import move_session, skip_session
from patients.models import Assignment, Patient, ScheduledSession
from tests.reminders.scene import at, clinic_in, day, patients_of, session_on

pytestmark = pytest.mark.django_db

NOW = at("2026-11-17T12:00")
Component = dict[str, list[Any]]


def read(data: bytes) -> Component:
    """Read an iCalendar file: properties as (parameters, value), parts under their name; fails on anything RFC 5545 forbids."""
    text = data.decode("utf-8")
    assert text.endswith("\r\n")
    raw = text[:-2].split("\r\n")
    assert all(len(line.encode()) <= 75 for line in raw), "too long"
    assert not any("\n" in line or "\r" in line for line in raw)
    lines: list[str] = []
    for line in raw:
        if line.startswith(" "):
            lines[-1] += line[1:]
        else:
            lines.append(line)
    root: Component = defaultdict(list)
    stack = [root]
    for line in lines:
        head, value = line.split(":", 1)
        name, *parameters = head.split(";")
        if name == "BEGIN":
            part: Component = defaultdict(list)
            stack[-1][value].append(part)
            stack.append(part)
            part["_name"].append(value)
        elif name == "END":
            assert stack.pop()["_name"] == [value]
        else:
            stack[-1][name].append((dict(one.split("=", 1) for one in parameters), value))
    assert len(stack) == 1
    (calendar,) = root["VCALENDAR"]
    assert [value for _parameters, value in calendar["VERSION"]] == ["2.0"]
    found: Component = calendar
    return found


def value(part: Component, name: str) -> str:
    """Return the one value of a property."""
    ((_parameters, found),) = part[name]
    return str(found)


def utc_of(calendar: Component, wall: str) -> dt.datetime:
    """Turn a wall-clock time into UTC by nothing but the file's own description of the zone."""
    (zone,) = calendar["VTIMEZONE"]
    local = dt.datetime.strptime(wall, "%Y%m%dT%H%M%S")  # noqa: DTZ007
    parts = [*zone["STANDARD"], *zone["DAYLIGHT"]]
    before = [part for part in parts if dt.datetime.strptime(value(part, "DTSTART"), "%Y%m%dT%H%M%S") <= local]  # noqa: DTZ007
    latest = max(before, key=lambda part: value(part, "DTSTART"))
    offset = value(latest, "TZOFFSETTO")
    delta = dt.timedelta(hours=int(offset[1:3]), minutes=int(offset[3:5])) * (-1 if offset[0] == "-" else 1)
    return (local - delta).replace(tzinfo=dt.UTC)


def patient_in(zone: str = "Europe/Berlin") -> Patient:
    """Create a patient, loaded as the file wants it."""
    patient = patients_of(clinic_in(zone))[0]
    found: Patient = Patient.objects.select_related("clinic", "membership__user").get(pk=patient.pk)
    return found


def events(patient: Patient, now: dt.datetime = NOW) -> dict[str, Component]:
    """Return the events of the patient's file by their id."""
    return {value(one, "UID"): one for one in read(write_calendar(patient, now=now))["VEVENT"]}


def test_a_session_at_home_is_a_day_and_an_appointment_a_time() -> None:
    patient = patient_in()
    home = session_on(patient, day("2026-11-18"))
    visit = session_on(patient, day("2026-11-19"), starts_at=at("2026-11-19T16:00"))
    found = events(patient)
    assert found[f"{home.pk}@physio"]["DTSTART"] == [({"VALUE": "DATE"}, "20261118")]
    assert found[f"{home.pk}@physio"]["DTEND"] == [({"VALUE": "DATE"}, "20261119")]
    assert found[f"{visit.pk}@physio"]["DTSTART"] == [({"TZID": "Europe/Berlin"}, "20261119T170000")]
    assert {value(one, "SUMMARY") for one in found.values()} == {"Training", "Appointment"}


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "Asia/Singapore", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca"]
)
def test_the_described_zone_gives_the_true_instant_on_every_day_of_a_year(zone: str) -> None:
    patient = patient_in(zone)
    instants = {}
    for step in range(0, 365, 7):
        on = day("2026-11-20") + dt.timedelta(days=step)
        starts = to_utc(on, dt.time(17, 30), zone)
        instants[f"{session_on(patient, on, starts_at=starts).pk}@physio"] = starts
    calendar = read(write_calendar(patient, now=NOW))
    assert {value(one, "UID"): utc_of(calendar, value(one, "DTSTART")) for one in calendar["VEVENT"]} == instants


def test_ids_stay_for_a_year_of_fetches_and_a_move_raises_the_sequence_of_its_session_only() -> None:
    patient = patient_in()
    moved, other = session_on(patient, day("2027-11-18")), session_on(patient, day("2027-11-20"))
    first = events(patient)
    for week in range(52):
        now = NOW + dt.timedelta(days=7 * week)
        assert {uid: value(one, "SEQUENCE") for uid, one in events(patient, now).items()} == {
            uid: value(one, "SEQUENCE") for uid, one in first.items()
        }
    ScheduledSession.objects.filter(pk=moved.pk).update(on=day("2027-11-19"), changed_at=NOW)
    then = events(patient)
    assert set(then) == set(first)
    before, after = (int(value(found[f"{moved.pk}@physio"], "SEQUENCE")) for found in (first, then))
    assert before < after < 2**31
    assert then[f"{other.pk}@physio"] == first[f"{other.pk}@physio"]


def test_over_a_year_of_moves_no_id_changes_and_what_was_touched_and_only_that_has_a_higher_sequence() -> None:
    patient = patient_in()
    by = patient.membership
    assert by is not None
    sessions = [session_on(patient, day("2026-11-18") + dt.timedelta(days=7 * week)) for week in range(53)]
    Assignment.objects.filter(patient=patient).update(starts_on=day("2026-11-01"), ends_on=day("2027-12-31"))
    before = events(patient)
    for week, session in enumerate(sessions[:52]):
        now = NOW + dt.timedelta(days=7 * week)
        touched = ScheduledSession.objects.select_related("patient__clinic", "assignment").get(pk=session.pk)
        if week % 4 == 1:
            move_session(session=touched, to_on=touched.on + dt.timedelta(days=week % 3 + 1), by=by, now=now)
        elif week % 4 == 3:
            now += dt.timedelta(days=1)
            skip_session(session=touched, reason=ScheduledSession.SkipReason.values[0], by=by, now=now)
        after = events(patient, now)
        changed = {uid for uid in after if value(after[uid], "SEQUENCE") != value(before[uid], "SEQUENCE")}
        assert changed == ({f"{touched.pk}@physio"} if week % 2 else set())
        assert all(int(value(after[uid], "SEQUENCE")) > int(value(before[uid], "SEQUENCE")) for uid in changed)
        assert all(after[uid] == before[uid] for uid in set(after) - changed)
        # What is long over leaves the file; everything else stays in it under its id.
        first = now.date() - dt.timedelta(days=DAYS_BACK)
        assert set(after) == {f"{one.pk}@physio" for one in ScheduledSession.objects.filter(patient=patient, on__gte=first)} <= set(before)
        before = after


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("planned", "CONFIRMED"),
        ("done", "CONFIRMED"),
        ("partial", "CONFIRMED"),
        ("missed", "CONFIRMED"),
        ("skipped", "CANCELLED"),
        ("cancelled", "CANCELLED"),
    ],
)
def test_what_will_not_be_stays_in_the_file_as_cancelled(status: str, said: str) -> None:
    patient = patient_in()
    session = session_on(patient, day("2026-11-18"))
    ScheduledSession.objects.filter(pk=session.pk).update(status=status)
    assert value(events(patient)[f"{session.pk}@physio"], "STATUS") == said


def test_nothing_in_it_names_person_clinic_program_or_exercise() -> None:
    patient = patient_in()
    Clinic.objects.filter(pk=patient.clinic_id).update(name="Rückenzentrum", address="Uferweg 1")
    session_on(patient, day("2026-11-18"))
    session_on(patient, day("2026-11-19"), starts_at=at("2026-11-19T16:00"))
    text = write_calendar(patient, now=NOW).decode()
    for secret in (patient.first_name, patient.last_name, patient.number, "Rücken", "Ufer", "DESCRIPTION", "LOCATION", "ORGANIZER"):
        assert secret not in text


def test_a_german_patient_reads_german_titles() -> None:
    patient = patients_of(clinic_in(), language="de")[0]
    found = Patient.objects.select_related("clinic", "membership__user").get(pk=patient.pk)
    session_on(patient, day("2026-11-19"), starts_at=at("2026-11-19T16:00"))
    assert [value(one, "SUMMARY") for one in events(found).values()] == ["Termin"]


def test_another_patients_sessions_are_not_in_it() -> None:
    one, other = patients_of(clinic_in(), 2)
    session_on(other, day("2026-11-18"))
    assert events(Patient.objects.select_related("clinic", "membership__user").get(pk=one.pk)) == {}


@pytest.mark.parametrize("text", ["a" * 75, "a" * 76, "ü" * 200, "🏃" * 60, "x" + "é" * 149])
def test_folded_lines_are_short_and_whole_again(text: str) -> None:
    pieces = list(fold(text))
    assert all(len(piece.encode()) <= 75 for piece in pieces)
    assert pieces[0] + "".join(piece[1:] for piece in pieces[1:]) == text


@pytest.mark.parametrize(("text", "escaped"), [("a,b;c", r"a\,b\;c"), ("a\\b", r"a\\b"), ("a\nb", r"a\nb")])
def test_signs_with_a_meaning_are_escaped(text: str, escaped: str) -> None:
    assert escape(text) == escaped


def test_a_sequence_is_never_negative() -> None:
    assert sequence(at("2019-01-01T00:00")) == 0


def test_every_change_of_a_clock_is_named_with_both_offsets() -> None:
    changes = offset_changes("Europe/Berlin", 2026, 2026)
    hour = dt.timedelta(hours=1)
    assert [(change.wall.isoformat(), change.before, change.after, change.is_summer) for change in changes] == [
        ("2026-01-01T01:00:00", hour, hour, False),
        ("2026-03-29T02:00:00", hour, 2 * hour, True),
        ("2026-10-25T03:00:00", 2 * hour, hour, False),
    ]
    assert to_local(at("2026-10-25T00:59"), "Europe/Berlin").hour == 2
