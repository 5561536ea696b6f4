"""What the architecture tests read: the project's own source files and their syntax trees."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("physio", "clinics", "programs", "patients", "exports", "reminders")


@cache
def modules(*, tests: bool = False) -> tuple[Path, ...]:
    """Return every Python module of the apps (and of the tests), without migrations."""
    folders = [ROOT / app for app in APPS] + ([ROOT / "tests"] if tests else [])
    return tuple(sorted(path for folder in folders for path in folder.rglob("*.py") if "migrations" not in path.parts))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Return all parts of a module's syntax tree, each knowing its parent, outermost first."""
    found: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"), str(path))]
    for parent in found:  # grows while it is gone through
        for child in ast.iter_child_nodes(parent):
            child.parent = parent  # type: ignore[attr-defined]
            found.append(child)
    return tuple(found)


def opening(path: Path) -> str:
    """Return the text a module opens with, read without the rest of it; empty where it opens otherwise."""
    text = path.read_text(encoding="utf-8")
    return text.split('"""', 2)[1].strip() if text.startswith('"""') else ""


def name_of(path: Path) -> str:
    """Return the path as people say it."""
    return str(path.relative_to(ROOT))


def parents(node: ast.AST) -> list[ast.AST]:
    """Return the nodes around a node, innermost first."""
    found = []
    current = getattr(node, "parent", None)
    while current is not None:
        found.append(current)
        current = getattr(current, "parent", None)
    return found


def role_of(path: Path) -> str:
    """Return the layer a module belongs to: views, forms, api, actions, rules, models …"""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[1] if len(parts) > 1 else parts[0]
