"""What may be done with an alert, as tables."""

from datetime import date, timedelta

import pytest

from patients.models import Alert, AlertStep
from patients.rules.alerts import MOVES, SNOOZE_DAYS, Move, Refusal, SnoozeReason, Status, moves, needs_note, refuse_snooze
from patients.states import ALERT

TODAY = date(2026, 3, 18)
RESULT = {Move.ACKNOWLEDGE: Status.ACKNOWLEDGED, Move.SNOOZE: Status.SNOOZED, Move.RESOLVE: Status.RESOLVED, Move.RETURN: Status.OPEN}


@pytest.mark.parametrize(
    ("days", "is_stop", "expected"),
    [
        pytest.param(1, False, None, id="tomorrow"),
        pytest.param(14, False, None, id="two weeks"),
        pytest.param(15, False, Refusal.TOO_LATE, id="a day more"),
        pytest.param(0, False, Refusal.NOT_LATER, id="today"),
        pytest.param(-1, False, Refusal.NOT_LATER, id="yesterday"),
        pytest.param(1, True, Refusal.STOP_SIGN, id="a stop sign never"),
        pytest.param(400, True, Refusal.STOP_SIGN, id="a stop sign never, whatever the day"),
    ],
)
def test_an_alert_is_put_off_by_one_to_fourteen_days(days: int, is_stop: bool, expected: Refusal | None) -> None:
    assert SNOOZE_DAYS == 14
    assert refuse_snooze(TODAY + timedelta(days=days), TODAY, is_stop=is_stop) == expected


@pytest.mark.parametrize(
    ("move", "is_stop", "reason", "expected"),
    [
        (Move.ACKNOWLEDGE, False, "", False),
        (Move.ACKNOWLEDGE, True, "", True),
        (Move.RESOLVE, False, "", False),
        (Move.RESOLVE, True, "", True),
        (Move.SNOOZE, False, SnoozeReason.AWAY, False),
        (Move.SNOOZE, False, SnoozeReason.OTHER, True),
    ],
)
def test_who_needs_a_note(move: Move, is_stop: bool, reason: str, expected: bool) -> None:
    assert needs_note(move, is_stop=is_stop, reason=reason) is expected


@pytest.mark.parametrize(
    ("status", "is_stop", "expected"),
    [
        (Status.OPEN, False, {Move.ACKNOWLEDGE, Move.SNOOZE, Move.RESOLVE}),
        (Status.OPEN, True, {Move.ACKNOWLEDGE, Move.RESOLVE}),
        (Status.ACKNOWLEDGED, False, {Move.SNOOZE, Move.RESOLVE}),
        (Status.ACKNOWLEDGED, True, {Move.RESOLVE}),
        (Status.SNOOZED, False, {Move.ACKNOWLEDGE, Move.RESOLVE}),
        (Status.RESOLVED, False, set()),
    ],
)
def test_what_can_be_done_from_each_state(status: Status, is_stop: bool, expected: set[Move]) -> None:
    assert set(moves(status, is_stop=is_stop)) == expected


def test_the_moves_offered_are_the_moves_that_exist() -> None:
    offered = {(status.value, RESULT[move].value) for status, found in MOVES.items() for move in found}
    existing = {(str(before), str(after)) for after, earlier in ALERT.items() for before in earlier}
    assert existing == offered | {("snoozed", "open"), ("acknowledged", "open")}, "time brings one back, a handover opens one again"


def test_rules_and_tables_speak_the_same_words() -> None:
    assert {str(one) for one in Status} == set(Alert.Status.values)
    assert {str(one) for one in SnoozeReason} == set(AlertStep.Reason.values)
