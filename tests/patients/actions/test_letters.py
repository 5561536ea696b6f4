"""Letters say what the record holds, with what a change means and nothing beyond it, and are kept as they were written."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.utils import translation

from clinics.errors import Conflict, Invalid, TooMany
from clinics.models import AuditEvent
from patients.actions.assigning import end_assignment
from patients.actions.consents import withdraw_consent
from patients.actions.letters import AN_HOUR, write_letter
from patients.actions.symptoms import clear_report, report_symptoms
from patients.letter_words import letter_content, read_facts
from patients.models import Assessment, Assignment, Letter, Patient
from patients.rules.letters import FROM_THE_RECORD
from programs.models import Program
from tests.cast import Cast, member_of

ALL = [part.value for part in FROM_THE_RECORD]


def loaded(patient: Patient) -> Patient:
    found: Patient = Patient.objects.select_related("clinic", "caseload", "membership__user", "therapist__user").get(pk=patient.pk)
    return found


def write(cast: Cast, patient: Patient | None = None, **words: Any) -> Letter:
    given = {"language": "en", "recipient_name": "Dr. Anna Weber", "parts": ALL, **words}
    return write_letter(patient=loaded(patient or cast.hannah), by=cast.therapist, now=cast.now, **given)[0]


def text_of(letter: Letter) -> str:
    """Return everything a letter says between greeting and closing."""
    return "\n".join(
        line for part in letter.content["sections"] for line in (part["heading"], *part["paragraphs"], *part.get("entries", []))
    )


def answer(cast: Cast, key: str, days_ago: int, pain: int | None, capability: int, patient: Patient | None = None) -> None:
    """Answer a measurement as many days ago."""
    rows = Assessment.objects.filter(patient=patient or cast.hannah, key=key)
    at = cast.now - dt.timedelta(days=days_ago)
    values = {"running_pain_0_10": pain, "running_capability_0_10": capability, "no_run_this_week": pain is None}
    rows.update(status=Assessment.Status.DONE, done_at=at, **values)


# --- what it says -------------------------------------------------------------------------


def test_program_week_and_training_done_are_told(cast: Cast) -> None:
    text = text_of(write(cast))
    assert "Program: Leg program, 8 weeks, 2 × a week in the clinic, 3 × a week at home." in text
    assert "and is in week 3 of 8." in text
    assert "modelled on one of the three exercise groups of a randomised trial (Cai, Yang, Kong 2017)" in text
    assert "sessions due so far" in text
    assert "In the clinic:" in text
    assert "at home:" in text


@pytest.mark.parametrize(
    ("pain", "capability", "said", "unsaid"),
    [
        (4, 4, ["from 6 to 4, better by 2 points, 33 % of the start", "From 2 points or 30 % on", "unchanged at 4"], ["less than"]),
        (5, 6, ["better by 1 point, 17 % of the start", "less than 2 points or 30 %", "only from 3 points on"], []),
        (8, 7, ["from 6 to 8, worse by 2 points", "from 4 to 7, better by 3 points", "From 3 points on"], ["likely to matter"]),
        (6, 3, ["unchanged at 6", "from 4 to 3, worse by 1 point", "may be measurement error"], ["30 %"]),
        (None, 5, ["better by 1 point"], ["Worst pain when running: from"]),
    ],
)
def test_a_change_is_told_with_what_its_size_means(
    cast: Cast, pain: int | None, capability: int, said: list[str], unsaid: list[str]
) -> None:
    answer(cast, "middle", 1, pain, capability)
    letter = write(cast, parts=["course"])
    text = text_of(letter)
    for words in said:
        assert words in text, words
    for words in unsaid:
        assert words not in text, words
    course = letter.content["sections"][0]
    assert [row[2:] for row in course["table"]["rows"]] == [
        ["6", "4"],
        ["no run that week" if pain is None else str(pain), str(capability)],
    ]
    assert "They do not show what it was due to." in course["notes"][1]
    assert len(course["figure"]["series"][1]["points"]) == 2


def test_one_measurement_gives_no_change_and_no_figure(cast: Cast) -> None:
    course = write(cast, parts=["course"]).content["sections"][0]
    assert "no change can be given" in course["paragraphs"][0]
    assert course["figure"] is None


def test_warning_signs_come_with_their_clearance_and_their_absence_is_said(cast: Cast) -> None:
    assert "No warning sign was reported in the symptom checks." in text_of(write(cast, parts=["signs"]))
    report, _new = report_symptoms(patient=loaded(cast.hannah), signs=["sharp_pain"], context="check_in", by=None, now=cast.now)
    assert "Sharp pain in exercise" in text_of(write(cast, parts=["signs"]))
    assert "Not cleared yet." in text_of(write(cast, parts=["signs"]))
    clear_report(report=report, note="Examined, no deficit.", by=cast.therapist, now=cast.now)
    assert "by Jonas Keller: Examined, no deficit." in text_of(write(cast, parts=["signs"]))


def test_without_a_program_nothing_is_made_up(cast: Cast) -> None:
    text = text_of(write(cast, cast.lena))
    for words in ("No program has been given yet.", "No session has been due yet.", "No measurement has been answered yet."):
        assert words in text
    assert "No symptom check has been answered yet." in text
    assert "trial" not in text


def test_an_ended_program_says_how_and_has_no_last_day_to_come(cast: Cast) -> None:
    assignment = Assignment.objects.select_related("patient__clinic", "patient__caseload", "version__program").get(patient=cast.hannah)
    end_assignment(assignment=assignment, reason="Runs again", outcome="better", by=cast.therapist, now=cast.now)
    text = text_of(write(cast))
    assert "was ended early (stopped because of feeling better)" in text
    assert "The program is planned until" not in text
    assert "Runs again" not in text  # a note for the clinic


def test_a_clinics_own_program_claims_no_trial(cast: Cast) -> None:
    Program.objects.filter(versions__assignments__patient=cast.hannah).update(origin="clinic", clinic=cast.riverside)
    text = text_of(write(cast))
    assert "Leg program" in text
    assert "trial" not in text


def test_the_letter_is_written_in_its_own_language_whoever_writes_it(cast: Cast) -> None:
    with translation.override("en"):
        letter = write(cast, language="de", findings="Frei beweglich.")
    assert letter.content["greeting"] == "Guten Tag Dr. Anna Weber,"
    assert letter.content["closing"] == "Mit freundlichen Grüßen"
    text = text_of(letter)
    assert "Beinprogramm" in text
    assert "week" not in text
    assert "Befund und Bemerkungen" in text


def test_the_price_of_a_letter_does_not_grow_with_the_record(cast: Cast, django_assert_max_num_queries: Any) -> None:
    patient = loaded(cast.hannah)
    with django_assert_max_num_queries(9):
        letter_content(read_facts(patient, by=cast.therapist, now=cast.now), recipient_name="Dr. Weber", parts=ALL)


# --- how it is kept -----------------------------------------------------------------------


def test_a_letter_stays_as_it_was_written(cast: Cast) -> None:
    letter = write(cast, findings="  One.\r\n\r\nTwo.  ")
    before = text_of(letter)
    answer(cast, "middle", 1, 2, 8)
    letter.refresh_from_db()
    assert text_of(letter) == before
    assert letter.findings == "One.\n\nTwo."
    assert (letter.written_by, letter.patient_id, letter.language) == (cast.therapist, cast.hannah.pk, "en")


def test_the_trail_names_the_parts_and_no_word_of_the_letter(cast: Cast) -> None:
    letter = write(cast, findings="Secret finding", parts=["signs"])
    event = AuditEvent.objects.get(action="letter.write", object_id=letter.pk)
    assert event.patient_id == cast.hannah.pk
    assert event.details == {"parts": ["signs"], "language": "en"}


def test_the_addressee_is_kept_as_the_referring_doctor_only_if_wished(cast: Cast) -> None:
    write(cast, recipient_address="Uferweg 3\n10115 Berlin")
    assert loaded(cast.hannah).doctor_name == ""
    write(cast, recipient_address="Uferweg 3\n10115 Berlin", keeps_doctor=True)
    kept = loaded(cast.hannah)
    assert (kept.doctor_name, kept.doctor_address) == ("Dr. Anna Weber", "Uferweg 3\n10115 Berlin")


def test_a_double_click_is_one_letter_and_the_same_key_with_other_words_a_conflict(cast: Cast) -> None:
    key = uuid.uuid4()
    first = write(cast, client_key=key)
    assert write(cast, client_key=key) == first
    assert Letter.objects.filter(patient=cast.hannah).count() == 1
    with pytest.raises(Conflict):
        write(cast, client_key=key, findings="More.")


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"recipient_name": "  "}, "recipient_name"),
        ({"recipient_name": "x" * 121}, "recipient_name"),
        ({"recipient_address": "x" * 301}, "recipient_address"),
        ({"findings": "x" * 10_001}, "findings"),
        ({"outlook": "x" * 2001}, "outlook"),
        ({"parts": []}, "parts"),
        ({"parts": ["findings"]}, "parts"),
        ({"language": "fr"}, "language"),
    ],
)
def test_nobody_nothing_and_too_much_are_refused(cast: Cast, words: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        write(cast, **words)
    assert list(refused.value.fields) == [field]
    assert not Letter.objects.exists()


def test_no_letter_about_somebody_who_was_erased_or_took_the_agreement_back(cast: Cast) -> None:
    withdraw_consent(patient=loaded(cast.hannah), purpose="record", by=member_of(cast.hannah), now=cast.now)
    with pytest.raises(Conflict):
        write(cast)
    Patient.objects.filter(pk=cast.lena.pk).update(erased_at=cast.now)
    with pytest.raises(Conflict):
        write(cast, cast.lena)


def test_letters_are_limited_by_the_hour(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patients.actions.letters.AN_HOUR", 2)
    assert AN_HOUR > 2
    write(cast, parts=["signs"])
    write(cast, parts=["signs"])
    with pytest.raises(TooMany):
        write(cast, parts=["signs"])
