"""Suggestions for strength programs: two for two, hold, regress, and gaps.

Step size 2-10 % (ACSM 2009); two for two is a rule of practice; hold, regress and gap are defaults of the product and from no trial.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from patients.rules.suggestions.facts import Coming, ExerciseDone, Facts, Rule, SessionDone, Suggestion, is_red, make
from patients.rules.suggestions.moves import Move, Op, lower_load, next_load
from patients.rules.triage import Bands

EXTRA_REPS, SESSIONS_IN_ROW = 2, 2
"""Two repetitions more in two sessions in a row (two for two, rule of practice)."""
GAP_DAYS, LONG_GAP_DAYS = 7, 14
"""From so many days without a session the week is done again, or one phase back (default)."""


def strength(facts: Facts) -> Iterator[Suggestion]:
    """Yield what the rules suggest for a strength program: one for the whole plan, or at most one an exercise."""
    whole = _gap(facts) or _regress_plan(facts)
    if whole is not None:
        yield whole
        return
    hold = _hold_plan(facts)
    if hold is not None:
        yield hold
    keys = dict.fromkeys(line.key for session in facts.weeks.get(facts.coming[0].week, ()) for line in session.lines)
    calm = not _reasons_to_hold(facts.done[-1], facts.bands)
    for key in keys:
        seen = _seen(facts, key)
        if not seen:
            continue
        one = _regress_one(facts, key, seen)
        if one is None and hold is None:
            one = _hold_one(facts, key, seen) or (_more(facts, key, seen) if calm else None)
        if one is not None:
            yield one


Seen = Sequence[tuple[SessionDone, ExerciseDone]]


def _seen(facts: Facts, key: str) -> Seen:
    """Return the sessions in which the exercise was done and nobody has decided upon, in order."""
    return [(day, one) for day in facts.done if facts.is_new(day, key) for one in day.exercises if one.key == key and one.counts]


def _first_of(facts: Facts, key: str, settings: Iterable[str] = ()) -> Coming | None:
    """Return the first session to come in one of the places (none: any) that holds the exercise."""
    wanted = set(settings)
    for one in facts.coming:
        for session in facts.weeks.get(one.week, ()):
            fits = session.setting == one.setting and (not wanted or one.setting in wanted)
            if fits and any(line.key == key for line in session.lines):
                return one
    return None


def is_gap(facts: Facts) -> tuple[Rule, int] | None:
    """Return which rule a time without sessions falls under, and its days; None for less than 7 days (default)."""
    days = facts.gap_days
    if days < GAP_DAYS:
        return None
    return (Rule.GAP_LONG if days >= LONG_GAP_DAYS else Rule.GAP), days


def _gap(facts: Facts) -> Suggestion | None:
    """Suggest the last week again after 7-13 days without a session, one phase back after 14 or more (default)."""
    found = is_gap(facts)
    if found is None:
        return None
    rule, days = found
    last = facts.done[-1]
    begin = phase_before(facts.phases, last.week) if rule == Rule.GAP_LONG else last.week
    move = Move(Op.WEEKS, sources=tuple(range(begin, max(facts.weeks) + 1)))
    told = {"days": days, "trained_week": last.week, "source_week": begin}
    return make(facts, rule, "", [last], move, facts.coming[0].week, **told)


def phase_before(phases: Mapping[int, object], week: int) -> int:
    """Return the first week of the phase before the one of `week`; of the first phase its own; the week itself where none is named."""
    if not phases.get(week):
        return week
    starts = [one for one in sorted(phases) if phases[one] != phases.get(one - 1)]
    begun = [one for one in starts if one <= week]
    return begun[-2] if len(begun) > 1 else begun[-1]


def _regress_plan(facts: Facts) -> Suggestion | None:
    """Suggest one step back for all exercises: red pain nobody has tied to one, or two mornings in a row not settled (default)."""
    last = facts.done[-1]
    answered = [day for day in facts.done if day.settled is not None and facts.is_new(day)][-SESSIONS_IN_ROW:]
    tied = any(is_red(one.pain, facts.bands) for one in last.exercises)
    if facts.is_new(last) and is_red(last.pain, facts.bands) and not tied:
        days, why = [last], "pain"
    elif len(answered) == SESSIONS_IN_ROW and not any(day.settled for day in answered):
        days, why = answered, "unsettled"
    else:
        return None
    keys = {line.key for session in facts.weeks.get(facts.coming[0].week, ()) for line in session.lines}
    known = {key: load for key in sorted(keys) if (load := _last_load(facts, key)) is not None}
    lower = {key: new for key, load in known.items() if (new := lower_load(load, facts.steps.get(key))) is not None}
    move = Move(Op.LESS, loads=lower, old_loads={key: known[key] for key in lower})
    return make(facts, Rule.REGRESS, "", days, move, facts.coming[0].week, why=why, amber_max=facts.bands.amber_max)


def _regress_one(facts: Facts, key: str, seen: Seen) -> Suggestion | None:
    """Suggest one step back for an exercise with red pain (default)."""
    day, one = seen[-1]
    coming = _first_of(facts, key)
    if not is_red(one.pain, facts.bands) or coming is None:
        return None
    load = _last_load(facts, key)
    lower = lower_load(load, facts.steps.get(key)) if load is not None else None
    move = Move(Op.LESS, key=key, loads={key: lower} if lower else {}, old_loads={key: load} if lower and load else {})
    return make(facts, Rule.REGRESS, key, [day], move, coming.week, why="pain", amber_max=facts.bands.amber_max)


def _reasons_to_hold(day: SessionDone, bands: Bands) -> list[str]:
    """Return why the dose should not rise after a session as a whole: amber pain, effort 1 above the target, a bad morning, stopped."""
    target = max((one.target.effort_high for one in day.exercises if one.target.effort_high is not None), default=None)
    found = ["pain"] if day.pain is not None and day.pain > bands.green_max else []
    found += ["effort"] if day.effort is not None and target is not None and day.effort > target else []
    found += ["unsettled"] if day.settled is False else []
    return found + (["stopped"] if day.stopped else [])


def _hold_plan(facts: Facts) -> Suggestion | None:
    """Suggest this week's doses once more before the plan rises, after a session that says so and is tied to no exercise (default)."""
    last, first = facts.done[-1], facts.coming[0].week
    tied = any(one.pain is not None and one.pain > facts.bands.green_max for one in last.exercises)
    why = [one for one in _reasons_to_hold(last, facts.bands) if one != "pain" or not tied]
    if not why or first <= last.week or not facts.is_new(last):
        return None
    return make(facts, Rule.HOLD, "", [last], Move(Op.HOLD, week=last.week), first, why=",".join(why), green_max=facts.bands.green_max)


def _hold_one(facts: Facts, key: str, seen: Seen) -> Suggestion | None:
    """Suggest an exercise's dose of this week once more: its target was missed, or its pain was amber (default)."""
    day, one = seen[-1]
    coming = _first_of(facts, key)
    why = ["pain"] if one.pain is not None and one.pain > facts.bands.green_max else []
    why += ["missed"] if _has_missed(one) else []
    if not why or coming is None or coming.week <= day.week:
        return None
    move = Move(Op.HOLD, key=key, week=day.week)
    return make(facts, Rule.HOLD, key, [day], move, coming.week, why=",".join(why), green_max=facts.bands.green_max)


def _more(facts: Facts, key: str, seen: Seen) -> Suggestion | None:
    """Suggest the next load, or repetitions where no load can be set, after two for two in calm sessions whose mornings are over."""
    two = seen[-SESSIONS_IN_ROW:]
    if len(two) < SESSIONS_IN_ROW or two[-1][0].on >= facts.today:
        return None
    if not all(_is_beyond(one) and not _reasons_to_hold(day, facts.bands) and day.pain is not None for day, one in two):
        return None
    if any(one.pain is not None and one.pain > facts.bands.green_max for _day, one in two):
        return None
    settings = tuple(sorted({day.setting for day, _one in two}))
    coming = _first_of(facts, key, settings)
    if coming is None:
        return None
    days, step = [day for day, _one in two], facts.steps.get(key)
    loads = {one.load_kg for _day, one in two}
    load = loads.pop() if len(loads) == 1 else None
    if loads or (load is None and key in facts.loaded):
        return None  # different loads, or one that nobody has noted
    new = next_load(load, step) if load and step else None
    if load and new is not None:
        move = Move(Op.LOAD, key=key, settings=settings, old_kg=load, kg=new)
        return make(facts, Rule.RAISE_LOAD, key, days, move, coming.week, step_kg=step)
    return _add_reps(facts, key, two, settings, coming)


def _add_reps(facts: Facts, key: str, two: Seen, settings: tuple[str, ...], coming: Coming) -> Suggestion | None:
    lines = [line for one in facts.weeks.get(coming.week, ()) if one.setting in settings for line in one.lines if line.key == key]
    top = max((line.reps_high or 0 for line in lines), default=0)
    by = min([EXTRA_REPS, facts.most_reps.get(key, 0) - top, *((one.reps or 0) - top for _day, one in two)])
    if not top or by < 1:
        return None
    move = Move(Op.REPS, key=key, settings=settings, by=by)
    return make(facts, Rule.ADD_REPS, key, [day for day, _one in two], move, coming.week, most=facts.most_reps[key])


def _is_beyond(one: ExerciseDone) -> bool:
    target = one.target.reps_high or one.target.reps_low
    return one.sets >= one.target.sets and target is not None and one.reps is not None and one.reps >= target + EXTRA_REPS


def _has_missed(one: ExerciseDone) -> bool:
    low = one.target.reps_low or one.target.reps_high
    seconds = one.target.hold_seconds or one.target.duration_seconds
    return (
        one.sets < one.target.sets
        or (low is not None and one.reps is not None and one.reps < low)
        or (seconds is not None and one.seconds is not None and one.seconds < seconds)
    )


def _last_load(facts: Facts, key: str) -> float | None:
    loads = [one.load_kg for day in facts.done for one in day.exercises if one.key == key and one.load_kg]
    return loads[-1] if loads else None
