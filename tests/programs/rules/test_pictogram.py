"""Pictograms: every exercise can be drawn, says its name, moves without sliding, and carries nothing a page must not hold."""

import copy
import re
from typing import Any
from xml.parsers import expat

import pytest

from programs.rules.pictogram import animated, check, still
from programs.rules.pictogram.body import solve
from programs.rules.pictogram.shapes import capsule, number, numbers, write

Data = dict[str, Any]
CLASSES = {"pg", "pg-n", "pg-f", "pg-g", "pg-h", "pg-m", "pg-a", "pg-p", "pg-pl", "pg-q", "pg-ql", "pg-b", "pg-bl"}


def elements(drawing: str) -> list[tuple[str, dict[str, str]]]:
    """Return every element of a well-formed drawing with its attributes, the root first."""
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: found.append((name, attributes))
    parser.Parse(drawing, True)
    return found


def test_every_pose_passes_its_checks(model: Data, pose: Data) -> None:
    assert check(model, pose) == []


def test_every_still_is_a_named_picture_in_all_sizes(model: Data, pose: Data) -> None:
    for options in ({}, {"mini": True}, {"crop": True}):
        (_, root), *inside = elements(still(model, pose, "Wand & <Sitz>", **options))
        assert root["role"] == "img"
        assert root["aria-label"] == "Wand & <Sitz>"
        assert "path" in [name for name, _ in inside]


def test_a_mini_is_small_enough_for_a_list(model: Data, pose: Data) -> None:
    assert len(still(model, pose, "Exercise", mini=True).encode()) <= 3072


def test_a_still_is_small_enough_for_a_page(model: Data, pose: Data) -> None:
    assert len(still(model, pose, "Exercise").encode()) <= 6144


def test_a_mini_shows_neither_ghost_nor_arrow(model: Data, pose: Data) -> None:
    drawing = still(model, pose, "Exercise", mini=True)
    assert "pg-g" not in drawing
    assert "pg-a" not in drawing


def test_the_animated_twin_moves_and_is_hidden_from_screen_readers(model: Data, pose: Data) -> None:
    (_, root), *inside = elements(animated(model, pose))
    assert root["aria-hidden"] == "true"
    assert "role" not in root
    moves = [attributes for name, attributes in inside if name in ("animate", "animateTransform")]
    assert moves
    for move in moves:
        assert len(move["values"].split(";")) == len(move["keyTimes"].split(";"))


def test_an_animation_starts_and_ends_its_period_in_the_same_place(model: Data, pose: Data) -> None:
    for values in re.findall(r'type="translate"[^>]* values="([^"]+)"', animated(model, pose)):
        first, *_, last = values.split(";")
        assert first == last


def test_drawings_carry_no_style_no_script_and_only_known_classes(model: Data, pose: Data) -> None:
    for drawing in (still(model, pose, "Exercise"), animated(model, pose)):
        assert " style=" not in drawing
        assert "<style" not in drawing
        assert "<script" not in drawing
        assert not re.search(r" on\w+=", drawing)
        assert {name for names in re.findall(r'class="([^"]*)"', drawing) for name in names.split()} <= CLASSES


def test_a_second_run_draws_the_same_bytes(model: Data, pose: Data) -> None:
    again = copy.deepcopy(pose)
    assert still(model, pose, "Exercise") == still(copy.deepcopy(model), again, "Exercise")
    assert animated(model, pose) == animated(copy.deepcopy(model), again)


def test_drawing_leaves_model_and_pose_as_they_were(model: Data, pose: Data) -> None:
    before = copy.deepcopy((model, pose))
    still(model, pose, "Exercise")
    animated(model, pose)
    assert (model, pose) == before


def test_work_and_reach_name_existing_parts(model: Data, pose: Data) -> None:
    body = solve(model, pose, 0)
    assert set(pose.get("work", [])) <= body.parts.keys()
    assert pose.get("reach", {}).keys() <= {"n_leg", "f_leg", "n_arm", "f_arm"}


def test_the_label_cannot_leave_its_attribute(model: Data, exercises: dict[str, Data]) -> None:
    drawing = still(model, exercises["squat"]["pose"], '"><script>alert(1)</script>')
    assert "<script" not in drawing
    assert elements(drawing)[0][1]["aria-label"] == '"><script>alert(1)</script>'


def test_duration_comes_from_the_prescribed_tempo(model: Data, exercises: dict[str, Data]) -> None:
    pose = exercises["squat"]["pose"]
    assert 'dur="6s"' in animated(model, pose, duration_seconds=6)
    assert 'dur="3.6s"' in animated(model, pose)


@pytest.mark.parametrize(
    ("prop", "error"),
    [
        ({"t": "circle", "at": [10, 10], "r": '1"/><script>'}, ValueError),
        ({"t": "rect", "box": [0, 0, 10, '9" onload="x']}, ValueError),
        ({"t": "line", "p": [[0, 0], [1, 1]], "c": '"><script>'}, KeyError),
        ({"t": "foreignObject"}, ValueError),
    ],
)
def test_a_pose_from_a_file_cannot_carry_markup(model: Data, exercises: dict[str, Data], prop: Data, error: type[Exception]) -> None:
    pose = {**exercises["squat"]["pose"], "props": [prop]}
    with pytest.raises(error):
        still(model, pose, "Exercise")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"wings": 1}, "unknown key: wings"),
        ({"view": "back"}, "unknown view: back"),
        ({"work": ["n_wing"]}, "unknown part in work: n_wing"),
        ({"reach": {"n_wing": [1, 2]}}, "unknown limb in reach: n_wing"),
        ({"all": {"n_wing": 4}}, "unknown angle: n_wing"),
        ({"props": [{"t": "circle", "at": "n_wing", "r": 3}]}, "unknown place: n_wing"),
        ({"fix": {"j": "n_sole", "at": [230, 186]}}, "off the canvas"),
        ({"fix": {"j": "n_sole", "at": [110, 194]}, "reach": {}}, "under the floor"),
        ({"reach": {"f_leg": [170, 186]}}, "f_sole misses its contact"),
        ({"props": [{"t": "circle", "at": [1, 2], "r": '3"/><script>'}]}, "cannot be drawn"),
        ({"props": [{"t": "circle"}]}, "cannot be drawn"),
        ({"arrow": {"p": [[1, 2]]}}, "cannot be drawn"),
        ({"fix": {"j": "n_wing", "at": [1, 2]}}, "cannot be solved"),
    ],
)
def test_a_broken_pose_is_named(model: Data, exercises: dict[str, Data], change: Data, complaint: str) -> None:
    complaints = check(model, {**exercises["squat"]["pose"], **change})
    assert any(complaint in one for one in complaints), complaints


@pytest.mark.parametrize(
    ("value", "written"), [(0, "0"), (-0.04, "0"), (0.5, ".5"), (-0.5, "-.5"), (10.0, "10"), (10.25, "10.2"), (100, "100")]
)
def test_coordinates_are_written_short(value: float, written: str) -> None:
    assert number(value) == written


def test_a_row_of_coordinates_needs_no_space_before_a_minus() -> None:
    assert numbers((1, -2, 3.5)) == "1-2 3.5"


def test_a_capsule_too_short_for_its_radii_is_a_disc() -> None:
    assert write(capsule(0, 5, 4)) == "M-5 0A5 5 0 1 1 5 0A5 5 0 1 1-5 0z"
