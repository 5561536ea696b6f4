"""Every sentence the product says exists in German as well."""

import ast
import re
from functools import cache

import polib
import pytest
from django.utils.translation.template import templatize

from tests.architecture.source import ROOT, modules, name_of, nodes, parents

pytestmark = pytest.mark.xdist_group("source")
CALLS = {"_", "gettext", "gettext_lazy", "pgettext", "pgettext_lazy", "ngettext", "ngettext_lazy"}
GERMAN = ROOT / "locale" / "de" / "LC_MESSAGES" / "django.po"
PLACEHOLDER = re.compile(r"%\((\w+)\)[sdif]|(?<!%)%[sdif]|\{(\w*)\}")


def in_python() -> dict[tuple[str, str], str]:
    """Return (context, message) of every gettext call, with a place it stands."""
    found = {}
    for path in modules():
        for node in nodes(path):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""
            if name not in CALLS:
                continue
            texts = [_text(argument) for argument in node.args]
            if name.startswith("pgettext") and len(texts) > 1 and texts[0] and texts[1]:
                found[(texts[0], texts[1])] = f"{name_of(path)}:{node.lineno}"
            elif texts and texts[0]:
                found[("", texts[0])] = f"{name_of(path)}:{node.lineno}"
    return found


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def in_templates() -> dict[tuple[str, str], str]:
    """Return (context, message) of every translated text in the templates, with a place it stands."""
    found: dict[tuple[str, str], str] = {}
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.suffix not in {".html", ".txt"}:
            continue
        source = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        for match in re.finditer(r"\b(p?n?gettext|_)\((.*?)\)(?=\s)", source, flags=re.DOTALL):
            try:
                call = ast.parse(match.group(0).strip(), mode="eval").body
            except SyntaxError:
                continue
            assert isinstance(call, ast.Call)
            texts = [_text(argument) for argument in call.args]
            if match.group(1).startswith("p") and len(texts) > 1:
                found[(texts[0], texts[1])] = name_of(path)
            elif texts and texts[0]:
                found[("", texts[0])] = name_of(path)
    return found


@cache
def german() -> polib.POFile:
    """Return the German texts."""
    return polib.pofile(str(GERMAN))


def test_every_text_is_translated() -> None:
    known = {(entry.msgctxt or "", entry.msgid) for entry in german() if entry.translated() and not entry.obsolete}
    missing = {message: place for message, place in (in_python() | in_templates()).items() if message not in known}
    assert missing == {}


def test_no_text_is_filled_in_while_a_module_loads() -> None:
    """It would keep the language the process had by then; `format_lazy` waits for that of the reader."""
    fixed = [
        f"{name_of(path)}:{node.lineno}"
        for path in modules()
        for node in nodes(path)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod)
        if isinstance(node.left, ast.Call) and isinstance(node.left.func, ast.Name) and node.left.func.id in CALLS
        if not any(isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) for one in parents(node))
    ]
    assert fixed == []


def test_no_translation_is_left_in_doubt() -> None:
    assert [entry.msgid for entry in german() if entry.fuzzy] == []


def test_nothing_is_translated_that_nobody_says() -> None:
    used = {message for _context, message in in_python() | in_templates()}
    assert [entry.msgid for entry in german() if entry.msgid not in used and not entry.obsolete] == []


@pytest.mark.parametrize("plural", [False, True])
def test_translations_keep_their_placeholders(plural: bool) -> None:
    broken = []
    for entry in german():
        pairs = (
            [(entry.msgid_plural or entry.msgid, text) for text in entry.msgstr_plural.values()]
            if plural
            else [(entry.msgid, entry.msgstr)]
        )
        for source, text in pairs:
            if entry.msgid_plural and not plural:
                continue
            names = {match.group(0) for match in PLACEHOLDER.finditer(source)}
            if text and not {match.group(0) for match in PLACEHOLDER.finditer(text)} <= names:
                broken.append(entry.msgid)
            if text and not plural and not names <= {match.group(0) for match in PLACEHOLDER.finditer(text)}:
                broken.append(entry.msgid)
    assert broken == []


def test_german_speaks_with_sie() -> None:
    """No `du`, and quotation marks as in German print."""
    familiar = re.compile(r"\b(du|dein|deine|deinen|deiner|dir|dich|euch|euer)\b", flags=re.IGNORECASE)
    assert [entry.msgstr for entry in german() if familiar.search(entry.msgstr)] == []
    assert [entry.msgstr for entry in german() if "”" in entry.msgstr or re.search(r"“(?=\w)", entry.msgstr)] == []
