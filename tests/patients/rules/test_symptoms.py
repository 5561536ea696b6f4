"""Which signs are asked for, and what an answer demands."""

import pytest

from patients.rules.symptoms import (
    GROUPS,
    RULES_VERSION,
    SIGNS,
    Action,
    Context,
    Level,
    assess,
    find_sign,
    is_worse,
    signs_for,
)

KEYS = [sign.key for sign in SIGNS]


def test_every_sign_has_one_key_and_a_source() -> None:
    assert len(KEYS) == len(set(KEYS))
    assert all(sign.source for sign in SIGNS)
    assert Level.NONE not in {sign.level for sign in SIGNS}


def test_the_emergency_list_is_the_one_of_the_guidelines() -> None:
    assert [sign.key for sign in SIGNS if sign.level == Level.EMERGENCY] == [
        "bladder_bowel",
        "saddle_numbness",
        "leg_weakness",
        "pain_both_legs",
        "sexual_dysfunction",
        "chest_pain",
        "fainting",
        "breathlessness",
        "palpitations",
    ]


@pytest.mark.parametrize("context", list(Context))
def test_every_list_asks_for_all_emergencies_and_starts_with_them(context: Context) -> None:
    levels = [sign.level for sign in signs_for(context)]
    assert levels.count(Level.EMERGENCY) == 9
    assert not [1 for before, after in zip(levels, levels[1:], strict=False) if is_worse(after, than=before)]


def test_history_is_asked_before_the_start_and_training_signs_after_it() -> None:
    assert {sign.level for sign in signs_for(Context.ONBOARDING)} == {Level.EMERGENCY, Level.URGENT, Level.CLEARANCE}
    assert {sign.level for sign in signs_for(Context.CHECK_IN)} == {Level.EMERGENCY, Level.URGENT, Level.TRAINING}
    assert signs_for(Context.SESSION) == signs_for(Context.CHECK_IN)


def test_the_short_lines_cover_every_sign_of_the_check_in_once() -> None:
    grouped = [key for group in GROUPS for key in group.signs]
    assert sorted(grouped) == sorted(sign.key for sign in signs_for(Context.CHECK_IN))
    assert 4 <= len(GROUPS) <= 6


@pytest.mark.parametrize(
    ("answers", "context", "level", "action", "holds"),
    [
        pytest.param([], Context.CHECK_IN, Level.NONE, Action.GO_ON, False, id="all clear"),
        pytest.param([], Context.ONBOARDING, Level.NONE, Action.GO_ON, False, id="all clear before the start"),
        pytest.param(["saddle_numbness"], Context.CHECK_IN, Level.EMERGENCY, Action.EMERGENCY_STOP, True, id="emergency"),
        pytest.param(["chest_pain"], Context.SESSION, Level.EMERGENCY, Action.EMERGENCY_STOP, True, id="heart"),
        pytest.param(["leg_weakness"], Context.ONBOARDING, Level.EMERGENCY, Action.EMERGENCY_STOP, True, id="emergency before the start"),
        pytest.param(["fever_with_back_pain"], Context.CHECK_IN, Level.URGENT, Action.SEE_DOCTOR, True, id="urgent"),
        pytest.param(["infection_risk"], Context.ONBOARDING, Level.URGENT, Action.SEE_DOCTOR, True, id="urgent before the start"),
        pytest.param(["sharp_pain"], Context.SESSION, Level.TRAINING, Action.END_SESSION, False, id="training"),
        pytest.param(["trembling_with_weakness"], Context.SESSION, Level.TRAINING, Action.END_SESSION, False, id="trembling"),
        pytest.param(["sharp_pain"], Context.ONBOARDING, Level.TRAINING, Action.HOLD, True, id="no session to end yet"),
        pytest.param(["pregnancy_or_birth"], Context.ONBOARDING, Level.CLEARANCE, Action.HOLD, True, id="needs clearance"),
        pytest.param(["heart_condition"], Context.CHECK_IN, Level.CLEARANCE, Action.HOLD, True, id="judged though not on this list"),
        pytest.param(["sharp_pain", "fainting", "night_pain"], Context.SESSION, Level.EMERGENCY, Action.EMERGENCY_STOP, True, id="worst"),
    ],
)
def test_answers_lead_to_an_action(answers: list[str], context: Context, level: Level, action: Action, holds: bool) -> None:
    verdict = assess(answers, context)
    assert (verdict.level, verdict.action, verdict.holds_program) == (level, action, holds)
    assert sorted(sign.key for sign in verdict.signs) == sorted(answers)
    assert verdict.rules_version == RULES_VERSION


def test_reported_signs_stand_worst_first_and_once() -> None:
    verdict = assess(["sharp_pain", "night_pain", "fainting", "bladder_bowel", "sharp_pain"], Context.SESSION)
    assert [sign.key for sign in verdict.signs] == ["bladder_bowel", "fainting", "night_pain", "sharp_pain"]


@pytest.mark.parametrize("key", KEYS)
def test_no_single_yes_is_ever_let_through(key: str) -> None:
    for context in Context:
        verdict = assess([key], context)
        assert verdict.action != Action.GO_ON
        assert verdict.holds_program or verdict.action == Action.END_SESSION


def test_an_unknown_sign_is_an_error_and_not_an_all_clear() -> None:
    with pytest.raises(ValueError, match="unknown sign"):
        assess(["saddle_numbness", "tired"], Context.CHECK_IN)
    with pytest.raises(ValueError, match="unknown sign"):
        find_sign("")
