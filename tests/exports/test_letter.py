"""The letter as PDF: tagged, in its language, and no text of anybody is ever read as markup."""

import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinics.actions.look import change_look
from clinics.logos import logo_from
from clinics.models import AuditEvent, Clinic
from exports.letter import letter_pdf
from exports.paper import STAND_IN, printable, unescape
from patients.models import Letter
from tests.cast import Cast, sign_in
from tests.patients.actions.test_letters import answer, write
from tests.reminders.test_look import picture

needs_pdftotext = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no pdftotext on this machine")

HOSTILE = {
    "code": '#import "@preview/x:1.0.0": * #eval("1") #sys.inputs #read("/etc/passwd")',
    "math": "$x^2$ and $ \\ * _ ` ~ @label <label> = heading - item + item / term: x",
    "comments": "// gone? /* gone? */ \\u{41} [ ] { } ( ) ; , : ' \" “ ”",
    "right_to_left": "שלום עולם and مرحبا بالعالم",
    "emoji": "better 😀👍🏽 👩‍👩‍👧 🇩🇪",
    "chinese": "你好，世界 こんにちは",
    "controls": "a\x00b\x01c\x1f\x7f\x85\u2028\u2029d",
    "directions": "\u202egnp.exe\u202c \u2066x\u2069 \ufeff\u200b\u200d",
    "broken": "\ud800 \udfff \ue000 \ufffe",
    "rare": "\u0600 ﷽ हिन्दी ไทย Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢ 𝔘𝕊",
    "long": "x" * 10_000,
    "many_lines": "line\n" * 2000,
}


def text_in(pdf: bytes, tmp_path: Path) -> str:
    """Return the words of a PDF."""
    (tmp_path / "letter.pdf").write_bytes(pdf)
    found = subprocess.run(["pdftotext", "-layout", "letter.pdf", "-"], cwd=tmp_path, capture_output=True, check=True)
    return found.stdout.decode()


def with_text(letter: Letter, text: str) -> Letter:
    """Put one text everywhere a person's words may stand, past every check of the form."""
    content: dict[str, Any] = letter.content
    content["recipient"] = [text, text]
    content["greeting"] = content["about"] = content["subject"] = content["signed"] = text
    content["clinic"] = {"name": text, "address": text, "phone": text}
    content["sections"] = [
        {"part": "findings", "heading": text, "paragraphs": [text], "entries": [text], "notes": [text]},
        {"part": "course", "heading": "x", "paragraphs": [], "table": {"heads": [text] * 4, "rows": [[text] * 4]}, "figure": None},
    ]
    return letter


@pytest.mark.parametrize("language", ["en", "de"])
def test_it_is_a_tagged_pdf_in_its_language_with_a_title(cast: Cast, language: str) -> None:
    answer(cast, "middle", 1, 4, 6)
    letter = write(cast, language=language, findings="Free movement.")
    began = time.perf_counter()
    pdf = letter_pdf(letter)
    assert time.perf_counter() - began < 5  # a second on an idle machine; measured in the decision
    assert pdf.startswith(b"%PDF-1.7")
    assert b"/MarkInfo" in pdf
    assert f"/Lang({language})".encode() in pdf.replace(b" ", b"") or f"/Lang ({language}".encode() in pdf
    assert b"pdfuaid" in pdf
    assert letter_pdf(letter) == pdf, "the same words give the same file"


def test_it_shows_the_clinics_logo(client: Client, cast: Cast) -> None:
    letter = write(cast, parts=[], findings="Free movement.")
    plain = letter_pdf(letter)
    change_look(accent="pine", logo=logo_from(picture()), by=cast.manager, now=cast.now)
    pdf = letter_pdf(letter)
    assert b"/Subtype/Image" not in plain
    assert b"/Subtype/Image" in pdf
    assert b"pdfuaid" in pdf
    page = sign_in(client, cast.therapist).get(reverse("patients:letter", args=[letter.pk])).content.decode()
    article = page[page.index("<article") :]
    assert reverse("clinics:logo", args=[Clinic.objects.get(pk=cast.riverside.pk).logo_id]) in article


@needs_pdftotext
def test_it_says_what_the_page_says(cast: Cast, tmp_path: Path) -> None:
    answer(cast, "middle", 1, 4, 6)
    letter = write(cast, recipient_address="Uferweg 3\n10115 Berlin", findings="First.\nSecond line.\n\nThird.", outlook="Go on.")
    text = re.sub(r"\s+", " ", text_in(letter_pdf(letter), tmp_path))
    for words in (
        "Riverside Physiotherapy",
        "Dr. Anna Weber",
        "10115 Berlin",
        "Dear Dr. Anna Weber,",
        "Hannah Brandt",
        "Third. Outlook Go on.",
    ):
        assert words in text, words
    assert "better by 2 points, 33 % of the start" in text
    assert "Jonas Keller" in text
    assert "Page 1 / 2" in text


@needs_pdftotext
@pytest.mark.parametrize("name", ["code", "math", "comments"])
def test_markup_is_printed_and_never_read(cast: Cast, tmp_path: Path, name: str) -> None:
    letter = write(cast, parts=[], findings=HOSTILE[name], recipient_name="#import $x$ *b*")
    text = re.sub(r"\s+", " ", text_in(letter_pdf(letter), tmp_path))
    assert re.sub(r"\s+", " ", HOSTILE[name]).replace("  ", " ") in text.replace("  ", " ")
    assert "Dear #import $x$ *b*," in text
    assert "root:" not in text


@pytest.mark.parametrize("name", list(HOSTILE))
def test_any_text_anywhere_gives_a_letter(cast: Cast, name: str) -> None:
    letter = with_text(write(cast), HOSTILE[name])
    began = time.perf_counter()
    assert letter_pdf(letter).startswith(b"%PDF")
    assert time.perf_counter() - began < 15


@needs_pdftotext
def test_what_cannot_be_printed_is_marked_and_said(cast: Cast, tmp_path: Path) -> None:
    text = text_in(letter_pdf(write(cast, parts=[], findings="well 😀 again")), tmp_path)
    assert f"well {STAND_IN} again" in text
    assert "stands for a sign that cannot be printed here" in text
    assert "cannot be printed" not in text_in(letter_pdf(write(cast, parts=[], findings="well again")), tmp_path)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("Größe − 3 × 10 „x“ – ok", "Größe − 3 × 10 „x“ – ok"),
        ("e\u0301", "é"),
        ("a\x00b\tc\nd", "ab c\nd"),
        ("\u202eabc", "abc"),
        ("你", STAND_IN),
    ],
)
def test_only_what_no_paper_shows_is_taken_away(text: str, printed: str) -> None:
    assert printable(text) == printed


def test_quoted_signs_are_read_back() -> None:
    assert unescape(r"a\u{600}b\"c\\") == 'a\u0600b"c\\'


# --- who gets it --------------------------------------------------------------------------


def url(letter: Letter) -> str:
    return reverse("exports:letter", args=[letter.pk])


def test_the_clinic_downloads_it_and_it_is_in_the_trail(client: Client, cast: Cast) -> None:
    letter = write(cast)
    response = sign_in(client, cast.therapist2).get(url(letter))
    assert response.status_code == 200
    assert response["Content-Type"] == "application/pdf"
    assert re.fullmatch(r'attachment; filename="letter-[a-z0-9-]+-\d{4}-\d\d-\d\d\.pdf"', response["Content-Disposition"])
    assert "no-store" in response["Cache-Control"]
    event = AuditEvent.objects.get(action="record.letter")
    assert (event.patient_id, event.object_id, event.actor_id) == (cast.hannah.pk, letter.pk, cast.therapist2.user_id)


def test_another_clinic_finds_nothing_and_a_patient_is_refused(client: Client, cast: Cast) -> None:
    letter = write(cast)
    assert sign_in(client, cast.harbour_therapist).get(url(letter)).status_code == 404
    assert sign_in(client, cast.hannah.membership).get(url(letter)).status_code == 403
    assert not AuditEvent.objects.filter(action="record.letter").exists()


def test_the_patient_reads_that_a_letter_was_made(client: Client, cast: Cast) -> None:
    letter = write(cast)
    sign_in(client, cast.therapist).get(url(letter))
    page = sign_in(client, cast.hannah.membership).get(reverse("patients:opened")).content.decode()
    assert "wrote a letter to a doctor about you" in page
    assert "made a letter about you ready to print or send" in page


def test_files_are_limited_by_the_hour(client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exports.views.LETTERS", 1)
    letter = write(cast)
    sign_in(client, cast.therapist)
    assert [client.get(url(letter)).status_code for _ in range(2)] == [200, 429]


def test_of_an_erased_letter_nothing_is_printed(client: Client, cast: Cast) -> None:
    letter = write(cast)
    Letter.objects.filter(pk=letter.pk).update(content={})
    assert sign_in(client, cast.therapist).get(url(letter)).status_code == 409
