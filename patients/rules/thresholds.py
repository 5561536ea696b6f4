"""The rules of a clinic as data: every number with its limits and default, which rules may be off, and what differs between two sets."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from patients.rules.triage import ALWAYS_ON, Bands, Rule, Thresholds

OFF = "off"


@dataclass(frozen=True, slots=True)
class RuleValues:
    """What a clinic has set: bands of pain, and the numbers of the rules with those that are off."""

    bands: Bands
    thresholds: Thresholds


@dataclass(frozen=True, slots=True)
class Number:
    """One number of the rules: where it stands, its limits, the default of the product, and the step it is set in."""

    name: str
    rule: Rule
    low: float
    high: float
    default: float
    step: float = 1

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers make sense."""
        return self.step == 1


_BANDS, _NUMBERS = Bands(), Thresholds()
NUMBERS: dict[str, Number] = {
    one.name: one
    for one in (
        Number("amber_max", Rule.PAIN_LEVEL, 1, 9, _BANDS.amber_max),
        Number("look_back_days", Rule.PAIN_LEVEL, 7, 56, _NUMBERS.look_back_days),
        Number("green_max", Rule.LEG_PAIN, 0, 8, _BANDS.green_max),
        Number("leg_pain_in_row", Rule.LEG_PAIN, 1, 7, _NUMBERS.leg_pain_in_row),
        Number("unsettled_in_row", Rule.UNSETTLED, 1, 7, _NUMBERS.unsettled_in_row),
        Number("unsettled_points", Rule.UNSETTLED, 1.5, 6, _NUMBERS.unsettled_points, 0.5),
        Number("unsettled_window_days", Rule.UNSETTLED, 3, 28, _NUMBERS.unsettled_window_days),
        Number("trend_entries", Rule.PAIN_TREND, 3, 10, _NUMBERS.trend_entries),
        Number("trend_points", Rule.PAIN_TREND, 1, 6, _NUMBERS.trend_points),
        Number("trend_window_days", Rule.PAIN_TREND, 3, 28, _NUMBERS.trend_window_days),
        Number("week_rise_points", Rule.PAIN_WEEKS, 0.5, 5, _NUMBERS.week_rise_points, 0.5),
        Number("week_minimum_days", Rule.PAIN_WEEKS, 1, 7, _NUMBERS.week_minimum_days),
        Number("missed_in_row", Rule.MISSED_SESSIONS, 1, 20, _NUMBERS.missed_in_row),
        Number("silence_days", Rule.SILENCE, 2, 60, _NUMBERS.silence_days),
        Number("message_days", Rule.MESSAGE_WAITING, 0, 14, _NUMBERS.message_days),
        Number("assessment_overdue_days", Rule.ASSESSMENT_OVERDUE, 1, 28, _NUMBERS.assessment_overdue_days),
        Number("readiness_points", Rule.READINESS_DROP, 1, 8, _NUMBERS.readiness_points),
    )
}
"""Every number by its name. An answer lies between 0 and 10 and entries are remembered for 60 days, which is where limits come from."""
CAN_BE_OFF = tuple(rule for rule in Rule if rule not in ALWAYS_ON)
"""Stop signs, clearances and agreements that were taken back are always reported."""


def numbers_of(rule: Rule) -> tuple[Number, ...]:
    """Return the numbers that stand in the row of a rule."""
    return tuple(one for one in NUMBERS.values() if one.rule == rule)


class ProblemCode(StrEnum):
    """What is wrong with a value."""

    UNKNOWN = "unknown"
    NOT_A_NUMBER = "not_a_number"
    NOT_WHOLE = "not_whole"
    NOT_A_STEP = "not_a_step"
    OUT_OF_RANGE = "out_of_range"
    BANDS = "bands"
    ALWAYS_ON = "always_on"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and the limits where there are any."""

    code: ProblemCode
    low: float = 0
    high: float = 0


def find_problems(data: Mapping[str, Any]) -> dict[str, Problem]:
    """Return what is wrong with a rule set, by the name of the value; a missing number means its default."""
    found: dict[str, Problem] = {name: Problem(ProblemCode.UNKNOWN) for name in data if name not in NUMBERS and name != OFF}
    for one in NUMBERS.values():
        problem = _problem_of(one, data.get(one.name, one.default))
        if problem is not None:
            found[one.name] = problem
    if not {"green_max", "amber_max"} & found.keys() and _value(data, "green_max") >= _value(data, "amber_max"):
        found["amber_max"] = Problem(ProblemCode.BANDS)
    off = data.get(OFF, [])
    if not isinstance(off, list | tuple) or any(rule not in set(Rule) for rule in off):
        found[OFF] = Problem(ProblemCode.UNKNOWN)
    elif any(Rule(rule) in ALWAYS_ON for rule in off):
        found[OFF] = Problem(ProblemCode.ALWAYS_ON)
    return found


def _problem_of(one: Number, value: Any) -> Problem | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return Problem(ProblemCode.NOT_A_NUMBER, one.low, one.high)
    if not one.low <= value <= one.high:
        return Problem(ProblemCode.OUT_OF_RANGE, one.low, one.high)
    if one.is_whole and value != int(value):
        return Problem(ProblemCode.NOT_WHOLE, one.low, one.high)
    if (value / one.step) % 1:
        return Problem(ProblemCode.NOT_A_STEP, one.low, one.high)
    return None


def _value(data: Mapping[str, Any], name: str) -> float:
    return float(data.get(name, NUMBERS[name].default))


def read_rules(data: Mapping[str, Any]) -> RuleValues:
    """Return the values of a stored or proposed rule set; a missing number is its default. Raises ValueError for a wrong one."""
    problems = find_problems(data)
    if problems:
        raise ValueError(f"not a rule set: {', '.join(sorted(problems))}")
    values = {one.name: int(_value(data, one.name)) if one.is_whole else _value(data, one.name) for one in NUMBERS.values()}
    off = frozenset(Rule(rule) for rule in data.get(OFF, []))
    bands = {one.name: values.pop(one.name) for one in fields(Bands)}
    return RuleValues(Bands(**bands), Thresholds(**values, off=off))  # type: ignore[arg-type]


def write_rules(rules: RuleValues) -> dict[str, Any]:
    """Return a rule set as it is stored: every number by its name, and the rules that are off in their order."""
    numbers = {**asdict(rules.bands), **{one.name: getattr(rules.thresholds, one.name) for one in fields(Thresholds)}}
    return {name: numbers[name] for name in NUMBERS} | {OFF: [rule.value for rule in Rule if rule in rules.thresholds.off]}


DEFAULTS = RuleValues(_BANDS, _NUMBERS)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing two rule sets do not share: a number (before and after), or a rule that went on (after 1) or off (after 0)."""

    rule: Rule
    name: str
    before: float
    after: float


def differences(before: RuleValues, after: RuleValues) -> list[Difference]:
    """Return what two rule sets do not share, in the order of the rules."""
    return sorted(_differences(before, after), key=lambda one: list(Rule).index(one.rule))


def _differences(before: RuleValues, after: RuleValues) -> Iterator[Difference]:
    for rule in CAN_BE_OFF:
        was, is_now = rule not in before.thresholds.off, rule not in after.thresholds.off
        if was != is_now:
            yield Difference(rule, OFF, int(was), int(is_now))
    old, new = write_rules(before), write_rules(after)
    for one in NUMBERS.values():
        if old[one.name] != new[one.name]:
            yield Difference(one.rule, one.name, old[one.name], new[one.name])
