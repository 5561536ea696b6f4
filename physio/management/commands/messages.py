"""`manage.py messages`: gather every text of the product into the `.po` files for translators (needs the gettext tools)."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from physio.messages import compile_messages

IGNORED = [".venv", "var", "tests", "bench", "docs", "static", "node_modules", ".ci"]
WRAP_WIDTH = 120


class Command(BaseCommand):
    """Extracts, drops what is no longer used, never guesses a translation, and compiles."""

    help = "Gather the texts of code and templates into locale/*/LC_MESSAGES/django.po."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take `--check`."""
        parser.add_argument("--check", action="store_true", help="change nothing; fail when a text is missing or untranslated")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        """Do it for every language but the source."""
        folder = Path(settings.BASE_DIR, "locale")
        languages = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
        files = {code: folder / code / "LC_MESSAGES" / "django.po" for code in languages}
        before = {code: file.read_bytes() if file.exists() else b"" for code, file in files.items()}
        open_texts = 0
        try:
            call_command("makemessages", locale=languages, ignore_patterns=IGNORED, no_obsolete=True, add_location="file", verbosity=0)
            for code, file in files.items():
                left = tidy(file)
                open_texts += left
                self.stdout.write(f"{code}: {left} texts without translation")
        finally:
            changed = [code for code, file in files.items() if (file.read_bytes() if file.exists() else b"") != before[code]]
            if check:
                for code in changed:
                    files[code].write_bytes(before[code])
        if check and (changed or open_texts):
            raise CommandError("The texts are not up to date: run `manage.py messages` and translate what is new.")
        compile_messages(folder)


def tidy(file: Path) -> int:
    """Write the file the same way whoever runs this, with guesses removed; return how many texts have no translation."""
    entries = polib.pofile(str(file), wrapwidth=WRAP_WIDTH)
    for entry in entries:
        if entry.fuzzy:
            entry.flags.remove("fuzzy")
            entry.previous_msgid = entry.previous_msgid_plural = entry.previous_msgctxt = None
            entry.msgstr = ""
            entry.msgstr_plural = dict.fromkeys(entry.msgstr_plural, "")
    language = file.parent.parent.name
    entries.header = ""
    entries.metadata_is_fuzzy = False
    entries.metadata = {
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": entries.metadata.get("Plural-Forms", "nplurals=2; plural=(n != 1);"),
    }
    entries.sort(key=lambda entry: (entry.msgid, entry.msgctxt or ""))
    entries.save(str(file))
    return len(entries.untranslated_entries())
