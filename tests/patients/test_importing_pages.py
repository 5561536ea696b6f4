"""The pages of an import: upload, columns, what was found, the way back, and everything that is refused."""

import csv
import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from clinics.jobs import run_job
from clinics.models import AuditEvent, Job
from patients.actions.people import archive_patient
from patients.import_words import COLUMNS, FAULTS, TROUBLES, VERDICTS, finding_row
from patients.models import ImportFile, Patient
from patients.rules.import_lines import Trouble, Verdict
from patients.rules.importing import Column, Fault, look_at
from patients.views.importing import SAMPLES
from tests.cast import Cast, sign_in
from tests.patients.importing import HEAD, NEW, checked, imported, kept, lines

pytestmark = pytest.mark.django_db
UPLOAD = reverse("patients:imports")


@pytest.fixture
def manager(cast: Cast, client: Client) -> Client:
    return sign_in(client, cast.manager)


def address(name: str, file: ImportFile) -> str:
    return reverse(f"patients:import_{name}", args=[file.pk])


def send(client: Client, data: bytes = b"", text: str = "", name: str = "list.csv") -> Any:
    body: dict[str, Any] = {"text": text}
    if data:
        body["file"] = SimpleUploadedFile(name, data)
    return client.post(UPLOAD, body)


def finish(client: Client, answer: Any, cast: Cast) -> Any:
    """Follow to the job, let it be done, and follow to what came of it."""
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    job = Job.objects.latest("created_at")
    assert answer["Location"] == reverse("clinics:job", args=[job.pk])
    run_job(job.pk, now=cast.now)
    return client.get(answer["Location"], follow=True)


def form_of(page: Any) -> dict[str, Any]:
    """Return what the form of the columns would send."""
    form = page.context["form"]
    return {bound.html_name: bound.value() or "" for bound in form if bound.value() not in (None, False)}


def test_a_list_goes_from_upload_over_columns_and_check_to_records_and_back(manager: Client, cast: Cast) -> None:
    page = manager.get(send(manager, lines(*NEW))["Location"])
    file = ImportFile.objects.get()
    assert "Carla" in page.content.decode()
    assert page.context["form"]["column_2"].value() == Column.BORN_ON
    found = finish(manager, manager.post(address("file", file), form_of(page)), cast)
    assert found.redirect_chain[-1][0] == address("check", file)
    assert "Import 3 patients" in found.content.decode()
    assert not Patient.objects.filter(imported_with=file).exists()
    done = finish(manager, manager.post(address("check", file)), cast)
    assert done.redirect_chain[-1][0] == address("file", file)
    assert Patient.objects.filter(imported_with=file).count() == 3
    assert "3" in manager.get(address("take_back", file)).content.decode()
    finish(manager, manager.post(address("take_back", file)), cast)
    assert not Patient.objects.filter(imported_with=file).exists()
    assert AuditEvent.objects.filter(action="import.view", object_id=file.pk).exists()


def test_pasted_lines_are_a_file_as_well(manager: Client) -> None:
    answer = send(manager, text="Vorname;Nachname\r\nAnna;Neu\r\n")
    file = ImportFile.objects.get()
    assert (answer["Location"], file.name) == (address("file", file), "pasted lines")


@pytest.mark.parametrize(
    ("data", "text", "said"),
    [
        (b"", "", "Choose a file, or paste"),
        (b"a,b\n1,2\n", "a,b\n1,2", "not both"),
        (b"PK\x03\x04" + b"x" * 100, "", "spreadsheet"),
        (b"\x1f\x8b" + b"x" * 100, "", "compressed"),
        (b"a,b\n\x00,2\n", "", "characters no text has"),
        (b"a,b\n\xff\x81,2\n", "", "letters of this file"),
        (b",".join(b"c" for _ in range(10_000)), "", "more than 200 columns"),
        (b'"a,b\n1,2\n', "", "quotation mark"),
        (b"x" * 200_000, "", "longer than 131072"),
        (b" \n;;\n", "", "empty"),
        (b"", '"a,b\n1,2\n', "quotation mark"),
    ],
)
def test_what_cannot_be_read_is_said_beside_the_field_and_what_was_typed_stays(manager: Client, data: bytes, text: str, said: str) -> None:
    answer = send(manager, data, text)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in re.sub(r"\s+", " ", page)
    assert not ImportFile.objects.exists()
    assert not text or "1,2" in page


def test_a_file_may_be_as_large_as_the_setting_says_and_no_larger(manager: Client, settings: Any) -> None:
    assert UPLOAD in settings.LARGE_UPLOADS
    settings.IMPORT_MAX_BYTES, settings.LARGE_UPLOADS, settings.UPLOAD_MAX_BYTES = 5_000, {"/clinic/import/": 5_000}, 1_000
    large = lines(HEAD, *(f"Anna;Neu{place};;;;;" for place in range(150)))
    assert 2_000 < len(large) < 5_000
    assert send(manager, large).status_code == 302
    assert ImportFile.objects.get().size_bytes == len(large)
    answer = send(manager, large * 2)
    assert (answer.status_code, "too large" in answer.content.decode()) == (422, True)


def test_errors_are_listed_by_line_and_can_be_downloaded_without_formulas(manager: Client, cast: Cast) -> None:
    file = checked(cast, HEAD, "Carla;;31.12.80;=cmd();;;", "Dora;Neu;;;;;")
    page = manager.get(address("check", file)).content.decode()
    assert "3 places have to be corrected" in page
    assert "Import 1" not in page
    answer = manager.get(address("findings", file))
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert answer["Content-Disposition"].startswith("attachment")
    assert [(row[0], row[2], row[3]) for row in rows[1:]] == [
        ("2", "Last name", ""),
        ("2", "Date of birth", "31.12.80"),
        ("2", "E-mail address", "'=cmd()"),
    ]
    refused = manager.post(address("check", file))
    assert refused.status_code == 409
    assert not Patient.objects.filter(imported_with=file).exists()


def test_another_delimiter_is_read_again_before_anything_is_checked(manager: Client, cast: Cast) -> None:
    file = kept(cast, "Vorname;Nachname;x,y", "Anna;Neu;a,b")
    sent = form_of(manager.get(address("file", file)))
    assert manager.post(address("file", file), {**sent, "delimiter": "comma"})["Location"] == address("file", file)
    assert not Job.objects.exists()
    file.refresh_from_db()
    assert file.reading["columns"] == ["", ""]


def test_columns_that_are_missing_or_doubled_are_refused_with_what_was_chosen(manager: Client, cast: Cast) -> None:
    file = kept(cast, HEAD, "Anna;Neu;;;;;")
    sent = form_of(manager.get(address("file", file)))
    doubled = manager.post(address("file", file), {**sent, "column_1": "first_name", "date_order": "month"})
    page = doubled.content.decode()
    assert doubled.status_code == 422
    assert "Another column holds this already." in page
    assert '<option value="month" selected>' in page
    missing = manager.post(address("file", file), {**sent, "column_1": ""})
    assert (missing.status_code, "Last name" in missing.content.decode()) == (422, True)
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "wrong", [{"encoding": "utf-7"}, {"delimiter": "x"}, {"therapist": "0"}, {"column_0": "is_staff"}, {"duplicates": "delete"}]
)
def test_choices_nobody_offers_are_refused(manager: Client, cast: Cast, wrong: dict[str, str]) -> None:
    file = kept(cast, HEAD, "Anna;Neu;;;;;")
    sent = form_of(manager.get(address("file", file)))
    assert manager.post(address("file", file), {**sent, **wrong}).status_code == 422


def test_hostile_texts_are_shown_as_text_and_stored_as_typed(manager: Client, cast: Cast) -> None:
    name = "<script>alert(1)</script> \u202eabc 👩‍⚕️ Z̸a̶l̷"
    file = imported(cast, HEAD, f"{name};=1+1;;;;;")
    patient = Patient.objects.get(imported_with=file)
    assert (patient.first_name, patient.last_name) == (name, "=1+1")
    other = checked(cast, HEAD, "<b>x</b>;Neu;<i>31</i>;;;;")
    page = manager.get(address("check", other)).content.decode()
    assert "<i>31" not in page
    assert "&lt;i&gt;31" in page


def test_the_same_file_is_recognised(manager: Client, cast: Cast) -> None:
    done = imported(cast, *NEW)
    again = manager.get(send(manager, lines(*NEW))["Location"])
    assert address("file", done) in again.content.decode()


def test_a_discarded_file_and_a_forgotten_one_are_not_there(manager: Client, cast: Cast) -> None:
    file = kept(cast, *NEW)
    assert manager.post(address("discard", file))["Location"] == UPLOAD
    assert manager.get(address("file", file)).status_code == 404


def test_an_import_in_use_says_whose_and_offers_no_way_back(manager: Client, cast: Cast) -> None:
    file = imported(cast, *NEW)
    carla = Patient.objects.get(imported_with=file, first_name="Carla")
    archive_patient(patient=carla, by=cast.manager, now=cast.now)
    page = manager.get(address("take_back", file)).content.decode()
    assert reverse("patients:patient", args=[carla.pk]) in page
    assert "btn--danger" not in page
    assert manager.post(address("take_back", file)).status_code == 409


def test_inviting_begins_and_ends_by_a_button(manager: Client, cast: Cast) -> None:
    file = imported(cast, *NEW)
    assert "1 person of this import" in manager.get(address("file", file)).content.decode()
    manager.post(address("invite", file), {"on": "1"})
    assert ImportFile.objects.get(pk=file.pk).inviter == cast.manager
    assert "Stop inviting" in manager.get(address("file", file)).content.decode()
    manager.post(address("invite", file), {"on": "0"})
    assert ImportFile.objects.get(pk=file.pk).inviter is None


def test_therapists_and_other_clinics_see_nothing_of_it(cast: Cast, client: Client) -> None:
    file = checked(cast, *NEW)
    for who, status in ((cast.therapist, 403), (cast.harbour_manager, 404), (cast.hannah.membership, 403)):
        sign_in(client, who)
        for name in ("file", "check", "findings", "take_back"):
            assert client.get(address(name, file)).status_code == status
        for name in ("discard", "invite", "check", "take_back"):
            assert client.post(address(name, file)).status_code == status
    assert ImportFile.objects.filter(pk=file.pk).exists()


def test_the_list_needs_the_same_statements_for_one_and_for_many(manager: Client, cast: Cast, django_assert_max_num_queries: Any) -> None:
    for size in (1, 15):
        for place in range(size):
            kept(cast, HEAD, f"Anna;Neu{size}x{place};;;;;")
        with django_assert_max_num_queries(9):
            assert manager.get(UPLOAD).status_code == 200


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_sample_files_are_understood_as_they_are(manager: Client, cast: Cast, language: str) -> None:
    answer = manager.get(reverse("patients:import_sample"), {"language": language})
    assert set(look_at(answer.content).columns) == set(Column) - {Column.TIME_ZONE}
    file = ImportFile.objects.get(pk=send(manager, answer.content)["Location"].split("/")[-2])
    found = checked(cast, file=file)
    assert (found.counts["new"], found.counts.get("errors", 0)) == (1, 0)


def test_everything_that_may_be_said_has_words() -> None:
    assert set(FAULTS) == set(Fault)
    assert set(TROUBLES) == set(Trouble)
    assert set(VERDICTS) == set(Verdict)
    assert set(COLUMNS) == set(Column)
    for trouble in [*Trouble, *Fault]:
        assert "%" not in finding_row([1, "email", trouble, "x", 7, True])["text"]
    assert set(SAMPLES) == {"en", "de"}
