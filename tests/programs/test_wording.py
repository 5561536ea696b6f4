"""Differences between versions in one plain sentence, in both languages."""

from typing import Any

import pytest
from django.utils import translation

from programs.rules.diff import Change, Kind, Line
from programs.wording import change_text, provenance_mark

WALL = {"en": "Wall squat", "de": "Wandkniebeuge"}
PRESS = {"en": "Leg press", "de": "Beinpresse"}
DOSE = Line("", sets=2, reps_low=8, reps_high=10).dose()


def dose(part: str, before: Any, after: Any, **more: Any) -> Change:
    return Change(Kind.DOSE, 3, 8, to_end=True, names=WALL, part=part, before=before, after=after, **more)


@pytest.mark.parametrize(
    ("change", "english", "german"),
    [
        (
            dose("sets", {"sets": 2}, {"sets": 3}),
            "Wall squat: 3 sets instead of 2, from week 3",
            "Wandkniebeuge: 3 Sätze statt 2, ab Woche 3",
        ),
        (
            dose("sets", {"sets": 2}, {"sets": 1}, setting="home"),
            "Wall squat: 1 set instead of 2, from week 3 (at home)",
            "Wandkniebeuge: 1 Satz statt 2, ab Woche 3 (zu Hause)",
        ),
        (
            dose("reps", {"reps_low": 10, "reps_high": 12}, {"reps_low": 8, "reps_high": 8}),
            "Wall squat: 8 repetitions instead of 10–12, from week 3",
            "Wandkniebeuge: 8 Wiederholungen statt 10–12, ab Woche 3",
        ),
        (
            dose("hold", None, {"hold_seconds": 20}),
            "Wall squat: hold 20 s, from week 3",
            "Wandkniebeuge: 20 s halten, ab Woche 3",
        ),
        (
            dose("rest", {"rest_seconds": 60}, {"rest_seconds": 120}),
            "Wall squat: pause of 2 min instead of 60 s, from week 3",
            "Wandkniebeuge: 2 min Pause statt 60 s, ab Woche 3",
        ),
        (
            dose("effort", {"effort_low": 6, "effort_high": 7}, {"effort_low": 5, "effort_high": 5}),
            "Wall squat: effort 5 instead of 6–7, from week 3",
            "Wandkniebeuge: Anstrengung 5 statt 6–7, ab Woche 3",
        ),
        (
            dose("effort", {"effort_low": 6, "effort_high": 7}, {"effort_low": None, "effort_high": None}),
            "Wall squat: the effort is no longer set, from week 3",
            "Wandkniebeuge: die Anstrengung ist nicht mehr vorgegeben, ab Woche 3",
        ),
        (
            dose("side", {"per_side": False}, {"per_side": True}),
            "Wall squat: each side on its own, from week 3",
            "Wandkniebeuge: jede Seite einzeln, ab Woche 3",
        ),
        (
            dose("tempo", {"tempo": ""}, {"tempo": "2-1-3"}),
            "Wall squat: tempo 2-1-3, from week 3",
            "Wandkniebeuge: Tempo 2-1-3, ab Woche 3",
        ),
        (
            dose("load", {"load": {}}, {"load": {"en": "5 kg", "de": "5 kg"}}),
            "Wall squat: “5 kg”, from week 3",
            "Wandkniebeuge: „5 kg“, ab Woche 3",
        ),
        (
            dose("intervals", {"run_seconds": 60, "walk_seconds": 120}, {"run_seconds": 45, "walk_seconds": 120}),
            "Wall squat: 0:45 run / 2:00 walk instead of 1:00 run / 2:00 walk, from week 3",
            "Wandkniebeuge: 0:45 laufen / 2:00 gehen statt 1:00 laufen / 2:00 gehen, ab Woche 3",
        ),
        (
            Change(Kind.SWAPPED, 3, 4, names=WALL, other=PRESS, after=DOSE),
            "Wall squat instead of Leg press: 2 × 8–10, in weeks 3 to 4",
            "Wandkniebeuge statt Beinpresse: 2 × 8–10, in Woche 3 bis 4",
        ),
        (
            Change(Kind.ADDED, 3, 3, names=WALL, after=DOSE, setting="supervised"),
            "New: Wall squat, 2 × 8–10, in week 3 (in the clinic)",
            "Neu: Wandkniebeuge, 2 × 8–10, in Woche 3 (in der Praxis)",
        ),
        (Change(Kind.REMOVED, 3, 3, names=WALL), "Wall squat is left out, in week 3", "Wandkniebeuge entfällt, in Woche 3"),
        (
            Change(Kind.ORDER, 3, 8, to_end=True, setting="home"),
            "Exercises at home in another order, from week 3",
            "Übungen zu Hause in anderer Reihenfolge, ab Woche 3",
        ),
        (
            Change(Kind.SESSION_ADDED, 3, 3, setting="home"),
            "New: a session at home, in week 3",
            "Neu: eine Einheit zu Hause, in Woche 3",
        ),
        (
            Change(Kind.SESSION_REMOVED, 3, 3, setting="supervised"),
            "A session in the clinic is left out, in week 3",
            "Eine Einheit in der Praxis entfällt, in Woche 3",
        ),
        (
            Change(Kind.TIMES, 3, 8, to_end=True, setting="home", part="minutes", before={"minutes": 30}, after={"minutes": 25}),
            "Sessions at home: 25 minutes instead of 30, from week 3",
            "Einheiten zu Hause: 25 Minuten statt 30, ab Woche 3",
        ),
    ],
)
def test_a_difference_is_one_plain_sentence(change: Change, english: str, german: str) -> None:
    for language, sentence in (("en", english), ("de", german)):
        with translation.override(language):
            assert change_text(change) == sentence


def test_a_dose_a_therapist_set_says_so() -> None:
    assert provenance_mark("tailored").kind == "tailored"
