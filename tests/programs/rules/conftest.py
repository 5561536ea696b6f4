"""The library content as the rules see it: parsed, not yet stored."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

LIBRARY = Path(__file__).parents[3] / "programs" / "library"


@cache
def read(name: str) -> Any:
    """Return one parsed file of the library, which nobody changes."""
    return yaml.load((LIBRARY / name).read_bytes(), Loader=yaml.CSafeLoader)


@pytest.fixture(scope="session")
def read_library() -> Callable[[str], Any]:
    """Return the reader of library files, for the small ones that have no fixture of their own."""
    return read


@pytest.fixture(scope="session")
def model() -> dict[str, Any]:
    """Return the body model of the pictograms."""
    return dict(read("model.yaml"))


@pytest.fixture(scope="session")
def exercises() -> dict[str, dict[str, Any]]:
    """Return all exercises by key."""
    return {e["key"]: e for path in sorted((LIBRARY / "exercises").glob("*.yaml")) for e in read(f"exercises/{path.name}")}


@pytest.fixture(scope="session")
def programs() -> dict[str, dict[str, Any]]:
    """Return all programs by key."""
    return {p["key"]: p for p in (read(f"programs/{path.name}") for path in sorted((LIBRARY / "programs").glob("*.yaml")))}


def all_poses() -> list[Any]:
    """Return every pose of the library, variants included, as test parameters."""
    found = []
    for path in sorted((LIBRARY / "exercises").glob("*.yaml")):
        for exercise in read(f"exercises/{path.name}"):
            found.append(pytest.param(exercise["pose"], id=exercise["key"]))
            variants = exercise.get("pose_variants", {})
            found += [pytest.param(pose, id=f"{exercise['key']}-{name}") for name, pose in variants.items()]
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for a pose once for every pose of the library."""
    if "pose" in metafunc.fixturenames:
        metafunc.parametrize("pose", all_poses())
