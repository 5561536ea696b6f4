"""The habits of the house that can be read off the source."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps

from clinics.scoping import ScopedModel
from tests.architecture.source import ROOT, modules, name_of, nodes, opening, parents, role_of

pytestmark = pytest.mark.xdist_group("source")  # whoever has read all modules need not do so again
LONGEST_FILE = 500
WEB = ("views", "forms", "api", "templatetags", "context", "demo_views")


def test_every_module_opens_with_one_sentence_that_says_what_it_is() -> None:
    bare = [name_of(path) for path in modules(tests=True) if not opening(path)]
    assert bare == []


def test_no_file_outgrows_its_room() -> None:
    long = {name_of(path): n for path in modules(tests=True) if (n := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE}
    assert long == {}


def test_public_functions_say_what_they_do() -> None:
    silent = [
        f"{name_of(path)}:{node.name}"
        for path in modules()
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not any(isinstance(parent, ast.FunctionDef) for parent in parents(node))
        and not ast.get_docstring(node)
        and node.name != "Meta"
        and not (isinstance(node, ast.FunctionDef) and node.name in {"save", "clean"})
    ]
    assert silent == []


def test_nobody_assigns_a_status() -> None:
    assigned = [
        f"{name_of(path)}:{node.lineno}"
        for path in modules()
        for node in nodes(path)
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Attribute) and target.attr == "status"
    ]
    assert assigned == []


@pytest.mark.parametrize("name", ["ZoneInfo", "zoneinfo"])
def test_time_zones_are_built_in_one_place(name: str) -> None:
    users = {
        name_of(path)
        for path in modules()
        for node in nodes(path)
        if (isinstance(node, ast.Name) and node.id == name)
        or (isinstance(node, ast.ImportFrom) and node.module == name)
        or (isinstance(node, ast.Import) and any(alias.name == name for alias in node.names))
    }
    assert users <= {"clinics/localtime.py"}


def test_only_the_settings_read_the_environment() -> None:
    allowed = {"physio/settings.py"}
    readers = {
        name_of(path)
        for path in modules()
        for node in nodes(path)
        if (
            isinstance(node, ast.Attribute)
            and node.attr in {"environ", "getenv"}
            and isinstance(node.value, ast.Name)
            and node.value.id == "os"
        )
        and not _only_sets_a_default(node)
    }
    assert readers <= allowed | STARTERS


STARTERS = {"physio/supervisor.py", "physio/parent.py", "physio/gunicorn_conf.py", "physio/serving.py"}
"""They hand an environment on to child processes; what it means is decided in the settings."""


def _only_sets_a_default(node: ast.Attribute) -> bool:
    parent = getattr(node, "parent", None)
    return isinstance(parent, ast.Attribute) and parent.attr == "setdefault"


def test_web_code_reads_rows_only_through_visible_to() -> None:
    """Every `Model.objects` in a view, form or API module ends in `visible_to`, or goes through a helper that calls it."""
    stray = [
        f"{name_of(path)}:{node.lineno}"
        for path in modules()
        if role_of(path) in WEB
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and node.attr == "objects" and not _is_scoped(node)
    ]
    assert stray == []


def _is_scoped(node: ast.Attribute) -> bool:
    if isinstance(node.value, ast.Name) and node.value.id in UNSCOPED:
        return True
    child: ast.AST = node
    for parent in parents(node):
        if isinstance(parent, ast.Attribute) and parent.attr == "visible_to":
            return True
        if isinstance(parent, ast.Call) and child is not parent.func:
            called = parent.func
            name = called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""
            if name in SCOPING_HELPERS:
                return True
        if isinstance(parent, ast.Assign | ast.AnnAssign) and isinstance(getattr(parent, "parent", None), ast.ClassDef):
            # A viewset's `queryset` is narrowed by its base class.
            target = parent.targets[0] if isinstance(parent, ast.Assign) else parent.target
            return isinstance(target, ast.Name) and target.id in {"queryset", "rows"}
        if isinstance(parent, ast.stmt):
            return False
        child = parent
    return False


UNSCOPED = {model.__name__ for model in apps.get_models() if not issubclass(model, ScopedModel)}
"""Tables that belong to no clinic: a person's own account, sessions, second factors."""

SCOPING_HELPERS = {"get_visible", "ScopedModelChoiceField", "ScopedField", "Prefetch"}
"""Prefetch only narrows what already hangs on a visible row."""


def test_rules_are_pure() -> None:
    clocks = [
        f"{name_of(path)}:{node.lineno}"
        for path in modules()
        if role_of(path) == "rules"
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and node.attr in {"now", "today", "utcnow"} and _is_called(node)
    ]
    assert clocks == []


def _is_called(node: ast.Attribute) -> bool:
    parent, owner = getattr(node, "parent", None), node.value
    name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
    return isinstance(parent, ast.Call) and parent.func is node and name in {"datetime", "date", "dt", "timezone", "time"}


def test_only_reminders_and_account_mail_send() -> None:
    senders = {
        name_of(path)
        for path in modules()
        for node in nodes(path)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("django.core.mail")
    }
    assert all(name.startswith("reminders/") or name == "clinics/mail.py" for name in senders), senders


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=lambda path: str(path.relative_to(ROOT)))
def test_templates_hold_no_inline_style_or_script(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if "reminders" in path.parts or path.name.endswith("_mail.html") or "mail" in path.parts:
        # Mails cannot link a style sheet; their styles are inlined on purpose.
        return
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text)
    assert not re.search(r"<style[\s>]", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)[^>]*>", text)
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "//cdn" not in text
    assert "|safe" not in text.replace(" ", "")


def test_every_setting_of_the_environment_is_documented() -> None:
    source = (ROOT / "physio" / "settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", source)) | set(re.findall(r"env\(\s*\"([A-Z_]+)\"", source))
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    documented = set(re.findall(r"^#?\s?([A-Z_]+)=", example, flags=re.MULTILINE))
    assert read - documented == set()
    assert documented - read - {"PORT", "DEMO", "WEB_WORKERS"} == set()
