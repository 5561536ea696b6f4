"""The pages of runs: by hand, from a watch file, with the timer; lists, shoes, and nobody else's rows."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from clinics.localtime import local_day
from clinics.models import AuditEvent, User
from patients.actions.runs import add_shoe, log_run
from patients.models import Patient, Run, Shoe
from tests.cast import Cast, sign_in
from tests.patients.actions.test_runs import me, runner, session_of

__all__ = ("runner",)

SAMPLES = Path(__file__).parent / "watch" / "samples"
ANSWERS = {"distance_km": "5.2", "minutes": "31", "seconds": "40", "pain_worst_0_10": "3", "leg_pain_0_10": "1"}
NEW = reverse("patients:run_new")


@pytest.fixture
def hannah(cast: Cast, client: Client) -> Client:
    return sign_in(client, me(cast.hannah))


def a_run(patient: Patient, now: dt.datetime, **more: Any) -> Run:
    found: Patient = Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=patient.pk)
    values: dict[str, Any] = {"pain_worst_0_10": 2, "distance_km": Decimal(5), "duration_seconds": 1800} | more
    return log_run(patient=found, by=me(found), now=now, **values).run


def upload(name: str, content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, (SAMPLES / name).read_bytes() if content is None else content)


def test_a_run_is_saved_and_stands_in_the_list(cast: Cast, hannah: Client) -> None:
    answer = hannah.post(NEW, ANSWERS, follow=True)
    assert "Run saved." in answer.content.decode()
    run = Run.objects.get()
    assert (run.distance_km, run.duration_seconds, run.pain_worst_0_10, run.leg_pain_0_10) == (Decimal("5.2"), 1900, 3, 1)
    assert (run.source, run.pain_after_0_10, run.on) == ("hand", None, local_day(cast.now, "Europe/Berlin"))
    assert "5.2 km" in answer.content.decode()


@pytest.mark.parametrize(("typed", "km"), [("5,25", "5.25"), ("5.25", "5.25"), ("7", "7"), (" 10,0 ", "10")])
@pytest.mark.parametrize("language", ["en", "de"])
def test_kilometres_take_comma_and_point_in_every_language(cast: Cast, hannah: Client, typed: str, km: str, language: str) -> None:
    User.objects.filter(email="hannah@patients.example").update(language=language)
    assert hannah.post(NEW, ANSWERS | {"distance_km": typed, "minutes": "90"}).status_code == 302
    assert Run.objects.get().distance_km == Decimal(km)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"pain_worst_0_10": ""}, "pain_worst_0_10"),
        ({"pain_worst_0_10": "11"}, "pain_worst_0_10"),
        ({"distance_km": "far"}, "distance_km"),
        ({"distance_km": "", "minutes": "", "seconds": ""}, "distance_km"),
        ({"distance_km": "1e9999"}, "distance_km"),
        ({"minutes": "9" * 400}, "minutes"),
        ({"seconds": "60"}, "seconds"),
        ({"distance_km": "30"}, "distance_km"),
        ({"average_heart_rate": "7"}, "average_heart_rate"),
        ({"on": "2999-01-01"}, "on"),
        ({"on": "yesterday"}, "on"),
        ({"started": "25:00"}, "started"),
        ({"shoe": "01900000-0000-7000-8000-000000000000"}, "shoe"),
        ({"shoe": "nonsense"}, "shoe"),
        ({"note": "x" * 2001}, "note"),
        ({"source": "guess"}, "source"),
    ],
)
def test_a_wrong_answer_is_refused_beside_its_question_and_the_rest_is_kept(
    cast: Cast, hannah: Client, change: dict[str, str], field: str
) -> None:
    answer = hannah.post(NEW, ANSWERS | {"note": "windy"} | change)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    if "note" not in change:
        assert "windy" in answer.content.decode()
    assert not Run.objects.exists()


@pytest.mark.parametrize("damaged", ["", "not-a-key", "1"])
def test_a_damaged_key_is_as_good_as_none(cast: Cast, hannah: Client, damaged: str) -> None:
    assert hannah.post(NEW, ANSWERS | {"client_key": damaged}).status_code == 302


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("garmin-fenix-5-run.fit", ['value="0.16"', 'value="2017-06-11"', 'value="16:34"', 'value="90"', 'value="fit"']),
        ("polar-m400-run.tcx", ['value="4.51"', 'value="58"', 'value="30"', 'value="130"', 'value="tcx"']),
        ("strava-ride.gpx", ['value="0.25"', "no run or walk", 'value="gpx"']),
    ],
)
def test_a_watch_file_fills_in_the_form_and_saves_nothing(cast: Cast, hannah: Client, name: str, shown: list[str]) -> None:
    answer = hannah.post(NEW, {"answer": "file", "file": upload(name), "pain_worst_0_10": "4", "note": "my words"})
    text = answer.content.decode()
    assert answer.status_code == 200
    assert [part for part in [*shown, "my words", "Nothing is saved yet"] if part not in text] == []
    assert answer.context["form"]["pain_worst_0_10"].value() == "4"
    assert not Run.objects.exists()


def test_what_was_read_is_saved_after_a_look(cast: Cast, hannah: Client) -> None:
    today = local_day(cast.now, "Europe/Berlin")
    read = {"source": "fit", "started": "00:01", "on": today.isoformat(), "average_heart_rate": "151"}
    assert hannah.post(NEW, ANSWERS | read).status_code == 302
    run = Run.objects.get()
    assert (run.source, run.average_heart_rate, run.on) == ("fit", 151, today)
    assert hannah.post(NEW, ANSWERS | read).status_code == 409


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"%PDF-1.7", "no watch file"),
        (b"PK\x03\x04zipped", "unpack it first"),
        ((SAMPLES / "garmin-fenix-5-run.fit").read_bytes()[:3000], "damaged"),
        (b"<!DOCTYPE gpx [<!ENTITY a 'a'>]><gpx>&a;</gpx>", "damaged"),
        (b"<gpx></gpx>", "no run with a time"),
        (b"x" * 5_000_001, "larger than 5 MB"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_beside_the_field_and_what_was_typed_is_kept(
    cast: Cast, hannah: Client, content: bytes, words: str
) -> None:
    answer = hannah.post(NEW, ANSWERS | {"answer": "file", "file": upload("run.fit", content), "note": "my words"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert words in str(answer.context["watch"].errors["file"])
    assert [part for part in ("my words", 'value="5.2"', 'value="31"') if part not in text] == []
    assert not Run.objects.exists()


def test_the_button_without_a_file_says_so(cast: Cast, hannah: Client) -> None:
    answer = hannah.post(NEW, ANSWERS | {"answer": "file"})
    assert (answer.status_code, "choose a file first" in answer.content.decode()) == (422, True)


def test_a_file_sent_with_the_save_button_is_shown_first(cast: Cast, hannah: Client) -> None:
    assert hannah.post(NEW, ANSWERS | {"file": upload("polar-m400-run.tcx")}).status_code == 200
    assert not Run.objects.exists()


def test_the_therapist_is_named_when_it_hurt_and_the_shoes_when_they_are_worn(cast: Cast, hannah: Client) -> None:
    shoe, _new = add_shoe(patient=cast.hannah, name="Blue ones", limit_km=100, by=me(cast.hannah), now=cast.now)
    a_run(cast.hannah, cast.now, distance_km=Decimal(99), duration_seconds=None, shoe=shoe)
    text = hannah.post(NEW, ANSWERS | {"leg_pain_0_10": "6", "shoe": str(shoe.pk)}, follow=True).content.decode()
    assert "hurt more than 5" in text
    assert "has now run 104 km" in text
    assert "Past 100 km" in hannah.get(reverse("patients:shoes")).content.decode()


def test_a_run_is_corrected_and_its_history_shown(cast: Cast, hannah: Client) -> None:
    run = a_run(cast.hannah, cast.now)
    address = reverse("patients:run", args=[run.pk])
    assert hannah.get(address).status_code == 200
    assert hannah.post(address, ANSWERS | {"pain_worst_0_10": ""}).status_code == 422
    assert hannah.post(address, ANSWERS).status_code == 302
    run.refresh_from_db()
    assert (run.distance_km, run.duration_seconds, run.pain_worst_0_10) == (Decimal("5.2"), 1900, 3)
    assert "<del>5.00</del>" in hannah.get(address).content.decode()


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999", "9" * 30, "²", "1"])
def test_any_page_number_is_answered(cast: Cast, hannah: Client, page: str) -> None:
    assert hannah.get(reverse("patients:runs"), {"page": page}).status_code == 200


def test_the_list_needs_the_same_number_of_queries_for_one_run_and_for_many(
    cast: Cast, hannah: Client, django_assert_max_num_queries: Any
) -> None:
    address = reverse("patients:runs")
    a_run(cast.hannah, cast.now)
    hannah.get(address)
    with django_assert_max_num_queries(9) as one:
        hannah.get(address)
    for days in range(1, 13):
        a_run(cast.hannah, cast.now, on=local_day(cast.now, "Europe/Berlin") - dt.timedelta(days=days))
    with django_assert_max_num_queries(len(one.captured_queries)):
        text = hannah.get(address).content.decode()
    assert "Kilometres by week" in text


def test_what_is_read_is_noted_in_the_trail(cast: Cast, hannah: Client) -> None:
    run = a_run(cast.hannah, cast.now)
    hannah.get(reverse("patients:runs"))
    hannah.get(reverse("patients:run", args=[run.pk]))
    hannah.get(reverse("patients:shoes"))
    found = set(AuditEvent.objects.filter(patient_id=cast.hannah.pk).values_list("action", flat=True))
    assert {"run.log", "run.list", "run.view", "shoe.list"} <= found


@pytest.mark.parametrize("who", ["marek", "wei", "therapist", "manager"])
def test_nobody_else_gets_at_a_run_or_a_pair(cast: Cast, client: Client, who: str) -> None:
    run = a_run(cast.hannah, cast.now)
    shoe, _new = add_shoe(patient=cast.hannah, name="Blue ones", by=me(cast.hannah), now=cast.now)
    person = getattr(cast, who)
    sign_in(client, getattr(person, "membership", person))
    expected = 403 if who in {"therapist", "manager"} else 404
    run_at = reverse("patients:run", args=[run.pk])
    assert [client.get(run_at).status_code, client.post(run_at, ANSWERS).status_code] == [expected] * 2
    for name in ("shoe_retire", "shoe_take_up"):
        assert client.post(reverse(f"patients:{name}", args=[shoe.pk])).status_code == expected
    if expected == 404:
        assert client.post(NEW, ANSWERS | {"shoe": str(shoe.pk)}).status_code == 422
    shoe.refresh_from_db()
    run.refresh_from_db()
    assert (shoe.retired_on, run.distance_km) == (None, Decimal(5))


def test_a_pair_is_added_put_aside_and_taken_up(cast: Cast, hannah: Client) -> None:
    address = reverse("patients:shoes")
    assert hannah.post(address, {"name": ""}).status_code == 422
    assert hannah.post(address, {"name": "Blue <b>ones</b>", "limit_km": "700"}).status_code == 302
    shoe = Shoe.objects.get()
    assert "Blue &lt;b&gt;ones" in hannah.get(address).content.decode()
    retire = reverse("patients:shoe_retire", args=[shoe.pk])
    assert [hannah.post(retire).status_code, hannah.post(retire).status_code, hannah.get(retire).status_code] == [302, 409, 405]
    assert "Use again" in hannah.get(address).content.decode()
    assert hannah.post(reverse("patients:shoe_take_up", args=[shoe.pk])).status_code == 302


def test_a_run_walk_session_leads_to_the_timer_and_is_logged_there(runner: Cast, client: Client) -> None:
    sign_in(client, me(runner.hannah))
    session = session_of(runner)
    timer = reverse("patients:session_run", args=[session.pk])
    assert timer in client.get(reverse("patients:session", args=[session.pk])).content.decode()
    text = client.get(timer).content.decode()
    assert "Run-walk, stage 1" in text
    assert "[[&quot;walk&quot;, 120], [&quot;run&quot;, 15]" in text
    assert 'value="13"' in text
    assert client.post(timer, {"rounds_done": "5"}).status_code == 422
    answer = client.post(timer, ANSWERS | {"distance_km": "2,9", "rounds_done": "13"})
    assert answer.headers["Location"] == reverse("patients:today")
    session.refresh_from_db()
    assert (session.status, session.run.distance_km) == ("done", Decimal("2.9"))
    assert client.get(timer).headers["Location"] == reverse("patients:session", args=[session.pk])
    assert reverse("patients:run", args=[session.run.pk]) in client.get(reverse("patients:session", args=[session.pk])).content.decode()
    assert "2.9 km" in client.get(reverse("patients:progress")).content.decode().replace("</b>", "")


def test_a_strength_session_has_no_timer(cast: Cast, hannah: Client) -> None:
    session = cast.session_today(cast.hannah)
    answer = hannah.get(reverse("patients:session_run", args=[session.pk]))
    assert answer.headers["Location"] == reverse("patients:session", args=[session.pk])


def test_today_asks_for_a_run_and_then_says_that_there_is_one(cast: Cast, hannah: Client) -> None:
    assert "Run today?" in hannah.get(reverse("patients:today")).content.decode()
    a_run(cast.hannah, cast.now)
    assert "Run entered today" in hannah.get(reverse("patients:today")).content.decode()
