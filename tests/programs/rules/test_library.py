"""The library content: complete in both languages, honest about its sources, and consistent in its doses."""

import copy
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from programs.rules.library import (
    check_dose,
    content_hash,
    default_dose,
    estimate_minutes,
    estimate_seconds,
    text,
    texts,
    validate_exercise,
    validate_program,
)

Data = dict[str, Any]
Many = dict[str, Data]
Read = Callable[[str], Any]

STRENGTH = ("leg", "lumbar_extensor", "stabiliser")


def sessions(program: Data, setting: str) -> int:
    return sum(
        plan["times_a_week"] * (plan["weeks"]["to"] - plan["weeks"]["from"] + 1)
        for plan in program["weeks_plan"]
        if plan["setting"] == setting
    )


def test_the_library_holds_36_exercises(exercises: Many) -> None:
    assert len(exercises) == 36


def test_every_exercise_is_complete_in_both_languages(exercises: Many) -> None:
    assert {key: found for key, e in exercises.items() if (found := validate_exercise(e))} == {}


def test_every_exercise_has_three_steps(exercises: Many) -> None:
    assert {key for key, e in exercises.items() if len(e["steps"]["en"]) != 3} == set()


def test_every_exercise_names_known_equipment_and_a_known_group(exercises: Many, read_library: Read) -> None:
    equipment, groups = read_library("equipment.yaml"), read_library("groups.yaml")
    for exercise in exercises.values():
        assert exercise["group"] in groups
        assert {*exercise["equipment"], *exercise.get("equipment_optional", [])} <= equipment.keys()
    assert all(one["name"].keys() == {"en", "de"} for one in equipment.values())
    assert all(one.keys() == {"en", "de"} for one in groups.values())


def test_every_equipment_is_used(exercises: Many, read_library: Read) -> None:
    used = {key for e in exercises.values() for key in (*e["equipment"], *e.get("equipment_optional", []))}
    assert used == read_library("equipment.yaml").keys()


def test_every_article_named_is_listed_with_its_title(exercises: Many, programs: Many, read_library: Read) -> None:
    seeds = read_library("sources.yaml")["seeds"]
    named = {mark["seed"] for e in exercises.values() for mark in e["provenance"] if mark["mark"] == "seed"}
    items = [item for p in programs.values() for plan in p["weeks_plan"] for item in plan["items"]]
    named |= {item["exercise_provenance"].removeprefix("seed:") for item in items if item["exercise_provenance"].startswith("seed:")}
    assert named <= seeds.keys()
    assert all(one["title"] for one in seeds.values())


def test_every_program_is_complete_and_names_known_exercises(exercises: Many, programs: Many) -> None:
    assert {key: found for key, p in programs.items() if (found := validate_program(p, exercises))} == {}


def test_the_programs_are_the_six_of_the_product(programs: Many) -> None:
    assert {p["key"]: p["code"] for p in programs.values()} == {
        "leg": "LL", "lumbar_extensor": "LE", "stabiliser": "LS", "run_walk": "RW", "walking_with_pauses": "WP", "flare_up": "FU",
    }  # fmt: skip


@pytest.mark.parametrize("key", STRENGTH)
def test_a_strength_program_has_16_supervised_and_24_home_sessions_in_8_weeks(programs: Many, key: str) -> None:
    program = programs[key]
    assert program["weeks"] == 8
    assert (sessions(program, "supervised"), sessions(program, "home")) == (16, 24)
    assert [one["week"] for one in program["assessments"]] == [0, 4, 8, 21, 34]


def test_the_run_walk_program_has_36_sessions_of_30_minutes(programs: Many) -> None:
    program = programs["run_walk"]
    assert sessions(program, "home") == 36
    assert [one["week"] for one in program["assessments"]] == [0, 6, 12]
    assert {plan["minutes"] for plan in program["weeks_plan"]} == {30}


def test_run_walk_rounds_fill_the_session_and_leave_less_than_a_round(programs: Many) -> None:
    running = 0
    for stage, plan in enumerate(programs["run_walk"]["weeks_plan"], 1):
        (item,) = plan["items"]
        round_seconds = item["run_seconds"] + item["walk_seconds"]
        assert item["stage"] == stage
        assert 0 <= item["duration_seconds"] - item["sets"] * round_seconds < round_seconds
        assert item["sets"] * item["run_seconds"] >= running
        running = item["sets"] * item["run_seconds"]


def test_no_two_exercises_of_a_strength_session_are_the_same(programs: Many) -> None:
    for key in STRENGTH:
        for plan in programs[key]["weeks_plan"]:
            assert max(Counter(item["exercise"] for item in plan["items"]).values()) == 1
            assert 3 <= len(plan["items"]) <= 5


def test_every_dose_lies_in_the_range_of_its_exercise(exercises: Many, programs: Many) -> None:
    outside = {}
    for program in programs.values():
        for plan in program["weeks_plan"]:
            for key in {item["exercise"] for item in plan["items"]}:
                found = check_dose([item for item in plan["items"] if item["exercise"] == key], exercises[key])
                if found:
                    outside[program["key"], plan["weeks"]["from"], plan["setting"], key] = found
    assert outside == {}


def test_minutes_are_what_the_doses_take(programs: Many) -> None:
    for program in programs.values():
        for plan in program["weeks_plan"]:
            assert plan["minutes"] == estimate_minutes(plan), (program["key"], plan["weeks"], plan["setting"])


def test_sides_are_prescribed_as_the_exercise_is_done(exercises: Many, programs: Many) -> None:
    for program in programs.values():
        for plan in program["weeks_plan"]:
            for item in plan["items"]:
                assert bool(item.get("per_side")) == bool(exercises[item["exercise"]]["dose_range"].get("per_side")), item["exercise"]


def test_a_picture_variant_named_in_a_plan_exists(exercises: Many, programs: Many) -> None:
    items = [item for p in programs.values() for plan in p["weeks_plan"] for item in plan["items"] if "pose_variant" in item]
    assert items
    assert all(item["pose_variant"] in exercises[item["exercise"]]["pose_variants"] for item in items)


def test_every_published_dose_is_called_ours_except_the_reported_ones(programs: Many) -> None:
    trial = [
        (p["key"], item.get("stage")) for p in programs.values() for plan in p["weeks_plan"] for item in plan["items"]
        if item["dose_provenance"] == "trial"
    ]  # fmt: skip
    assert trial == [("run_walk", 1)]


def test_an_exercise_is_called_the_trials_only_if_the_library_says_so(exercises: Many, programs: Many) -> None:
    for program in programs.values():
        for plan in program["weeks_plan"]:
            for item in plan["items"]:
                marks = {m["mark"] if m["mark"] != "seed" else f"seed:{m['seed']}" for m in exercises[item["exercise"]]["provenance"]}
                assert item["exercise_provenance"] in marks | {"default"}


def test_pain_is_said_to_fall_alike_in_all_three_arms(programs: Many) -> None:
    slopes = [programs[key]["evidence"]["slopes"] for key in STRENGTH]
    assert {one["nprs_per_assessment"] for one in slopes} == {-0.746}
    assert [one["psfs_per_assessment"] for one in slopes] == [0.949, 0.751, 0.686]
    for key in STRENGTH:
        assert "alike in all three groups" in programs[key]["evidence"]["showed"]["en"]
        assert "no group without training" in programs[key]["evidence"]["not_shown"]["en"]


def test_the_run_walk_checklist_asks_for_people_who_run_already(programs: Many) -> None:
    keys = [line["key"] for line in programs["run_walk"]["entry_checklist"]]
    assert "not_a_regular_runner" in keys
    assert "no_leg_injury" in keys


def test_the_flare_up_plan_covers_seven_days_counted_from_its_start(programs: Many) -> None:
    days = sorted(day for plan in programs["flare_up"]["weeks_plan"] for day in plan["days"])
    assert days == [1, 2, 3, 4, 5, 6, 7]


def test_german_and_english_are_not_the_same_text(exercises: Many) -> None:
    for exercise in exercises.values():
        assert exercise["cue"]["en"] != exercise["cue"]["de"]
        assert exercise["steps"]["en"] != exercise["steps"]["de"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"name": {"en": "Squat"}}, "name: missing in de"),
        ({"cue": "Squat"}, "cue: needs a text per language"),
        ({"steps": {"en": ["a", "b"], "de": ["a"]}}, "steps: languages differ in length"),
        ({"measure": "weight"}, "measure: 'weight' is none of reps, hold, duration"),
        ({"dose_range": {"sets": [3, 2], "reps": [8, 12]}}, "dose_range.sets: [3, 2] is not lowest and highest"),
        ({"dose_range": {"sets": [1, 2]}}, "dose_range: needs reps"),
        ({"provenance": [{"mark": "seed"}]}, "provenance: provenance 'seed:None' is none of trial, default, seed:NNN"),
        ({"provenance": []}, "provenance: empty"),
        ({"dose_provenance": "study"}, "dose_provenance: provenance 'study' is none of trial, default, seed:NNN"),
        ({"key": "Squat 1"}, "key: 'Squat 1' is not a key of small letters, digits and underscores"),
        ({"colour": "red"}, "unknown colour"),
    ],
)
def test_an_incomplete_exercise_is_named(exercises: Many, change: Data, complaint: str) -> None:
    assert complaint in validate_exercise({**exercises["squat"], **change})


def test_a_missing_field_is_named(exercises: Many) -> None:
    assert validate_exercise({k: v for k, v in exercises["squat"].items() if k != "cue"}) == ["missing cue"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"exercise": "jump"}, "weeks {'from': 1, 'to': 1} supervised jump: unknown exercise"),
        ({"reps_low": 9, "reps_high": 8}, "weeks {'from': 1, 'to': 1} supervised leg_press: repetitions are not lowest and highest"),
        ({"effort_high": 11}, "weeks {'from': 1, 'to': 1} supervised leg_press: effort is not between 0 and 10"),
        ({"tempo": "slow"}, "weeks {'from': 1, 'to': 1} supervised leg_press: tempo is not lift-hold-lower in seconds"),
        ({"load": {"en": "light"}}, "weeks {'from': 1, 'to': 1} supervised leg_press load: missing in de"),
        ({"speed": 1}, "weeks {'from': 1, 'to': 1} supervised leg_press: unknown speed"),
    ],
)
def test_a_broken_prescription_is_named(exercises: Many, programs: Many, change: Data, complaint: str) -> None:
    program = copy.deepcopy(programs["leg"])
    program["weeks_plan"][0]["items"][0].update(change)
    assert complaint in validate_program(program, exercises)


def test_a_missing_week_is_named(exercises: Many, programs: Many) -> None:
    program = {**programs["leg"], "weeks_plan": programs["leg"]["weeks_plan"][2:]}
    assert validate_program(program, exercises) == [
        "week 1: 0 supervised sessions instead of 2",
        "week 1: 0 home sessions instead of 3",
    ]


def test_rounds_longer_than_the_session_are_named(exercises: Many, programs: Many) -> None:
    program = copy.deepcopy(programs["run_walk"])
    program["weeks_plan"][0]["items"][0]["sets"] = 14
    assert validate_program(program, exercises) == ["weeks {'from': 1, 'to': 1} home run_walk_interval: rounds are longer than the session"]


@pytest.mark.parametrize(
    ("items", "complaints"),
    [
        ([{"sets": 2, "reps_low": 10, "reps_high": 12}], []),
        ([{"sets": 2, "hold_seconds": 30}], []),
        ([{"sets": 5, "reps_low": 10, "reps_high": 12}], ["sets 5 lies outside 2 to 3"]),
        ([{"sets": 2, "reps_low": 10, "reps_high": 30}], ["reps 30 lies outside 8 to 20"]),
    ],
)
def test_a_dose_may_use_the_alternative_of_a_range(items: list[Data], complaints: list[str]) -> None:
    exercise = {"dose_range": {"sets": [2, 3], "reps": [8, 20], "alternatives": [{"sets": [2, 3], "hold_seconds": [20, 40]}]}}
    assert check_dose(items, exercise) == complaints


@pytest.mark.parametrize(
    ("item", "seconds"),
    [
        ({"sets": 3, "reps_low": 8, "reps_high": 10, "tempo": "2-1-3", "rest_seconds": 60}, 3 * (60 + 60)),
        ({"sets": 2, "reps_low": 8, "reps_high": 8}, 2 * 32),
        ({"sets": 2, "hold_seconds": 20, "per_side": True, "rest_seconds": 60}, 2 * (44 + 60)),
        ({"sets": 2, "reps_low": 6, "reps_high": 6, "hold_seconds": 3}, 2 * 30),
        ({"sets": 2, "duration_seconds": 600}, 1200),
        ({"sets": 13, "run_seconds": 15, "walk_seconds": 120, "duration_seconds": 1800}, 1800),
        ({"sets": 10, "run_seconds": 60, "walk_seconds": 120}, 1800),
    ],
)
def test_the_length_of_a_line_follows_its_dose(item: Data, seconds: int) -> None:
    assert estimate_seconds(item) == seconds


def test_every_default_dose_lies_in_its_own_range(exercises: Many) -> None:
    for exercise in exercises.values():
        assert check_dose([default_dose(exercise)], exercise) == []


def test_the_hash_ignores_the_order_of_keys_but_no_content(programs: Many) -> None:
    assert content_hash({"a": 1, "b": ["ü"]}) == content_hash({"b": ["ü"], "a": 1})
    assert content_hash({"a": 1}) != content_hash({"a": 2})
    assert len({content_hash(p) for p in programs.values()}) == len(programs)


@pytest.mark.parametrize(
    ("data", "lang", "expected"),
    [
        ({"en": "Wall", "de": "Wand"}, "de", "Wand"),
        ({"en": "Wall", "de": "Wand"}, "de-AT", "Wand"),
        ({"en": "Wall", "de": "Wand"}, "fr", "Wall"),
        ({"en": "Wall", "de": ""}, "de", "Wall"),
        ("Wall", "de", "Wall"),
        (None, "de", ""),
    ],
)
def test_a_text_falls_back_to_english(data: Any, lang: str, expected: str) -> None:
    assert text(data, lang) == expected


def test_a_list_of_texts_falls_back_to_english() -> None:
    assert texts({"en": ["a"], "de": ["b"]}, "de") == ["b"]
    assert texts({"en": ["a"]}, "de") == ["a"]
    assert texts(None, "de") == []


def test_every_key_of_the_library_is_text_for_every_yaml_reader(exercises: Many, programs: Many) -> None:
    def keys(data: Any) -> list[Any]:
        if isinstance(data, dict):
            return [*data, *(key for value in data.values() for key in keys(value))]
        return [key for value in data for key in keys(value)] if isinstance(data, list) else []

    assert {key for key in keys([*exercises.values(), *programs.values()]) if not isinstance(key, str)} == set()
