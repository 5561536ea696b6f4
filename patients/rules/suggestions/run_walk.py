"""Suggestions for run-walk programs: a stage up, again or back, and gaps; all of it is a default, ASTEROID's own rule was not published."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import takewhile

from patients.rules.suggestions.facts import Facts, Plain, Rule, SessionDone, Suggestion, is_red, make
from patients.rules.suggestions.moves import Move, Op
from patients.rules.suggestions.strength import SESSIONS_IN_ROW, is_gap
from patients.rules.triage import Bands
from programs.rules.diff import Line, Weeks

GOOD_EFFORT, STAGE_DAYS = 6, 7
"""Run-walk: the highest effort of a good session, and the fewest days at a stage (default)."""
Ladder = Sequence[tuple[int, Line]]


def ladder(weeks: Weeks) -> Ladder:
    """Return the stages of a run-walk plan in order, each with the first week that has it."""
    found: list[tuple[int, Line]] = []
    for week in sorted(weeks):
        line = next((line for session in weeks[week] for line in session.lines if line.run_seconds), None)
        if line is not None and not any(_same_stage(line, known) for _week, known in found):
            found.append((week, line))
    return found


def _same_stage(one: Line, other: Line) -> bool:
    return (one.sets, one.run_seconds, one.walk_seconds) == (other.sets, other.run_seconds, other.walk_seconds)


def place_on(steps: Ladder, day: SessionDone) -> int | None:
    """Return which stage a session was done at, from 0; None when the plan does not have it."""
    return next((n for n, (_week, line) in enumerate(steps) if day.exercises and _same_stage(line, day.exercises[0].target)), None)


def is_good(day: SessionDone, bands: Bands) -> bool:
    """Tell whether a run-walk session was good: complete, back green or amber and not unsettled, legs green, effort up to 6 (default)."""
    return (
        bool(day.exercises)
        and all(one.sets >= one.target.sets for one in day.exercises)
        and not day.stopped
        and day.pain is not None
        and day.pain <= bands.amber_max
        and (day.leg_pain or 0) <= bands.green_max
        and (day.effort is None or day.effort <= GOOD_EFFORT)
        and day.settled is not False
    )


def run_walk(facts: Facts) -> list[Suggestion]:
    """Return what the rules suggest for a run-walk program: one step of its stages at most."""
    steps, last = ladder(facts.weeks), facts.done[-1]
    place = place_on(steps, last)
    if place is None:
        return []
    one = (
        _gap(facts, steps, place)
        if is_gap(facts)
        else (_back(facts, steps, place) or _again(facts, steps, place) or _up(facts, steps, place))
    )
    return [one] if one is not None and (facts.is_new(last) or one.rule in {Rule.GAP, Rule.GAP_LONG}) else []


def _stages(steps: Ladder, place: int, to: int) -> dict[str, int]:
    return {"stage": place + 1, "to_stage": to + 1, "stages": len(steps)}


def _from(steps: Ladder, place: int) -> Move:
    """Return the move to a stage, the ones after it following week by week."""
    return Move(Op.WEEKS, sources=tuple(week for week, _line in steps[place:]))


def _gap(facts: Facts, steps: Ladder, place: int) -> Suggestion | None:
    """Suggest the last stage again after 7-13 days without a session, one stage back after 14 or more."""
    found = is_gap(facts)
    if found is None:
        return None
    rule, days = found
    to = max(place - 1, 0) if rule == Rule.GAP_LONG else place
    told = {"days": days, "trained_week": facts.done[-1].week, "source_week": steps[to][0], **_stages(steps, place, to)}
    return make(facts, rule, "", facts.done[-1:], _from(steps, to), facts.coming[0].week, **told)


def _back(facts: Facts, steps: Ladder, place: int) -> Suggestion | None:
    """Suggest one stage back after red pain of back or legs, or new leg pain; the second time in a row the patient is called."""
    why = _why_back(facts)
    if not why:
        return None
    twice = len(facts.done) > 1 and _is_red_run(facts.done[-2], facts.bands)
    to = max(place - 1, 0)
    told: dict[str, Plain] = {"why": why, "twice": twice, "amber_max": facts.bands.amber_max, **_stages(steps, place, to)}
    return make(facts, Rule.STAGE_BACK, "", facts.done[-1:], _from(steps, to), facts.coming[0].week, **told)


def _here(facts: Facts, steps: Ladder, place: int) -> list[SessionDone]:
    """Return the sessions in a row, up to the last one, that were done at this stage."""
    return list(takewhile(lambda day: place_on(steps, day) == place, reversed(facts.done)))[::-1]


def _good(facts: Facts, here: Sequence[SessionDone]) -> list[SessionDone]:
    """Return the good sessions in a row at the end that nobody has decided upon."""
    return list(takewhile(lambda day: facts.is_new(day) and is_good(day, facts.bands), reversed(here)))[::-1]


def _again(facts: Facts, steps: Ladder, place: int) -> Suggestion | None:
    """Suggest the stage again when the plan goes up next and the last two sessions were not both good."""
    here, first = _here(facts, steps, place), facts.coming[0].week
    good, coming = _good(facts, here), _stage_at(steps, facts, first)
    if len(good) >= SESSIONS_IN_ROW or coming is None or coming <= place or not facts.is_new(facts.done[-1]):
        return None
    told = {"good": len(good), "amber_max": facts.bands.amber_max, **_stages(steps, place, place)}
    return make(facts, Rule.STAGE_REPEAT, "", here[-SESSIONS_IN_ROW:], _from(steps, place), first, **told)


def _up(facts: Facts, steps: Ladder, place: int) -> Suggestion | None:
    """Suggest the next stage after two good sessions in a row whose mornings are over, at most one stage a week."""
    here = _here(facts, steps, place)
    good = _good(facts, here)
    if len(good) < SESSIONS_IN_ROW or here[-1].on >= facts.today or place + 1 >= len(steps):
        return None
    due = next((one for one in facts.coming if one.on >= here[0].on + timedelta(days=STAGE_DAYS)), None)
    if due is None or (_stage_at(steps, facts, due.week) or 0) > place:
        return None
    return make(facts, Rule.STAGE_UP, "", good[-SESSIONS_IN_ROW:], _from(steps, place + 1), due.week, **_stages(steps, place, place + 1))


def _stage_at(steps: Ladder, facts: Facts, week: int) -> int | None:
    line = next((line for session in facts.weeks.get(week, ()) for line in session.lines if line.run_seconds), None)
    return next((n for n, (_week, known) in enumerate(steps) if line is not None and _same_stage(line, known)), None)


def _is_red_run(day: SessionDone, bands: Bands) -> bool:
    return is_red(day.pain, bands) or is_red(day.leg_pain, bands)


def _why_back(facts: Facts) -> str:
    """Return "pain" for a red back, "legs" for red or new pain of the legs in the last run; empty for neither."""
    last, before = facts.done[-1], facts.done[-2] if len(facts.done) > 1 else None
    if is_red(last.pain, facts.bands):
        return "pain"
    legs = last.leg_pain or 0
    is_new = legs > facts.bands.green_max and (before is None or (before.leg_pain or 0) <= facts.bands.green_max)
    return "legs" if is_new or is_red(last.leg_pain, facts.bands) else ""
