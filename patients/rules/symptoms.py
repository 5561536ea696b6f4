"""The warning signs that are asked for, and what each of them demands: versioned data, worded in `patients/wording.py`."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

RULES_VERSION = "1"

_CAUDA = "NICE CKS sciatica, red flags as revised 2018; NVL Kreuzschmerz; time frame and sexual function: BMJ Best Practice"
_NVL = "NVL Kreuzschmerz, table of red flags; doctor the same or next day: default"
_EXERTION = "default; one fainting with a known heart condition in ASTEROID (Neason 2025)"
_SEED_003 = "clinic article 003: stop the session, see a doctor"
_ASTEROID = "exclusion in ASTEROID (Neason 2025), as a question before the start: default"
_DEFAULT = "default"


class Level(StrEnum):
    """What a sign demands, worst first."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    TRAINING = "training"
    CLEARANCE = "clearance"
    NONE = "none"


class Context(StrEnum):
    """Where the list is shown."""

    ONBOARDING = "onboarding"
    CHECK_IN = "check_in"
    SESSION = "session"


class Action(StrEnum):
    """What happens next.

    EMERGENCY_STOP: full-screen stop with the emergency number that no "continue" dismisses, sessions paused, clinic told.
    SEE_DOCTOR: sessions paused, doctor the same or next day, task for the therapist. END_SESSION: the session ends, see a doctor.
    HOLD: no program starts until the therapist writes a clearance. GO_ON: nothing was reported.
    """

    EMERGENCY_STOP = "emergency_stop"
    SEE_DOCTOR = "see_doctor"
    END_SESSION = "end_session"
    HOLD = "hold"
    GO_ON = "go_on"


@dataclass(frozen=True, slots=True)
class Sign:
    """One warning sign; `everywhere` signs are asked at every entry, the others only before the start."""

    key: str
    level: Level
    source: str
    everywhere: bool = True


@dataclass(frozen=True, slots=True)
class SignGroup:
    """Signs that the check-in folds into one short line."""

    key: str
    signs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The worst level, the signs reported (worst first), what to do, and the version of the lists that judged."""

    level: Level
    signs: tuple[Sign, ...]
    action: Action
    holds_program: bool
    rules_version: str = RULES_VERSION


SIGNS: tuple[Sign, ...] = (
    Sign("bladder_bowel", Level.EMERGENCY, _CAUDA),
    Sign("saddle_numbness", Level.EMERGENCY, _CAUDA),
    Sign("leg_weakness", Level.EMERGENCY, _CAUDA),
    Sign("pain_both_legs", Level.EMERGENCY, _CAUDA),
    Sign("sexual_dysfunction", Level.EMERGENCY, _CAUDA),
    Sign("chest_pain", Level.EMERGENCY, _EXERTION),
    Sign("fainting", Level.EMERGENCY, _EXERTION),
    Sign("breathlessness", Level.EMERGENCY, _EXERTION),
    Sign("palpitations", Level.EMERGENCY, _EXERTION),
    Sign("fever_with_back_pain", Level.URGENT, _NVL),
    Sign("fall_or_accident", Level.URGENT, _NVL),
    Sign("weight_loss_or_cancer", Level.URGENT, _NVL),
    Sign("night_pain", Level.URGENT, _NVL),
    Sign("steroids_or_osteoporosis", Level.URGENT, _NVL),
    Sign("pain_below_knee", Level.URGENT, _NVL),
    Sign("leg_pain_on_bending", Level.URGENT, "clinic article 000: see a doctor promptly"),
    Sign("infection_risk", Level.URGENT, _NVL, everywhere=False),
    Sign("sharp_pain", Level.TRAINING, _SEED_003),
    Sign("cannot_straighten", Level.TRAINING, _SEED_003),
    Sign("radiating_pain", Level.TRAINING, _SEED_003),
    Sign("new_numbness", Level.TRAINING, _SEED_003),
    Sign("trembling_with_weakness", Level.TRAINING, f"{_SEED_003}; only together with weakness or numbness: default"),
    Sign("leg_symptoms_on_walking", Level.CLEARANCE, "clinic article 004; get it checked: default", everywhere=False),
    Sign("heart_condition", Level.CLEARANCE, _EXERTION, everywhere=False),
    Sign("pregnancy_or_birth", Level.CLEARANCE, _ASTEROID, everywhere=False),
    Sign("spinal_surgery_or_injury", Level.CLEARANCE, _ASTEROID, everywhere=False),
    Sign("recent_surgery", Level.CLEARANCE, _DEFAULT, everywhere=False),
    Sign("inflammatory_spine_disease", Level.CLEARANCE, _ASTEROID, everywhere=False),
    Sign("recent_leg_injury", Level.CLEARANCE, _ASTEROID, everywhere=False),
    Sign("advised_against_exercise", Level.CLEARANCE, _DEFAULT, everywhere=False),
)

GROUPS: tuple[SignGroup, ...] = (
    SignGroup("numb_groin", ("saddle_numbness", "sexual_dysfunction")),
    SignGroup("bladder_bowel", ("bladder_bowel",)),
    SignGroup("legs", ("leg_weakness", "pain_both_legs")),
    SignGroup("heart_and_breath", ("chest_pain", "fainting", "breathlessness", "palpitations")),
    SignGroup(
        "whole_body", ("fever_with_back_pain", "fall_or_accident", "weight_loss_or_cancer", "night_pain", "steroids_or_osteoporosis")
    ),
    SignGroup(
        "sharp_or_spreading",
        (
            "sharp_pain",
            "cannot_straighten",
            "radiating_pain",
            "pain_below_knee",
            "leg_pain_on_bending",
            "new_numbness",
            "trembling_with_weakness",
        ),
    ),
)

_BY_KEY = {sign.key: sign for sign in SIGNS}
_SEVERITY = {level: place for place, level in enumerate(Level)}
_ACTIONS = {
    Level.EMERGENCY: Action.EMERGENCY_STOP,
    Level.URGENT: Action.SEE_DOCTOR,
    Level.TRAINING: Action.END_SESSION,
    Level.CLEARANCE: Action.HOLD,
    Level.NONE: Action.GO_ON,
}


def signs_for(context: Context) -> tuple[Sign, ...]:
    """Return the signs to ask for, worst first: before the start all but those of training, later all but the history."""
    if context == Context.ONBOARDING:
        return tuple(sign for sign in SIGNS if sign.level != Level.TRAINING)
    return tuple(sign for sign in SIGNS if sign.everywhere)


def find_sign(key: str) -> Sign:
    """Return the sign of that key; raise ValueError for an unknown one."""
    try:
        return _BY_KEY[key]
    except KeyError:
        raise ValueError(f"unknown sign: {key!r}") from None


def is_worse(level: Level, than: Level) -> bool:
    """Say whether one level demands more than the other."""
    return _SEVERITY[level] < _SEVERITY[than]


def assess(answers: Collection[str], context: Context) -> Verdict:
    """Return what the signs answered with yes demand; raise ValueError for an unknown key.

    A known sign is judged wherever it comes from, so that no yes of an older list is lost. Before the start every yes holds the
    program; later emergency and urgent signs hold it until the therapist has cleared them; a training sign ends that session (default).
    """
    signs = tuple(sorted({find_sign(key) for key in answers}, key=lambda sign: (_SEVERITY[sign.level], SIGNS.index(sign))))
    if not signs:
        return Verdict(Level.NONE, (), Action.GO_ON, holds_program=False)
    level = signs[0].level
    action = _ACTIONS[level]
    if context == Context.ONBOARDING and level == Level.TRAINING:
        # There is no session to end before the start.
        action = Action.HOLD
    holds = context == Context.ONBOARDING or level != Level.TRAINING
    return Verdict(level, signs, action, holds_program=holds)
