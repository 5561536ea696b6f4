"""Progression over the weeks by a rule a person chose: the same step every so many weeks, up to a limit."""

from dataclasses import dataclass, replace

from programs.rules.building import Place, Plan, Row, line_at, set_dose
from programs.rules.diff import Line, Weeks

FIELDS: dict[str, tuple[str, ...]] = {
    "sets": ("sets",),
    "reps": ("reps_low", "reps_high"),
    "hold": ("hold_seconds",),
    "duration": ("duration_seconds",),
    "run": ("run_seconds",),
    "walk": ("walk_seconds",),
    "rest": ("rest_seconds",),
    "effort": ("effort_low", "effort_high"),
}
"""What a rule may raise or lower, each with the fields of the dose it moves together."""
LOWEST, HIGHEST = {"rest": 0, "walk": 0, "effort": 0}, {"sets": 30, "reps": 100, "effort": 10, "rest": 600}
LONGEST_SECONDS = 7200


@dataclass(frozen=True, slots=True)
class Rule:
    """`step` more (or less, below 0) of `part` every `every` weeks, up to `limit` (None: the end of what a dose may be).

    With `then_set` repetitions that have reached the limit begin again at the first week's number, with one set more.
    """

    part: str
    step: int
    every: int = 1
    limit: int | None = None
    then_set: bool = False


def progressed(line: Line, rule: Rule, weeks_on: int) -> Line:
    """Return the dose `weeks_on` weeks after the one given; a part that is not counted stays as it is."""
    names = [name for name in FIELDS[rule.part] if getattr(line, name) is not None]
    steps = max(weeks_on, 0) // max(rule.every, 1)
    if not names or not steps or not rule.step:
        return line
    end = limit_of(rule)
    top = max(getattr(line, name) for name in names) if rule.step > 0 else min(getattr(line, name) for name in names)
    room = max((end - top) // rule.step, 0)
    sets = line.sets
    if rule.then_set and rule.part != "sets":
        # A round is every step up to the limit and the one that adds a set.
        rounds, steps = divmod(steps, room + 1)
        sets = min(line.sets + rounds, HIGHEST["sets"])
    beyond = not rule.then_set and steps > room
    moved = {name: getattr(line, name) + rule.step * min(steps, room) for name in names}
    if beyond and len(names) == 1:
        moved = {names[0]: end if (end - top) * rule.step > 0 else top}
    return replace(line, **{"sets": sets, **moved})


def limit_of(rule: Rule) -> int:
    """Return where the rule stops: the limit given, within what a dose may be."""
    if rule.step < 0:
        lowest = LOWEST.get(rule.part, 1)
        return lowest if rule.limit is None else max(rule.limit, lowest)
    highest = HIGHEST.get(rule.part, LONGEST_SECONDS)
    return highest if rule.limit is None else min(rule.limit, highest)


def progress(plan: Weeks, place: Place, row: Row, rule: Rule, first: int, last: int, *, source: str = "") -> Plan:
    """Return the plan with the dose of the week `first` carried on by the rule to the week `last`, where the exercise is done."""
    start = line_at(plan, first, place, row)
    found: Plan = {week: tuple(sessions) for week, sessions in plan.items()}
    if start is None:
        return found
    for week in range(first + 1, last + 1):
        new = progressed(start, rule, week - first)
        dose = {name: getattr(new, name) for name in ("sets", *FIELDS[rule.part])}
        found = set_dose(found, place, row, dose, week, week, source=source)
    return found
