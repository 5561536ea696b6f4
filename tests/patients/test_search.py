"""Finding people: by any word's beginning, however it is spelled; the words follow the record, and nobody finds another clinic's."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from patients.actions.erasing import erase_patient
from patients.actions.people import archive_patient, change_patient, create_patient
from patients.models import CaseloadEntry, Patient, SearchWord
from tests.cast import Cast, sign_in
from tests.patients.test_caseload import add_patients, names, page

Find = Callable[..., set[str]]


@pytest.fixture
def find(client: Client, cast: Cast) -> Find:
    """Search the clinic's caseload as a manager; return the names shown."""
    sign_in(client, cast.manager)
    return lambda words, **query: set(names(page(client, q=words, **query)))


def new(cast: Cast, first: str, last: str, **more: object) -> Patient:
    row: Patient = create_patient(clinic=cast.riverside, by=cast.therapist, now=cast.now, first_name=first, last_name=last, **more)  # type: ignore[arg-type]
    return row


def words(patient: Patient) -> set[str]:
    return set(SearchWord.objects.filter(patient=patient).values_list("word", flat=True))


@pytest.mark.parametrize("typed", ["jürg", "juerg", "JURG", "müll", "mueller j", "lüd", "müller-lü", "muellerlued", "1984", "mül 84000 19"])
def test_a_name_is_found_by_the_beginning_of_any_of_its_words_in_any_spelling(find: Find, cast: Cast, typed: str) -> None:
    new(cast, "Jürg", "Müller-Lüdenscheidt", born_on=dt.date(1984, 5, 1), number="84000")
    assert find(typed) == {"Jürg Müller-Lüdenscheidt"}


def test_what_stands_within_a_word_is_not_its_beginning(find: Find) -> None:
    assert find("annah") == set()
    assert find("randt") == set()


def test_signs_alone_narrow_nothing(find: Find) -> None:
    assert len(find(" -'. % _ \\ ")) == 3


def test_a_new_name_is_found_and_the_old_one_is_not(find: Find, cast: Cast) -> None:
    patient = new(cast, "Ada", "Ohm")
    change_patient(patient=patient, by=cast.therapist, now=cast.now, last_name="Weiß", born_on=dt.date(1990, 1, 1))
    assert find("weiss 1990") == {"Ada Weiß"}
    assert find("ohm") == set()
    assert words(patient) == {"ada", "weiss", "1990", patient.number, patient.number.lstrip("0")}


def test_a_record_changed_or_made_in_a_set_is_found_as_well(find: Find, cast: Cast) -> None:
    [made] = Patient.objects.bulk_create([Patient(clinic=cast.riverside, number="77001", first_name="Éva", last_name="Nagy")])
    CaseloadEntry.objects.create(patient=made, clinic=cast.riverside)
    assert find("eva") == {"Éva Nagy"}
    Patient.objects.filter(pk=made.pk).update(first_name="Zsófia")
    assert find("zsofia") == {"Zsófia Nagy"}
    assert find("eva") == set()


def test_the_line_follows_the_record(find: Find, cast: Cast, client: Client) -> None:
    patient = new(cast, "Ada", "Ohm")
    Patient.objects.filter(pk=patient.pk).update(therapist=cast.therapist2)
    line = CaseloadEntry.objects.get(patient=patient)
    assert (line.therapist, line.sort_name, line.is_listed) == (cast.therapist2, "ada ohm", True)
    change_patient(patient=Patient.objects.get(pk=patient.pk), by=cast.manager, now=cast.now, therapist=cast.therapist, last_name="Abel")
    line.refresh_from_db()
    assert (line.therapist, line.sort_name) == (cast.therapist, "ada abel")
    archive_patient(patient=patient, by=cast.manager, now=cast.now)
    line.refresh_from_db()
    assert not line.is_listed
    assert find("abel") == set()


def test_an_erased_person_is_found_under_no_name(cast: Cast) -> None:
    patient = new(cast, "Ada", "Ohm", born_on=dt.date(1990, 1, 1))
    erase_patient(patient=patient, typed=patient.number, by=cast.manager, now=cast.now, years=10)
    patient.refresh_from_db()
    assert not words(patient) & {"ada", "ohm", "1990"}
    assert CaseloadEntry.objects.get(patient=patient).sort_name == patient.number.lower()


def test_nobody_finds_people_of_another_clinic(find: Find, client: Client, cast: Cast) -> None:
    assert find("wei") == set()
    sign_in(client, cast.harbour_manager)
    assert names(page(client, q="wei")) == ["Wei Lim"]


def test_the_api_finds_by_the_same_words(client: Client, cast: Cast) -> None:
    sign_in(client, cast.manager)
    for path in ("/api/v1/patients/", "/api/v1/caseload/"):
        rows = client.get(path, {"q": "nov"}).json()["results"]
        assert [row.get("patient", row)["last_name"] for row in rows] == ["Novák"], path


def test_searching_asks_as_many_questions_as_the_whole_list(client: Client, cast: Cast) -> None:
    add_patients(cast, 60)
    sign_in(client, cast.therapist)
    page(client)
    counts = {}
    for query in ({}, {"q": "person"}, {"q": "many person 9"}, {"week": "3"}, {"program": "LL"}, {"order": "name"}, {"page": "2"}):
        with CaptureQueriesContext(connection) as queries:
            page(client, **query)
        counts[str(query)] = len(queries)
    assert set(counts.values()) == {counts["{}"]}
    assert counts["{}"] <= 7


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite sorts by bytes anyway")
@pytest.mark.django_db
def test_words_sort_by_bytes_whatever_language_the_database_speaks() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select collation_name from information_schema.columns where table_name = 'patients_searchword' and column_name = 'word'"
        )
        assert cursor.fetchone() == ("C",)


def test_the_words_of_many_are_kept_in_a_constant_number_of_statements(cast: Cast) -> None:
    rows = list(Patient.objects.filter(clinic=cast.riverside))
    SearchWord.objects.all().delete()
    with CaptureQueriesContext(connection) as queries:
        SearchWord.keep(rows)
    assert len(queries) == 2
    with CaptureQueriesContext(connection) as queries:
        SearchWord.keep(rows)
    assert len(queries) == 1


def test_the_page_finds_without_javascript(client: Client, cast: Cast) -> None:
    sign_in(client, cast.manager)
    text = client.get(reverse("patients:caseload"), {"q": "han", "who": "clinic"}).content.decode()
    assert "<html" in text
    assert 'value="han"' in text
    assert names(text) == ["Hannah Brandt"]
