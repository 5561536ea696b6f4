"""Suggestions as tables of examples: two for two, hold, regress, gaps; the source stands beside each table."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from patients.rules.suggestions import suggest
from patients.rules.suggestions.facts import Coming, ExerciseDone, Facts, Rule, SessionDone, Suggestion
from patients.rules.suggestions.moves import Op, apply_move, doses, lighter, load_step, load_text, lower_load, next_load, restore_move
from patients.rules.suggestions.strength import phase_before
from patients.rules.triage import Bands
from programs.rules.diff import Line, Session

MONDAY = date(2026, 3, 2)
PRESS = Line("press", {"en": "Leg press"}, sets=3, reps_low=10, reps_high=12, effort_low=6, effort_high=7, load={"en": "by effort"})
SQUAT = Line("squat", {"en": "Squat"}, sets=3, reps_low=8, reps_high=8, effort_low=6, effort_high=7)
SIT = Line("sit", {"en": "Wall sit"}, sets=3, hold_seconds=30)


def week_of(number: int) -> tuple[Session, ...]:
    """Return a week in the clinic and at home that asks for a little more every second week."""
    more = (number - 1) // 2
    clinic = (replace(PRESS, effort_high=7 + more), replace(SIT, hold_seconds=30 + 5 * more))
    return (
        Session("supervised", clinic, times_a_week=2, source=f"c{number}"),
        Session("home", (replace(SQUAT, reps_low=8 + more, reps_high=8 + more),), times_a_week=2, source=f"h{number}"),
    )


WEEKS = {number: week_of(number) for number in range(1, 7)}
PHASES: dict[int, object] = {1: "a", 2: "a", 3: "b", 4: "b", 5: "c", 6: "c"}


def press(**done: Any) -> ExerciseDone:
    """Return the leg press as it was done: 3 × 12 with 60 kg unless said otherwise."""
    return ExerciseDone(**{"target": PRESS, "sets": 3, "reps": 12, "load_kg": 60.0, **done})


def squat(**done: Any) -> ExerciseDone:
    """Return the squat as it was done."""
    return ExerciseDone(**{"target": SQUAT, "sets": 3, "reps": 8, **done})


def day(offset: int, *exercises: ExerciseDone, **answers: Any) -> SessionDone:
    """Return a session `offset` days after the first Monday, calm unless said otherwise."""
    setting = "home" if exercises and exercises[0].key == "squat" else "supervised"
    usual = {"week": offset // 7 + 1, "setting": setting, "pain": 1, "effort": 6, "settled": True}
    return SessionDone(on=MONDAY + timedelta(days=offset), exercises=exercises or (press(),), **{**usual, **answers})


def facts(*done: SessionDone, today: int = 8, coming: int = 9, **more: Any) -> Facts:
    """Return what is known on the day `today`; the next sessions, one in the clinic and one at home, are from the day `coming` on."""
    week = coming // 7 + 1
    rest = [Coming(MONDAY + timedelta(days=coming + n), week + n // 7, ("supervised", "home")[n % 2]) for n in range(14)]
    usual: dict[str, Any] = {"steps": {"press": 2.5}, "loaded": frozenset({"press"}), "most_reps": {"press": 15, "squat": 12}}
    usual |= {"today": MONDAY + timedelta(days=today), "kind": "strength", "weeks": WEEKS, "phases": PHASES}
    return Facts(**{**usual, "done": done, "coming": [one for one in rest if one.week in WEEKS], **more})


def told(found: list[Suggestion]) -> list[tuple[str, str]]:
    """Return the rules with their exercises."""
    return [(one.rule.value, one.exercise) for one in found]


BEYOND = press(reps=14)
TWO = (day(3, BEYOND), day(7, BEYOND))


@pytest.mark.parametrize(
    ("load", "step", "expected"),
    [
        # ACSM 2009: 2-10 % more
        (60, 2.5, 62.5),
        (61, 2.5, 62.5),
        (100, 2.5, 102.5),
        (125, 2.5, 127.5),
        (130, 2.5, 135.0),  # 132.5 would be less than 2 %
        (25, 2.5, 27.5),  # just 10 %
        (24.9, 2.5, None),  # 25 would be less than 2 %, 27.5 more than 10 %
        (20, 2.5, None),  # 22.5 would be 12.5 %
        (10, 1, 11),
        (8, 1, None),
        (0.5, 0.5, None),
    ],
)
def test_the_next_load_lies_2_to_10_percent_above_and_can_be_set(load: float, step: float, expected: float | None) -> None:
    assert next_load(load, step) == expected


@pytest.mark.parametrize(
    ("load", "step", "expected"),
    [(60, 2.5, 47.5), (50, 2.5, 40), (10, 1, 8), (5, 1, 4), (1, 1, None), (2.5, 2.5, None), (20, None, 16)],
)
def test_a_step_back_is_about_20_percent_and_can_be_set(load: float, step: float | None, expected: float | None) -> None:
    assert lower_load(load, step) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # about -20 % (default): repetitions, else time, else a set
        (Line("a", sets=3, reps_low=10, reps_high=12), {"reps_low": 8, "reps_high": 10}),
        (Line("a", sets=3, reps_high=8), {"reps_high": 6}),
        (Line("a", sets=3, reps_high=2), {"reps_high": 1}),
        (Line("a", sets=3, hold_seconds=45), {"hold_seconds": 35}),
        (Line("a", sets=3, hold_seconds=20), {"hold_seconds": 15}),
        (Line("a", sets=3, reps_high=6, hold_seconds=5), {"reps_high": 5}),
        (Line("a", sets=1, duration_seconds=600), {"duration_seconds": 480}),
        (Line("a", sets=3), {"sets": 2}),
        (Line("a", sets=1), {}),
    ],
)
def test_a_lighter_dose_takes_one_thing_away(line: Line, expected: dict[str, int]) -> None:
    assert lighter(line) == replace(line, **expected)  # type: ignore[arg-type]


def test_a_lower_load_takes_the_place_of_fewer_repetitions() -> None:
    assert lighter(PRESS, 47.5) == replace(PRESS, load={"en": "47.5 kg", "de": "47,5 kg"})
    assert load_text(60.0) == {"en": "60 kg", "de": "60 kg"}


def test_the_finest_step_of_the_equipment_counts() -> None:
    assert load_step(["mat", "leg_press_machine", "dumbbells"]) == 1.0
    assert load_step(["mat"]) is None


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        # two for two (rule of practice), at green pain (default)
        (TWO, [("raise_load", "press")]),
        ((day(3, BEYOND), day(7, press(reps=13))), []),
        ((day(7, BEYOND),), []),
        ((day(0, BEYOND), day(3), day(7, BEYOND)), []),
        ((day(3, BEYOND), day(7, press(reps=14, sets=2))), []),
        ((day(3, BEYOND), day(7, press(reps=14, load_kg=62.5))), []),
        ((day(3, BEYOND), day(7, press(reps=14, load_kg=None))), []),
        ((day(3, press(reps=14, load_kg=None)), day(7, press(reps=14, load_kg=None))), []),
        ((day(3, BEYOND), day(7, BEYOND, pain=3)), []),
        ((day(3, BEYOND, pain=3), day(7, BEYOND)), []),
        ((day(3, BEYOND), day(7, BEYOND, pain=None)), []),
        ((day(3, BEYOND), day(7, press(reps=14, pain=3))), []),
        ((day(3, BEYOND), day(7, BEYOND, effort=8)), []),
        ((day(3, BEYOND), day(7, BEYOND, effort=None)), [("raise_load", "press")]),
        ((day(3, BEYOND), day(7, BEYOND, settled=False)), []),
        ((day(3, BEYOND, settled=None), day(7, BEYOND, settled=None)), [("raise_load", "press")]),
        ((day(3, BEYOND), day(5, press(sets=0, reps=None, load_kg=None, skipped="time")), day(7, BEYOND)), [("raise_load", "press")]),
        ((day(3, BEYOND), day(5, press(sets=0, reps=None, load_kg=None, skipped="pain")), day(7, BEYOND)), []),
    ],
)
def test_two_for_two(done: tuple[SessionDone, ...], expected: list[tuple[str, str]]) -> None:
    assert [one for one in told(suggest(facts(*done))) if one[0] in {"raise_load", "add_reps"}] == expected


def test_the_next_load_is_told_with_the_old_one_and_what_was_seen() -> None:
    (one,) = suggest(facts(*TWO))
    assert (one.move.op, one.move.old_kg, one.move.kg, one.move.settings) == (Op.LOAD, 60.0, 62.5, ("supervised",))
    assert [(seen["on"], seen["reps"], seen["of_reps"], seen["load_kg"]) for seen in one.evidence["sessions"]] == [  # type: ignore[union-attr,index]
        ("2026-03-05", 14, 12, 60.0),
        ("2026-03-09", 14, 12, 60.0),
    ]
    (change,) = doses(one.move, WEEKS, one.first_week)
    assert (change[0], change[2].load) == ("supervised", {"en": "62.5 kg", "de": "62,5 kg"})
    assert restore_move(one.move.stored()) == one.move


def test_nothing_rises_before_the_next_morning() -> None:
    assert suggest(facts(*TWO, today=7)) == []


@pytest.mark.parametrize(
    ("done", "steps", "expected"),
    [
        # no load that lies 2-10 % higher: repetitions, within the usual range (default)
        ((day(2, squat(reps=10)), day(6, squat(reps=10))), {}, [("add_reps", "squat", 2)]),
        ((day(2, squat(reps=11)), day(6, squat(reps=14))), {}, [("add_reps", "squat", 2)]),
        ((day(2, press(reps=14, load_kg=20.0)), day(6, press(reps=14, load_kg=20.0))), {"press": 2.5}, [("add_reps", "press", 2)]),
        ((day(2, press(reps=14, load_kg=20.0)), day(6, press(reps=14, load_kg=20.0))), {"press": 1.0}, [("raise_load", "press", 0)]),
    ],
)
def test_repetitions_where_no_load_can_be_set(
    done: tuple[SessionDone, ...], steps: dict[str, float], expected: list[tuple[str, str, int]]
) -> None:
    found = suggest(facts(*done, today=7, coming=7, steps=steps))
    assert [(one.rule.value, one.exercise, one.move.by) for one in found] == expected


def test_repetitions_end_with_the_usual_range_and_where_the_plan_asks_for_as_many_itself() -> None:
    done = (day(2, squat(reps=10)), day(6, squat(reps=10)))
    (one,) = suggest(facts(*done, today=7, coming=7, most_reps={"squat": 9}))
    assert one.move.by == 1
    assert suggest(facts(*done, today=7, coming=7, most_reps={"squat": 8})) == []
    weeks = {n: (Session("home", (replace(SQUAT, reps_low=10, reps_high=10),)),) for n in WEEKS}
    assert suggest(facts(*done, today=7, coming=7, weeks=weeks)) == []


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        # hold: target missed, effort 1+ above the target, amber pain (default); the plan rises from week 2 to 3
        ({}, []),
        ({"pain": 3}, [("hold", "")]),
        ({"pain": 5}, [("hold", "")]),
        ({"effort": 8}, [("hold", "")]),
        ({"effort": 7}, []),
        ({"settled": False}, [("hold", "")]),
        ({"stopped": True}, [("hold", "")]),
    ],
)
def test_hold_before_the_plan_rises(last: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert told(suggest(facts(day(10), day(13, **last), today=13, coming=14))) == expected


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        (press(reps=9), [("hold", "press")]),
        (press(sets=2), [("hold", "press")]),
        (press(pain=3), [("hold", "press")]),
        (press(sets=0, reps=None, skipped="pain"), [("hold", "press")]),
        (press(sets=0, reps=None, skipped="time"), []),
        (press(sets=0, reps=None), []),
        (press(reps=10), []),
    ],
)
def test_hold_of_one_exercise(done: ExerciseDone, expected: list[tuple[str, str]]) -> None:
    assert told(suggest(facts(day(10), day(13, done, pain=3 if done.pain else 1), today=13, coming=14))) == expected


def test_a_hold_keeps_the_week_s_doses_for_the_weeks_chosen() -> None:
    (one,) = suggest(facts(day(13, pain=4), today=13, coming=14))
    assert (one.move.op, one.move.week, one.first_week) == (Op.HOLD, 2, 3)
    after = apply_move(one.move, WEEKS, 3, 3)
    assert [line.dose() for session in after[3] for line in session.lines] == [line.dose() for s in WEEKS[2] for line in s.lines]
    assert after[4] == WEEKS[4]


def test_nothing_is_held_back_while_the_dose_stays_anyway() -> None:
    assert suggest(facts(day(3, pain=4), today=4, coming=5)) == []
    assert suggest(facts(day(6, pain=4), today=6, coming=7)) == []  # weeks 1 and 2 are the same


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        # regress: red pain, or not settled next morning twice (default; 5 as ceiling and next morning: Silbernagel 2007)
        ((day(3), day(7, pain=6)), [("regress", "")]),
        ((day(3), day(7, pain=5)), []),
        ((day(3, pain=8), day(7)), []),
        ((day(3, settled=False), day(7, settled=False)), [("regress", "")]),
        ((day(3, settled=False), day(5, settled=None), day(7, settled=False)), [("regress", "")]),
        ((day(3, settled=False), day(5), day(7, settled=False)), []),
        ((day(3), day(7, press(pain=7), pain=7)), [("regress", "press")]),
        ((day(3), day(7, press(pain=3), pain=7)), [("regress", "")]),
    ],
)
def test_regress(done: tuple[SessionDone, ...], expected: list[tuple[str, str]]) -> None:
    assert told(suggest(facts(*done))) == expected


def test_a_step_back_takes_the_last_loads_down_and_the_rest_by_repetitions_or_time() -> None:
    (one,) = suggest(facts(day(3), day(7, pain=7)))
    assert (dict(one.move.old_loads), dict(one.move.loads)) == ({"press": 60.0}, {"press": 47.5})
    new = {line.key: line for _setting, _old, line in doses(one.move, WEEKS, 2)}
    assert new["press"].load["en"] == "47.5 kg"
    assert (new["sit"].hold_seconds, new["squat"].reps_high) == (25, 6)


def test_bands_of_the_clinic_count() -> None:
    assert told(suggest(facts(day(3), day(7, pain=5), bands=Bands(2, 4)))) == [("regress", "")]
    assert told(suggest(facts(day(3, BEYOND, pain=3), day(7, BEYOND, pain=3), bands=Bands(3, 5)))) == [("raise_load", "press")]


@pytest.mark.parametrize(
    ("days", "rule", "sources"),
    [
        # gap: 7-13 days repeat the week, 14+ one phase back with the therapist (default); trained last in week 3
        (6, None, ()),
        (7, Rule.GAP, (3, 4, 5, 6)),
        (13, Rule.GAP, (3, 4, 5, 6)),
        (14, Rule.GAP_LONG, (1, 2, 3, 4, 5, 6)),
        (40, Rule.GAP_LONG, (1, 2, 3, 4, 5, 6)),
    ],
)
def test_gaps(days: int, rule: Rule | None, sources: tuple[int, ...]) -> None:
    found = suggest(facts(day(14), today=14 + days, coming=28))
    assert [(one.rule, one.move.sources) for one in found] == ([(rule, sources)] if rule else [])


def test_after_a_gap_the_weeks_follow_one_after_the_other_and_sessions_stay_as_many() -> None:
    (one,) = suggest(facts(day(14), today=24, coming=28))
    after = apply_move(one.move, WEEKS, one.first_week, 6)
    assert [after[n][0].source for n in (4, 5, 6)] == ["c4", "c3", "c4"]
    assert one.first_week == 5


def test_nothing_is_repeated_that_comes_next_anyway() -> None:
    assert suggest(facts(day(14), today=22, coming=20)) == []


@pytest.mark.parametrize(("week", "expected"), [(1, 1), (2, 1), (3, 1), (4, 1), (5, 3), (6, 3)])
def test_the_phase_before(week: int, expected: int) -> None:
    assert phase_before(PHASES, week) == expected


def test_without_named_phases_only_the_week_is_repeated() -> None:
    assert phase_before({n: {} for n in range(1, 7)}, 4) == 4


def test_the_most_careful_rule_speaks_first_and_alone_for_the_whole_plan() -> None:
    assert told(suggest(facts(day(10, BEYOND), day(13, BEYOND, pain=8), today=21, coming=21))) == [("gap", "")]
    assert told(suggest(facts(day(3, BEYOND), day(7, BEYOND, pain=8)))) == [("regress", "")]
    both = suggest(facts(day(10), day(13, press(pain=7), pain=7, effort=9), today=13, coming=14))
    assert told(both) == [("hold", ""), ("regress", "press")]


def test_evidence_that_was_decided_upon_counts_no_more_and_new_evidence_does() -> None:
    decided = {"press": MONDAY + timedelta(days=7)}
    assert suggest(facts(*TWO, decided=decided)) == []
    assert suggest(facts(*TWO, day(10, BEYOND), today=11, coming=12, decided=decided)) == []
    (one,) = suggest(facts(*TWO, day(8, BEYOND), day(10, BEYOND), today=11, coming=12, decided=decided))
    assert one.evidence_key == "raise_load:press:2026-03-10s:2026-03-12s"
    assert suggest(facts(*TWO, decided={"squat": MONDAY + timedelta(days=7)})) != []
    assert suggest(facts(*TWO, decided={"": MONDAY + timedelta(days=7)})) == []


def test_the_key_stays_the_same_from_day_to_day() -> None:
    first, second = (suggest(facts(*TWO, today=today))[0] for today in (8, 9))
    assert first.evidence_key == second.evidence_key


@pytest.mark.parametrize("kind", ["walk", "flare_up"])
def test_other_kinds_of_programs_have_no_rules(kind: str) -> None:
    assert suggest(facts(*TWO, kind=kind)) == []


def test_without_a_session_done_or_one_to_come_there_is_nothing() -> None:
    assert suggest(facts()) == []
    assert suggest(facts(*TWO, coming=60)) == []
