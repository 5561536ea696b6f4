"""Covers as tables: what is refused, which days they hold, and who looks after whom."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from patients.rules.cover import LONGEST_DAYS, Refusal, Span, refuse_cover, responsible

ANNA, BEN, CARLA = (UUID(int=number) for number in range(1, 4))
TODAY = date(2026, 12, 1)


def span(covered: UUID, by: UUID, first: int, last: int) -> Span:
    """Return a cover from a day to a day, counted from today."""
    return Span(covered, by, TODAY + timedelta(days=first), TODAY + timedelta(days=last))


STANDING = [span(ANNA, BEN, 10, 20)]


@pytest.mark.parametrize(
    ("new", "why"),
    [
        pytest.param(span(ANNA, BEN, 0, 0), None, id="a single day, today"),
        pytest.param(span(ANNA, CARLA, 21, 30), None, id="the day after another one"),
        pytest.param(span(ANNA, CARLA, 1, 9), None, id="the day before another one"),
        pytest.param(span(ANNA, CARLA, 20, 25), Refusal.OVERLAP, id="its last day"),
        pytest.param(span(ANNA, CARLA, 1, 10), Refusal.OVERLAP, id="its first day"),
        pytest.param(span(ANNA, BEN, 12, 14), Refusal.OVERLAP, id="within it, by the same person"),
        pytest.param(span(CARLA, BEN, 12, 14), None, id="one person stands in for two"),
        pytest.param(span(CARLA, ANNA, 12, 14), Refusal.AWAY, id="who stands in is away"),
        pytest.param(span(CARLA, ANNA, 21, 22), None, id="who stands in is back"),
        pytest.param(span(BEN, CARLA, 20, 22), Refusal.BUSY, id="who is away stands in for somebody"),
        pytest.param(span(ANNA, ANNA, 1, 2), Refusal.SELF, id="oneself"),
        pytest.param(span(ANNA, CARLA, 2, 1), Refusal.ORDER, id="ends before it begins"),
        pytest.param(span(ANNA, CARLA, -1, 2), Refusal.PAST, id="begins yesterday"),
        pytest.param(span(CARLA, BEN, 30, 30 + LONGEST_DAYS - 1), None, id="a year"),
        pytest.param(span(CARLA, BEN, 30, 30 + LONGEST_DAYS), Refusal.TOO_LONG, id="a day more"),
    ],
)
def test_what_is_refused(new: Span, why: Refusal | None) -> None:
    found = refuse_cover(new, STANDING, TODAY)
    assert (found[0] if found else None) == why
    if why in {Refusal.OVERLAP, Refusal.AWAY, Refusal.BUSY}:
        assert found is not None
        assert found[1] == STANDING[0]


@pytest.mark.parametrize(("day", "holds"), [(9, False), (10, True), (15, True), (20, True), (21, False)])
def test_both_days_belong_to_it(day: int, holds: bool) -> None:
    assert STANDING[0].holds_on(TODAY + timedelta(days=day)) is holds


@pytest.mark.parametrize(
    ("therapist", "standing_in", "working", "who"),
    [
        (ANNA, {}, {ANNA, BEN}, ANNA),
        (ANNA, {ANNA: BEN}, {ANNA, BEN}, BEN),
        (ANNA, {ANNA: BEN}, {ANNA}, ANNA),
        (ANNA, {BEN: CARLA}, {ANNA, BEN, CARLA}, ANNA),
        (None, {ANNA: BEN}, {BEN}, None),
    ],
)
def test_who_looks_after_the_patients(therapist: UUID | None, standing_in: dict[UUID, UUID], working: set[UUID], who: UUID | None) -> None:
    assert responsible(therapist, standing_in, working) == who
