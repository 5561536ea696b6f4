"""Texts are compiled without gettext, and only when they changed."""

import gettext
import os
from pathlib import Path

from physio.messages import compile_messages

SOURCE = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Pain"\nmsgstr "{}"\n'


def test_changed_texts_are_compiled_once(tmp_path: Path) -> None:
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    source = folder / "django.po"
    source.write_text(SOURCE.format("Schmerz"), encoding="utf-8")

    assert compile_messages(tmp_path) == [folder / "django.mo"]
    assert compile_messages(tmp_path) == []
    assert gettext.translation("django", tmp_path, ["de"]).gettext("Pain") == "Schmerz"

    source.write_text(SOURCE.format("Schmerzen"), encoding="utf-8")
    later = (folder / "django.mo").stat().st_mtime + 1
    os.utime(source, (later, later))

    assert compile_messages(tmp_path) == [folder / "django.mo"]
    assert sorted(file.name for file in folder.iterdir()) == ["django.mo", "django.po"]
