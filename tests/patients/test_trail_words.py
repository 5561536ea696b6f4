"""What the audit trail records is read by people: every action has words."""

import re
from pathlib import Path

from django.conf import settings

from patients.views.trail_words import WORDS, part_text, trail_text

RECORDED = re.compile(r'\brecord(?:_for_clinics)?\(\s*"([a-z_]+(?:\.[a-z_]+)*)"')
OUTSIDE = ("tests", "bench", ".venv")


def recorded() -> set[str]:
    """Return every action the code names when it records."""
    files = [path for path in Path(settings.BASE_DIR).rglob("*.py") if path.relative_to(settings.BASE_DIR).parts[0] not in OUTSIDE]
    return {found for path in files for found in RECORDED.findall(path.read_text())}


def test_every_recorded_action_has_words() -> None:
    found = recorded()
    assert len(found) > 40
    assert found - set(WORDS) == set()


def test_an_action_without_words_is_shown_as_its_key() -> None:
    assert trail_text("patient.view") == "opened the record"
    assert trail_text("something.else") == "something.else"


def test_the_part_of_a_record_is_named_but_for_the_overview() -> None:
    assert [part_text({"part": part}) for part in ("plan", "overview")] == ["Plan", ""]
    assert part_text({}) == ""
