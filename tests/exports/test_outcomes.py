"""The table behind the outcomes: who gets it, what is in it, and that nobody can be told by name, number or day."""

import csv
import datetime as dt
import io
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinics.models import AuditEvent
from exports.outcomes import COLUMNS, code_of
from exports.views import COPIES
from patients.models import Assignment, Consent, Patient
from programs.models import Program, ProgramVersion
from tests.cast import PASSWORD, Cast, sign_in
from tests.patients.outcome_people import add_people, rising

PAGE, CSV = reverse("exports:outcomes"), reverse("exports:outcomes_csv")


@pytest.fixture
def people(cast: Cast) -> list[Patient]:
    """Six people of the leg program, four of the stabiliser program."""
    Consent.objects.filter(purpose="outcomes").update(withdrawn_at=cast.now)
    day = dt.date(2025, 2, 3)
    add_people(cast.riverside, cast.therapist, cast.version("stabiliser"), [rising()] * 4, starts_on=day, now=cast.now)
    answers = [rising()] * 5 + [{"baseline": (None, 5)}]
    return add_people(cast.riverside, cast.therapist, cast.version("leg"), answers, starts_on=day, now=cast.now)


@pytest.fixture
def manager(client: Client, cast: Cast) -> Client:
    """The manager, who has just typed the password."""
    sign_in(client, cast.manager)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


def table(client: Client) -> list[dict[str, str]]:
    answer = client.post(CSV)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "no-store" in answer.headers["Cache-Control"]
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_it_has_a_row_for_each_person_and_assessment(manager: Client, people: list[Patient]) -> None:
    rows = table(manager)
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 5 * 5 + 1
    assert {row["program"] for row in rows} == {"Leg program"} or len({row["program"] for row in rows}) == 1
    first = next(row for row in rows if row["assessment"] == "end")
    assert (first["week"], first["running_pain_0_10"], first["running_capability_0_10"]) == ("8", "4", "6")
    assert (first["adherence"], first["outcome"], first["tailored"], first["program_weeks"]) == ("0.75", "completed", "false", "8")
    assert [row["running_pain_0_10"] for row in rows if row["running_capability_0_10"] == "5" and row["assessment"] == "baseline"] == [""]


def test_it_names_nobody_and_no_day(manager: Client, people: list[Patient], cast: Cast) -> None:
    text = manager.post(CSV).content.decode()
    assert not re.search(r"\d{4}-\d{2}-\d{2}|2025", text)
    for person in people:
        assert person.number not in text
        assert str(person.pk) not in text
        assert person.pk.hex not in text
    assert "Toni" not in text


def test_a_person_has_the_same_code_in_every_download_and_another_in_another_clinic(
    manager: Client, people: list[Patient], cast: Cast
) -> None:
    codes = {row["person"] for row in table(manager)}
    assert codes == {row["person"] for row in table(manager)} == {code_of(cast.riverside.pk, one.pk) for one in people}
    assert len(codes) == 6
    assert code_of(cast.harbour.pk, people[0].pk) not in codes


def test_programs_of_fewer_than_five_people_are_left_out(manager: Client, people: list[Patient]) -> None:
    Consent.objects.filter(patient__in=people[:2], purpose="outcomes").delete()
    assert table(manager) == []


def test_a_name_that_a_spreadsheet_would_calculate_is_disarmed(manager: Client, people: list[Patient], cast: Cast) -> None:
    leg = cast.version("leg")
    own = Program.objects.create(
        clinic=cast.riverside, key="own", code="OWN", kind="strength", origin="clinic", names={"en": "=HYPERLINK(1)", "de": "@x"}
    )
    version = ProgramVersion.objects.create(program=own, clinic=cast.riverside, number=1, weeks=8)
    Assignment.objects.filter(version=leg, patient__in=people).update(version=version)
    assert {row["program"] for row in table(manager)} == {"'=HYPERLINK(1)"}


@pytest.mark.parametrize("who", ["therapist", "hannah"])
def test_only_managers_get_it(cast: Cast, client: Client, who: str) -> None:
    member = getattr(cast, who)
    sign_in(client, getattr(member, "membership", member))
    assert client.get(PAGE).status_code == 403
    assert client.post(CSV).status_code == 403


def test_the_password_is_asked_first(cast: Cast, client: Client) -> None:
    sign_in(client, cast.manager)
    assert reverse("account_reauthenticate") in client.get(PAGE).headers["Location"]
    assert client.post(CSV).headers["Location"] == PAGE
    assert not AuditEvent.objects.filter(action="outcomes.export").exists()


def test_the_page_says_what_is_in_it(manager: Client, cast: Cast) -> None:
    text = manager.get(PAGE).content.decode()
    assert "No names, no record numbers" in text
    assert f'action="{CSV}"' in text


def test_a_download_is_written_down_for_everybody_in_it(manager: Client, people: list[Patient], cast: Cast) -> None:
    table(manager)
    events = AuditEvent.objects.filter(action="outcomes.export")
    assert set(events.exclude(patient_id=None).values_list("patient_id", flat=True)) == {one.pk for one in people}
    whole: Any = events.get(patient_id=None)
    assert (whole.clinic_id, whole.details) == (cast.riverside.pk, {"count": 6})


def test_after_some_downloads_an_hour_it_is_refused(manager: Client, people: list[Patient]) -> None:
    for _ in range(COPIES):
        table(manager)
    assert manager.post(CSV).status_code == 429
