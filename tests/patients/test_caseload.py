"""The caseload: who is on it, in which order, why, and at what price."""

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.formats import date_format

from clinics.localtime import local_day
from clinics.middleware import SEEN_KEY
from clinics.models import AuditEvent
from patients.actions.alerts import acknowledge_alert, snooze_alert
from patients.actions.caseload import refresh_entries
from patients.actions.diary import check_in
from patients.actions.symptoms import report_symptoms
from patients.models import Alert, CaseloadEntry, Patient
from patients.views.caseload import PAGE_SIZE, SHOWN, chips_of, count_all, counted_lines, page_of_lines, read_rows
from tests.cast import Cast, sign_in

URL = reverse("patients:caseload")


def page(client: Client, **query: str) -> str:
    response = client.get(URL, query)
    assert response.status_code == 200
    return response.content.decode()


def names(text: str) -> list[str]:
    return re.findall(r'class="who" href="[^"]+">([^<]+)<', text)


def add_patients(cast: Cast, count: int) -> None:
    """Copy Hannah's line to many patients, in two statements."""
    line = CaseloadEntry.objects.get(patient=cast.hannah)
    rows = [
        Patient(
            clinic=cast.riverside,
            therapist=cast.therapist,
            number=f"9{place:04d}",
            first_name="Many",
            last_name=f"Person{place:04d}",
            search_text=f"many person{place:04d}",
        )
        for place in range(count)
    ]
    Patient.objects.bulk_create(rows)
    columns = {
        field.name: getattr(line, field.name)
        for field in CaseloadEntry._meta.concrete_fields
        if field.name not in {"patient", "clinic", "sort_name", "therapist"}
    }
    own = {"clinic": cast.riverside, "therapist": cast.therapist}
    CaseloadEntry.objects.bulk_create([CaseloadEntry(patient=row, sort_name=row.search_text, **own, **columns) for row in rows])


def test_a_therapist_sees_their_own_patients_first_and_the_clinic_on_request(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    assert set(names(page(client))) == {"Hannah Brandt", "Lena Vogt"}
    assert set(names(page(client, who="clinic"))) == {"Hannah Brandt", "Lena Vogt", "Marek Novák"}


def test_a_manager_sees_the_whole_clinic_and_nobody_of_another(client: Client, cast: Cast) -> None:
    sign_in(client, cast.manager)
    found = names(page(client))
    assert set(found) == {"Hannah Brandt", "Lena Vogt", "Marek Novák"}
    assert "Wei Lim" not in found


def test_patients_and_strangers_do_not_see_the_caseload(client: Client, cast: Cast) -> None:
    assert client.get(URL).status_code == 302
    assert cast.hannah.membership is not None
    sign_in(client, cast.hannah.membership)
    assert client.get(URL).status_code == 403


def test_words_find_names_and_numbers(client: Client, cast: Cast) -> None:
    sign_in(client, cast.manager)
    assert names(page(client, q="han bra")) == ["Hannah Brandt"]
    assert names(page(client, q="NOV")) == ["Marek Novák"]
    assert names(page(client, q=cast.lena.number)) == ["Lena Vogt"]
    assert names(page(client, q="nobody at all")) == []


def test_program_and_week_narrow_the_list_and_stay_in_the_address(client: Client, cast: Cast) -> None:
    sign_in(client, cast.manager)
    assert names(page(client, program="LL")) == ["Hannah Brandt"]
    assert names(page(client, week="3")) == ["Hannah Brandt"]
    assert names(page(client, week="5")) == []
    assert names(page(client, week="none")) == ["Lena Vogt", "Marek Novák"]
    assert 'value="LL" selected' in page(client, program="LL")


@pytest.mark.parametrize("query", [{"week": "99"}, {"who": "x"}, {"page": "-1"}, {"page": "abc"}, {"order": "'"}, {"program": "x" * 50}])
def test_filters_that_make_no_sense_are_left_aside(client: Client, cast: Cast, query: dict[str, str]) -> None:
    sign_in(client, cast.manager)
    assert len(names(page(client, **query))) == 3


def test_a_stop_sign_comes_first_with_its_reason_and_stays_in_sight_once_seen(client: Client, cast: Cast) -> None:
    report_symptoms(patient=cast.hannah, signs=["saddle_numbness"], context="check_in", by=cast.hannah.membership, now=cast.now)
    sign_in(client, cast.manager)
    text = page(client)
    assert names(text)[0] == "Hannah Brandt"
    assert "Saddle numbness" in text
    assert "Call now" in text
    assert "plan on hold" in text
    alert = Alert.objects.select_related("patient__clinic").get(patient=cast.hannah, level="stop")
    acknowledge_alert(alert=alert, by=cast.therapist, now=cast.now, note="called, goes to hospital")
    text = page(client)
    assert "Stop sign, act now" not in text
    assert names(text)[0] == "Hannah Brandt"
    assert "Saddle numbness" in text


def test_red_pain_is_a_reason_in_words(client: Client, cast: Cast) -> None:
    check_in(patient=cast.hannah, pain_0_10=8, readiness_0_10=2, by=cast.hannah.membership, now=cast.now)
    sign_in(client, cast.therapist)
    text = page(client)
    assert "Pain 8, today" in text
    assert "Needs attention · 1" in text
    assert "14 active" not in text


def test_the_list_says_what_is_missing_of_people_without_a_program(client: Client, cast: Cast) -> None:
    sign_in(client, cast.manager)
    text = page(client, q="Lena")
    assert "no program yet" in text
    assert "has not signed in yet" in text
    assert reverse("patients:assign", args=[cast.lena.pk]) in text


def test_a_search_as_one_types_gets_only_the_list_but_going_back_gets_the_page(client: Client, cast: Cast) -> None:
    sign_in(client, cast.manager)
    fragment = client.get(URL, {"q": "han"}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert names(fragment) == ["Hannah Brandt"]
    assert 'hx-swap-oob="true"' in fragment
    whole = client.get(URL, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"}).content.decode()
    assert "<html" in whole


def test_an_empty_clinic_is_told_what_to_do(client: Client, cast: Cast) -> None:
    Patient.objects.filter(clinic=cast.riverside).update(status=Patient.Status.ARCHIVED)
    sign_in(client, cast.manager)
    assert "No patients yet" in page(client)


def test_every_name_shown_is_in_the_trail(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    page(client)
    event = AuditEvent.objects.filter(action="caseload.list").latest("at")
    assert set(event.details["ids"]) == {str(cast.hannah.pk), str(cast.lena.pk)}
    assert event.clinic_id == cast.riverside.pk


def test_the_price_does_not_grow_with_the_number_of_patients(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    page(client)
    with CaptureQueriesContext(
        connection,
    ) as few:
        page(client)
    add_patients(cast, 200)
    with CaptureQueriesContext(connection) as many:
        response = client.get(URL)
    assert len(few) == len(many) <= 6, [query["sql"][:90] for query in many]
    assert len(response.content) <= 80_000
    assert "Page 1 of 6" in response.content.decode()


def test_pages_follow_each_other_without_gap_or_overlap(client: Client, cast: Cast) -> None:
    add_patients(cast, 120)
    sign_in(client, cast.therapist)
    seen = [name for number in ("1", "2", "3", "4") for name in names(page(client, page=number))]
    assert len(seen) == len(set(seen)) == 122
    assert names(page(client, page="99")) == names(page(client, page="4"))


@pytest.mark.parametrize("narrowed", [{}, {"program": "LL"}, {"who": "mine"}, {"order": "name"}, {"who": "mine", "program": "LL"}])
def test_a_page_written_once_reads_what_the_query_reads(cast: Cast, narrowed: dict[str, str]) -> None:
    add_patients(cast, 50)
    for member in (cast.manager, cast.therapist, cast.harbour_manager, cast.therapist):
        chosen = {"who": "clinic", "program": "", "order": "", "week": "", "q": "", "therapists": [member.pk], **narrowed}
        for start in (0, 40):
            plain = [dict(zip(SHOWN, row, strict=True)) for row in page_of_lines(member, chosen, start)]
            assert read_rows(member, chosen, start) == plain
        today = cast.now.date()
        plain_counts = [(*row[:3], *row[4:]) for row in counted_lines(member, today)]
        assert sorted(count_all(member, chosen, today)[0], key=str) == sorted(plain_counts, key=str)


def test_by_name_there_are_no_groups(client: Client, cast: Cast) -> None:
    sign_in(client, cast.manager)
    text = page(client, order="name")
    assert "On track" not in text
    assert names(text) == ["Hannah Brandt", "Lena Vogt", "Marek Novák"]


def test_after_the_program_the_next_assessment_is_named(client: Client, cast: Cast) -> None:
    assignment = cast.hannah.assignments.get()
    later = cast.now + dt.timedelta(days=60)
    type(assignment).objects.filter(pk=assignment.pk).update(status="completed")
    refresh_entries([cast.hannah], now=later)
    sign_in(client, cast.therapist)
    assert "follow-up" in page(client, q="Hannah")
    assert names(page(client, week="after")) == ["Hannah Brandt"]


# --- alerts in the list, and a list that looks by itself ----------------------------------------


def red(cast: Cast) -> Alert:
    """Let Marek report red pain, and return the alert as actions want it."""
    patient = Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=cast.marek.pk)
    check_in(patient=patient, pain_0_10=8, readiness_0_10=2, by=cast.marek.membership, now=cast.now)
    return Alert.objects.select_related("patient__clinic").get(patient=cast.marek, rule="pain_level")


def test_a_row_says_how_long_an_alert_waits_and_then_who_took_it(client: Client, cast: Cast) -> None:
    alert = red(cast)
    snooze_url = reverse("patients:alert_snooze", args=[alert.pk])
    sign_in(client, cast.manager)
    text = page(client, q="Marek")
    assert re.search(r"since \d\d:\d\d", text)
    assert f'data-snooze="{snooze_url}"' in text
    acknowledge_alert(alert=alert, by=cast.therapist, now=cast.now)
    text = page(client, q="Marek")
    assert "in the hands of Jonas Keller" in text
    assert ">JK</b>" in text
    assert "since " not in text
    assert "data-snooze" not in text


def test_what_was_put_off_says_until_when(client: Client, cast: Cast) -> None:
    alert = red(cast)
    until = local_day(cast.now, cast.riverside.time_zone) + dt.timedelta(days=9)
    snooze_alert(alert=alert, until=until, reason="away", by=cast.therapist, now=cast.now)
    sign_in(client, cast.manager)
    text = page(client, q="Marek")
    assert "Needs attention · " not in text
    assert f"(until {date_format(until, 'D j M')})" in text


def test_a_full_page_of_owners_and_ages_stays_small_and_cheap(client: Client, cast: Cast) -> None:
    add_patients(cast, 200)
    CaseloadEntry.objects.filter(clinic=cast.riverside).update(
        owner_name="Maximiliane von Hohenlohe-Langenburg", alerts_since_at=cast.now - dt.timedelta(days=12), alert_id=cast.hannah.pk
    )
    sign_in(client, cast.therapist)
    page(client)
    with CaptureQueriesContext(connection) as queries:
        response = client.get(URL)
    assert len(queries) <= 6
    assert len(response.content) <= 80_000
    assert response.content.decode().count("data-snooze=") == PAGE_SIZE


def version(text: str) -> str:
    [found] = re.findall(r'data-version="(\w+)"', text)
    return str(found)


def test_a_list_that_looks_by_itself_gets_nothing_until_something_changed(client: Client, cast: Cast) -> None:
    sign_in(client, cast.manager)
    shown = version(page(client))
    noted = AuditEvent.objects.filter(action="caseload.list").count()
    same = client.get(URL, headers={"HX-Request": "true", "X-Refresh": shown})
    assert (same.status_code, same.content) == (204, b"")
    assert AuditEvent.objects.filter(action="caseload.list").count() == noted, "nobody was shown anything"
    red(cast)
    changed = client.get(URL, headers={"HX-Request": "true", "X-Refresh": shown})
    assert changed.status_code == 200
    text = changed.content.decode()
    assert "<html" not in text
    assert "Pain 8, today" in text
    assert version(text) != shown
    assert AuditEvent.objects.filter(action="caseload.list").count() == noted + 1
    filtered = client.get(URL, {"q": "Hannah"}, headers={"HX-Request": "true", "X-Refresh": version(text)})
    assert names(filtered.content.decode()) == ["Hannah Brandt"]


def test_a_list_that_looks_by_itself_does_not_keep_the_session_alive(client: Client, cast: Cast, settings: Any) -> None:
    sign_in(client, cast.manager)
    shown = version(page(client))
    session = client.session
    session[SEEN_KEY] = session[SEEN_KEY] - settings.SESSION_IDLE_STAFF_SECONDS + 30
    before = session[SEEN_KEY]
    session.save()
    assert client.get(URL, headers={"HX-Request": "true", "X-Refresh": shown}).status_code == 204
    assert client.session[SEEN_KEY] == before
    page(client)
    assert client.session[SEEN_KEY] > before
    session = client.session
    session[SEEN_KEY] = before - 60
    session.save()
    assert client.get(URL, headers={"HX-Request": "true", "X-Refresh": shown}).status_code == 401


def test_a_third_reason_is_a_number_and_what_was_put_off_comes_last() -> None:
    put_off = {"level": "attention", "until": "2026-03-20"}
    reasons = [
        {"rule": "silence", "evidence": {"days": 9}, **put_off},
        {"rule": "missed_sessions", "evidence": {"missed": 5}, **put_off},
        {"rule": "assessment_overdue", "level": "info", "evidence": {"key": "end", "days": 6}},
    ]
    line = {"reasons": reasons, "program_status": "running", "patient__is_test": False}
    chips = chips_of(line, dt.date(2026, 3, 17))
    assert [chip.text for chip in chips] == ["End assessment overdue 6 days", "No entry for 9 days (until Fri)", "+1"]
    assert chips[-1].told == "5 sessions missed in a row (until Fri)"
    assert len(chips_of({**line, "reasons": reasons[:2]}, dt.date(2026, 3, 17))) == 2


def test_a_therapist_reads_how_many_of_the_whole_clinic_need_somebody(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    assert "in the whole clinic" not in page(client)
    Patient.objects.filter(pk=cast.hannah.pk).update(therapist=cast.manager)
    CaseloadEntry.objects.filter(patient=cast.hannah).update(section=CaseloadEntry.Section.ATTENTION)
    assert "0 need you, 1 in the whole clinic" in page(client, who="mine")
