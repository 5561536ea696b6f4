"""Unusual access as tables: how many within an hour, who has a reason, at night, refused in a row."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from patients.rules.access import (
    REFUSED_IN_A_ROW,
    STOP_SIGN_LASTS,
    WEAK,
    Flag,
    Kind,
    Ties,
    Visit,
    at_night,
    busiest_hour,
    has_reason,
    in_order,
    many_records,
    of_colleagues,
    refused_in_a_row,
    without_reason,
)
from patients.rules.cover import Span

ACCOUNT, PERSON, COLLEAGUE, PATIENT, OTHER = (UUID(int=number) for number in range(1, 6))
DAY = date(2026, 11, 17)
NOON = datetime(2026, 11, 17, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def visit(patient: UUID = PATIENT, role: str = "therapist", at: datetime = NOON, actor: UUID = ACCOUNT) -> Visit:
    """Return one look at a record."""
    return Visit(actor, patient, role, at.date(), at, at)


def ties(**more: Any) -> Ties:
    """Return what connects people and patients, with the account known."""
    return Ties(member_of={ACCOUNT: PERSON}, **more)


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        pytest.param(ties(), False, id="nothing"),
        pytest.param(ties(therapist={PATIENT: PERSON}), True, id="treats the patient"),
        pytest.param(ties(therapist={PATIENT: COLLEAGUE}), False, id="somebody else does"),
        pytest.param(ties(treated=[(PERSON, PATIENT, DAY)]), True, id="did until this day"),
        pytest.param(ties(treated=[(PERSON, PATIENT, DAY - timedelta(days=1))]), False, id="did until the day before"),
        pytest.param(ties(therapist={PATIENT: COLLEAGUE}, covers=[Span(COLLEAGUE, PERSON, DAY, DAY)]), True, id="stands in"),
        pytest.param(
            ties(therapist={PATIENT: COLLEAGUE}, covers=[Span(COLLEAGUE, PERSON, DAY + timedelta(days=1), DAY + timedelta(days=9))]),
            False,
            id="stands in from tomorrow on",
        ),
        pytest.param(ties(therapist={PATIENT: OTHER}, covers=[Span(COLLEAGUE, PERSON, DAY, DAY)]), False, id="stands in for another"),
        pytest.param(ties(assigned={(PERSON, PATIENT)}), True, id="gave the program"),
        pytest.param(ties(came={(PATIENT, DAY)}), True, id="in the clinic that day"),
        pytest.param(ties(came={(PATIENT, DAY - timedelta(days=1))}), False, id="in the clinic the day before"),
        pytest.param(ties(answered={(PERSON, PATIENT, DAY)}), True, id="answered an alert"),
        pytest.param(ties(stop_signs={PATIENT: [NOON - STOP_SIGN_LASTS]}), True, id="a stop sign two days ago"),
        pytest.param(ties(stop_signs={PATIENT: [NOON - STOP_SIGN_LASTS - MINUTE]}), False, id="a stop sign before that"),
        pytest.param(ties(stop_signs={PATIENT: [NOON + MINUTE]}), False, id="a stop sign afterwards"),
        pytest.param(Ties(therapist={PATIENT: PERSON}), False, id="an account that is nobody here"),
    ],
)
def test_who_has_a_reason(known: Ties, reason: bool) -> None:
    assert has_reason(visit(), known) is reason
    flags = without_reason([visit()], known, set())
    assert [(flag.kind, flag.actor, flag.on, flag.patients) for flag in flags] == (
        [] if reason else [(Kind.OTHER, ACCOUNT, DAY, (PATIENT,))]
    )


@pytest.mark.parametrize(("role", "flags"), [("manager", 0), ("therapist", 1), ("administrator", 1)])
def test_managers_are_not_asked_for_a_reason_but_administrators_are(role: str, flags: int) -> None:
    assert len(without_reason([visit(role=role)], ties(), set())) == flags


def test_a_colleagues_record_is_flagged_once_as_such_whoever_looks() -> None:
    looks = [visit(role="manager"), visit(OTHER)]
    assert [(flag.kind, flag.patients) for flag in of_colleagues(looks, {PATIENT})] == [(Kind.COLLEAGUE, (PATIENT,))]
    assert [flag.patients for flag in without_reason([visit(), visit(OTHER)], ties(), {PATIENT})] == [(OTHER,)]


def test_at_night_a_stop_sign_is_reason_enough_and_the_rest_is_a_weak_sign() -> None:
    night = NOON - timedelta(hours=10)
    looks = [visit(at=night), visit(OTHER, at=night + MINUTE)]
    (flag,) = at_night(looks, ties(stop_signs={PATIENT: [night - MINUTE]}))
    assert (flag.patients, flag.count, flag.first_at) == ((OTHER,), 1, night + MINUTE)
    assert flag.kind in WEAK


def opened(*minutes: float, patients: int | None = None) -> list[tuple[datetime, UUID]]:
    """Return looks at different records (or at `patients` of them in turn) so many minutes after noon."""
    return [
        (NOON + minute * MINUTE, UUID(int=100 + (place if patients is None else place % patients))) for place, minute in enumerate(minutes)
    ]


@pytest.mark.parametrize(
    ("rows", "most"),
    [
        pytest.param(opened(0), 1, id="one"),
        pytest.param(opened(0, 10, 59), 3, id="within the hour"),
        pytest.param(opened(0, 10, 60), 2, id="the 60th minute is another hour"),
        pytest.param(opened(30, 50, 70, 89), 4, id="across the full hour"),
        pytest.param(opened(*range(0, 300, 5)), 12, id="steady work"),
        pytest.param(opened(*range(20), patients=3), 3, id="the same records again and again"),
    ],
)
def test_the_busiest_hour_is_any_sixty_minutes(rows: list[tuple[datetime, UUID]], most: int) -> None:
    assert busiest_hour(rows)[0] == most


@pytest.mark.parametrize(("limit", "flags"), [(39, 1), (40, 0)])
def test_more_records_than_the_clinic_allows_are_flagged_once_a_day(limit: int, flags: int) -> None:
    rows = opened(*(minute * 1.4 for minute in range(40)))
    found = many_records({ACCOUNT: rows}, limit, lambda at: at.date())
    assert [(flag.kind, flag.count) for flag in found] == [(Kind.MANY, 40)] * flags


@pytest.mark.parametrize(
    ("minutes", "count"),
    [
        ((0, 1, 2, 3), None),
        ((0, 1, 2, 3, 4), 5),
        ((0, 10, 20, 30, 40), 5),
        ((0, 10, 20, 31, 41), None),
        ((0, 1, 20, 21, 22, 23, 24, 25), 6),
    ],
)
def test_refusals_stand_in_a_row_without_a_longer_pause(minutes: tuple[int, ...], count: int | None) -> None:
    assert REFUSED_IN_A_ROW == 5
    found = refused_in_a_row({ACCOUNT: [NOON + minute * MINUTE for minute in minutes]}, lambda at: at.date())
    assert [flag.count for flag in found] == ([] if count is None else [count])


def test_the_latest_day_comes_first_and_its_weightiest_sign_in_front() -> None:
    def flag(kind: Kind, days: int) -> Flag:
        return Flag(kind, ACCOUNT, DAY - timedelta(days=days), 1, NOON, NOON)

    flags = [flag(Kind.NIGHT, 0), flag(Kind.COLLEAGUE, 1), flag(Kind.MANY, 0)]
    assert [(one.kind, one.on) for one in in_order(flags)] == [
        (Kind.MANY, DAY),
        (Kind.NIGHT, DAY),
        (Kind.COLLEAGUE, DAY - timedelta(days=1)),
    ]
