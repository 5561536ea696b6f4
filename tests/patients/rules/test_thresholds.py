"""The rules of a clinic as data: limits, what may be off, what is stored, and what differs."""

from dataclasses import fields
from typing import Any

import pytest

from patients.rules.thresholds import (
    CAN_BE_OFF,
    DEFAULTS,
    NUMBERS,
    OFF,
    Difference,
    ProblemCode,
    RuleValues,
    differences,
    find_problems,
    numbers_of,
    read_rules,
    write_rules,
)
from patients.rules.triage import ALWAYS_ON, Bands, Rule, Thresholds


def test_every_number_of_the_rules_can_be_set_and_its_default_lies_within_its_limits() -> None:
    names = {one.name for one in (*fields(Bands), *fields(Thresholds))} - {OFF}
    assert set(NUMBERS) == names
    assert all(one.low <= one.default <= one.high for one in NUMBERS.values())
    assert {one.rule for one in NUMBERS.values()} == set(CAN_BE_OFF)
    assert [one.name for one in numbers_of(Rule.LEG_PAIN)] == ["green_max", "leg_pain_in_row"]


def test_the_limits_of_every_number_make_rules_that_can_be_used() -> None:
    for one in NUMBERS.values():
        for value in (one.low, one.high):
            green = {"green_max": 0} if one.name == "amber_max" else {"amber_max": 9} if one.name == "green_max" else {}
            assert isinstance(read_rules({one.name: value, **green}), RuleValues)


def test_a_rule_set_comes_back_as_it_was_stored() -> None:
    stored = write_rules(DEFAULTS)
    assert stored["amber_max"] == 5
    assert stored["unsettled_points"] == 2.0
    assert stored[OFF] == []
    assert read_rules(stored) == DEFAULTS == read_rules({})
    own = stored | {"silence_days": 5, "week_rise_points": 1.5, OFF: ["silence", "readiness_drop"]}
    assert write_rules(read_rules(own)) == own


@pytest.mark.parametrize(
    ("values", "name", "code"),
    [
        ({"silence_days": 1}, "silence_days", ProblemCode.OUT_OF_RANGE),
        ({"silence_days": 61}, "silence_days", ProblemCode.OUT_OF_RANGE),
        ({"silence_days": 7.5}, "silence_days", ProblemCode.NOT_WHOLE),
        ({"silence_days": "7"}, "silence_days", ProblemCode.NOT_A_NUMBER),
        ({"silence_days": True}, "silence_days", ProblemCode.NOT_A_NUMBER),
        ({"silence_days": None}, "silence_days", ProblemCode.NOT_A_NUMBER),
        ({"unsettled_points": float("nan")}, "unsettled_points", ProblemCode.NOT_A_NUMBER),
        ({"unsettled_points": float("inf")}, "unsettled_points", ProblemCode.OUT_OF_RANGE),
        ({"unsettled_points": 2.3}, "unsettled_points", ProblemCode.NOT_A_STEP),
        ({"trend_entries": 2}, "trend_entries", ProblemCode.OUT_OF_RANGE),
        ({"green_max": 5}, "amber_max", ProblemCode.BANDS),
        ({"amber_max": 2}, "amber_max", ProblemCode.BANDS),
        ({"surprise": 1}, "surprise", ProblemCode.UNKNOWN),
        ({OFF: ["stop_sign"]}, OFF, ProblemCode.ALWAYS_ON),
        ({OFF: ["nothing"]}, OFF, ProblemCode.UNKNOWN),
        ({OFF: "silence"}, OFF, ProblemCode.UNKNOWN),
    ],
)
def test_what_cannot_be_a_rule_set_is_refused_beside_its_name(values: dict[str, Any], name: str, code: ProblemCode) -> None:
    assert {one: problem.code for one, problem in find_problems(values).items()} == {name: code}
    with pytest.raises(ValueError, match="not a rule set"):
        read_rules(values)


def test_stop_signs_clearances_and_agreements_cannot_be_off() -> None:
    assert set(CAN_BE_OFF) | ALWAYS_ON == set(Rule)
    for rule in ALWAYS_ON:
        assert find_problems({OFF: [rule.value]})[OFF].code == ProblemCode.ALWAYS_ON


def test_differences_stand_in_the_order_of_the_rules() -> None:
    own = read_rules({"silence_days": 5, "amber_max": 4, OFF: ["pain_weeks"]})
    assert differences(DEFAULTS, own) == [
        Difference(Rule.PAIN_LEVEL, "amber_max", 5, 4),
        Difference(Rule.PAIN_WEEKS, OFF, 1, 0),
        Difference(Rule.SILENCE, "silence_days", 7, 5),
    ]
    assert differences(own, own) == []
    assert differences(own, DEFAULTS)[1] == Difference(Rule.PAIN_WEEKS, OFF, 0, 1)
