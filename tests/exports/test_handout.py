"""The handout as PDF: a week of the plan, tagged, in the patient's language, and nothing that may not be trained."""

import datetime as dt
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinics.errors import Conflict
from clinics.localtime import local_day
from clinics.models import AuditEvent, Clinic, User
from exports.handout import handout_pdf
from patients.actions.assigning import assign_program
from patients.actions.symptoms import report_symptoms
from patients.handout_words import emergency_groups, read_week, word_week
from patients.models import Patient, ScheduledSession, SymptomReport
from patients.wording import GROUPED_SIGN_TEXT
from programs import frozen
from programs.models import Exercise, ExercisePicture, ProgramVersion
from tests.cast import Cast, member_of, sign_in, start_program
from tests.exports.test_letter import HOSTILE, needs_pdftotext
from tests.reminders.test_look import picture

OWN = reverse("exports:own_handout")


def url(patient: Patient) -> str:
    return reverse("exports:handout", args=[patient.pk])


def today(cast: Cast, patient: Patient) -> dt.date:
    return local_day(cast.now, patient.zone)


def words_of(cast: Cast, patient: Patient, number: int | None = None) -> dict[str, Any]:
    week = read_week(patient, number=number, member=cast.therapist, today=today(cast, patient))
    return word_week(week, today=today(cast, patient))


def text_in(pdf: bytes, tmp_path: Path) -> str:
    (tmp_path / "handout.pdf").write_bytes(pdf)
    found = subprocess.run(["pdftotext", "handout.pdf", "-"], cwd=tmp_path, capture_output=True, check=True)
    return re.sub(r"\s+", " ", found.stdout.decode())


# --- what it says -------------------------------------------------------------------------


def test_it_says_the_doses_of_the_plan_and_nothing_else(cast: Cast) -> None:
    words = words_of(cast, cast.hannah)
    sessions = ScheduledSession.objects.filter(patient=cast.hannah, setting="home", on__gte=today(cast, cast.hannah)).order_by("on")
    week = sessions[0].week
    assert words["title"] == f"Your home program, week {week}"
    assert words["about"].startswith("Hannah B. · Leg program · "), "no more of the name than the waiting room may read"
    (part,) = words["parts"]
    own = ScheduledSession.objects.filter(patient=cast.hannah, setting="home", week=week).exclude(status="cancelled").order_by("on")
    assert len(part["days"]) == own.count() == 3
    lines = own[0].session_plan.prescriptions.filter(block="main").order_by("position")
    assert [card["name"] for card in part["cards"]] == [line.exercise.name for line in lines]
    assert [card["sets"] for card in part["cards"]] == [line.sets for line in lines]
    assert part["columns"] == max(line.sets for line in lines)
    assert part["before"].startswith("Warm-up: ")
    assert all(card["steps"] and card["dose"] for card in part["cards"])


def test_the_guide_and_the_stop_follow_the_clinics_bands_and_its_country(cast: Cast) -> None:
    Clinic.objects.filter(pk=cast.riverside.pk).update(pain_amber_max=4, country="SG", emergency_number="")
    words = words_of(cast, cast.hannah)
    assert "pain up to 4 is accepted" in " ".join(words["guide"])
    assert words["stop"]["pain"] == "Pain 5 or more: end the exercise and tell us."
    assert words["stop"]["number"] == "Emergency: 995"


def test_the_signs_are_those_that_are_an_emergency_each() -> None:
    assert emergency_groups() == ["numb_groin", "bladder_bowel", "legs", "heart_and_breath"]
    assert set(emergency_groups()) <= GROUPED_SIGN_TEXT.keys()


def test_what_all_exercises_share_is_said_once(cast: Cast) -> None:
    words = words_of(cast, cast.hannah)
    forms = " ".join(card["form"] for part in words["parts"] for card in part["cards"])
    assert any(one.startswith("Rest ") for one in words["guide"])
    assert "rest " not in forms
    assert ("effort" in forms) != any(one.startswith("Effort") for one in words["guide"])


def test_intervals_are_ticked_as_a_whole(cast: Cast) -> None:
    start_program(cast.marek, "run_walk", cast.therapist2, cast.version("run_walk"), 3, cast.now)
    (part,) = words_of(cast, cast.marek)["parts"]
    assert (part["columns"], part["tick"]) == (1, "Tick each exercise done")
    assert re.search(r"\d+ × \d+:\d\d run / \d+:\d\d walk", part["cards"][0]["dose"])


@pytest.mark.parametrize(("code", "days", "kinds"), [("FU", [], [3, 2, 2]), ("WP", [1, 2, 3, 5, 6, 7], [4, 2])])
def test_each_kind_of_session_has_its_own_exercises_days_and_boxes(cast: Cast, code: str, days: list[int], kinds: list[int]) -> None:
    version = ProgramVersion.objects.published().get(program__code=code, program__clinic=None)
    day = today(cast, cast.marek)
    assign_program(
        patient=cast.marek,
        version=version,
        starts_on=day,
        supervised_weekdays=[],
        home_weekdays=days,
        supervised_time=None,
        by=cast.therapist2,
        now=cast.now,
    )
    report_symptoms(patient=cast.marek, signs=(), context=SymptomReport.Context.ONBOARDING, by=member_of(cast.marek), now=cast.now)
    words = words_of(cast, cast.marek, number=1)
    assert [len(part["days"]) for part in words["parts"]] == kinds
    assert all(part["heading"] for part in words["parts"])
    plans = {one.session_plan for one in read_week(cast.marek, number=1, member=cast.therapist, today=day).sessions}
    assert ("min a session" in words["about"]) == (len({plan.minutes for plan in plans}) == 1), "one length is told only if all share it"
    for large in (False, True):
        week = read_week(cast.marek, number=1, member=cast.therapist, today=day)
        pdf = handout_pdf(week, language="de", large=large, member=cast.therapist, now=cast.now, today=day)
        assert b"pdfuaid" in pdf, "the headings of parts and exercises follow each other"


def test_it_is_the_coming_week_unless_another_is_asked_for(cast: Cast) -> None:
    sessions = ScheduledSession.objects.filter(patient=cast.hannah, setting="home").order_by("on")
    coming = next(one.week for one in sessions if one.on >= today(cast, cast.hannah))
    day = today(cast, cast.hannah)
    assert read_week(cast.hannah, number=None, member=cast.therapist, today=day).number == coming
    assert read_week(cast.hannah, number=8, member=cast.therapist, today=day).number == 8
    assert read_week(cast.hannah, number=None, member=cast.therapist, today=sessions.reverse()[0].on + dt.timedelta(days=9)).number == 8
    with pytest.raises(Conflict, match="no session at home"):
        read_week(cast.hannah, number=99, member=cast.therapist, today=day)


# --- the paper ----------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("large", [False, True])
def test_it_is_a_tagged_pdf_in_its_language_with_every_picture_named(cast: Cast, language: str, large: bool) -> None:
    day = today(cast, cast.hannah)
    made = []
    for member in (cast.therapist, member_of(cast.hannah)):
        week = read_week(cast.hannah, number=None, member=member, today=day)
        made.append(handout_pdf(week, language=language, large=large, member=member, now=cast.now, today=day))
    pdf = made[0]
    assert made[1] == pdf, "the same plan gives the same file, to therapist and patient"
    assert b"pdfuaid" in pdf
    assert f"/Lang({language})" in pdf.decode("latin-1").replace(" ", "")
    assert pdf.count(b"/Alt") == len(words_of(cast, cast.hannah)["parts"][0]["cards"]) + 1, "exercises and the way to the log"
    assert b"Atkinson" in pdf


@needs_pdftotext
def test_the_paper_says_what_the_words_say(client: Client, cast: Cast, tmp_path: Path) -> None:
    User.objects.filter(pk=str(member_of(cast.hannah).user_id)).update(language="de")
    response = sign_in(client, cast.therapist).get(url(cast.hannah))
    text = text_in(response.content, tmp_path)
    for words in ("Ihr Heimprogramm, Woche", "Hannah B.", "Erledigte Sätze ankreuzen", "Notruf: 112", "Online eintragen", "/me/"):
        assert words in text, words
    assert settings.BASE_URL.partition("://")[2] in text.replace(" ", "")


@pytest.mark.usefixtures("no_plan_read")
@pytest.mark.parametrize("name", list(HOSTILE))
def test_any_text_anywhere_gives_a_handout(cast: Cast, name: str) -> None:
    text = HOSTILE[name].encode("utf-8", "replace").decode().replace("\x00", "")
    Clinic.objects.filter(pk=cast.riverside.pk).update(name=text[:120] or "x", phone=text[:40])
    Exercise.objects.update(names={"en": text[:200]}, content={"steps": {"en": [text[:2000]]}, "cue": {"en": text[:500]}})
    Patient.objects.filter(pk=cast.hannah.pk).update(first_name=text[:40] or "x")
    patient = Patient.objects.select_related("clinic").get(pk=cast.hannah.pk)
    day = today(cast, patient)
    week = read_week(patient, number=None, member=cast.therapist, today=day)
    made = handout_pdf(week, language="en", large=False, member=cast.therapist, now=cast.now, today=day)
    assert made.startswith(b"%PDF")


@pytest.mark.usefixtures("no_plan_read")
@pytest.mark.parametrize("who", ["therapist", "hannah"])
def test_the_photo_of_an_own_exercise_is_printed(cast: Cast, who: str) -> None:
    day = today(cast, cast.hannah)
    member = cast.therapist if who == "therapist" else member_of(cast.hannah)
    week = read_week(cast.hannah, number=None, member=member, today=day)
    line = week.sessions[0].session_plan.prescriptions.filter(block="main")[0]
    plain = handout_pdf(week, language="en", large=False, member=member, now=cast.now, today=day)
    photo = ExercisePicture.objects.create(clinic=cast.riverside, digest="x", content=picture(), width=8, height=8)
    content = line.exercise.content | {"picture": {"id": str(photo.pk)}}
    Exercise.objects.filter(pk=line.exercise_id).update(clinic=cast.riverside, content=content)
    frozen._plans.clear()
    frozen._exercises.clear()
    pdf = handout_pdf(week, language="en", large=False, member=member, now=cast.now, today=day)
    assert b"/Subtype/Image" not in plain
    assert b"/Subtype/Image" in pdf


# --- who gets it --------------------------------------------------------------------------


def test_staff_and_the_patient_get_it_and_it_is_noted(client: Client, cast: Cast) -> None:
    for member, address in ((cast.therapist, url(cast.hannah)), (cast.manager, url(cast.hannah)), (member_of(cast.hannah), OWN)):
        response = sign_in(client, member).get(address, {"week": "6", "size": "large"})
        assert response.status_code == 200
        assert response["Content-Type"] == "application/pdf"
        assert response["Cache-Control"] == "no-store, private"
        assert 'filename="week-6-' in response["Content-Disposition"]
        assert "Hannah" not in response["Content-Disposition"]
        event = AuditEvent.objects.filter(action="record.handout").latest("id")
        assert (event.patient_id, event.actor_id, event.details) == (cast.hannah.pk, member.user_id, {"week": 6})


def test_nobody_else_gets_it(client: Client, cast: Cast) -> None:
    assert client.get(url(cast.hannah)).status_code == 302
    assert sign_in(client, cast.hannah.membership).get(url(cast.hannah)).status_code == 403
    assert sign_in(client, cast.therapist).get(OWN).status_code == 403
    assert sign_in(client, cast.harbour_therapist).get(url(cast.hannah)).status_code == 404
    assert not AuditEvent.objects.filter(action="record.handout").exists()


@pytest.mark.parametrize("week", ["99", "x", "-1", "1e3", "٣", "9" * 40])
def test_a_week_that_is_none_is_refused_or_the_coming_one(client: Client, cast: Cast, week: str) -> None:
    response = sign_in(client, cast.therapist).get(url(cast.hannah), {"week": week})
    assert response.status_code == (409 if week == "99" else 200)
    if week == "99":
        assert "choose another week" in response.content.decode()


def test_nothing_is_printed_while_training_is_on_hold_or_without_a_plan(client: Client, cast: Cast) -> None:
    sign_in(client, cast.hannah.membership)
    assert b"handout.pdf" in client.get(reverse("patients:plan")).content
    report_symptoms(
        patient=cast.hannah, signs=("saddle_numbness",), context=SymptomReport.Context.CHECK_IN, by=cast.hannah.membership, now=cast.now
    )
    response = client.get(OWN)
    assert response.status_code == 409
    assert "on hold" in response.content.decode()
    assert b"handout.pdf" not in client.get(reverse("patients:plan")).content
    sign_in(client, cast.therapist)
    for name in ("patients:patient", "patients:patient_plan"):
        assert b"handout.pdf" not in client.get(reverse(name, args=[cast.hannah.pk])).content
    response = client.get(url(cast.lena))
    assert response.status_code == 409
    assert "no running program" in response.content.decode()


def test_it_is_one_click_from_the_record_and_from_each_week(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    assert f'href="{url(cast.hannah)}"' in client.get(reverse("patients:patient", args=[cast.hannah.pk])).content.decode()
    shown = client.get(reverse("patients:patient_plan", args=[cast.hannah.pk]), {"week": "7"}).content.decode()
    assert f'href="{url(cast.hannah)}?week=7"' in shown
    assert f'href="{url(cast.hannah)}?week=7&amp;size=large"' in shown
    own = sign_in(client, cast.hannah.membership).get(reverse("patients:plan")).content.decode()
    last: dict[int, dt.date] = {}
    for one in ScheduledSession.objects.filter(patient=cast.hannah).exclude(status="cancelled").order_by("on"):
        last[one.week] = one.on
    coming = {number for number, on in last.items() if on >= today(cast, cast.hannah)}
    assert 1 not in coming
    assert {int(number) for number in re.findall(rf'href="{re.escape(OWN)}\?week=(\d+)"', own)} == coming


def test_a_handout_takes_a_fixed_number_of_queries(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    client.get(url(cast.hannah))
    taken = []
    for week in ("7", "8"):
        with CaptureQueriesContext(connection) as queries:
            client.get(url(cast.hannah), {"week": week})
        taken.append([one["sql"] for one in queries if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))])
    assert len(taken[0]) == len(taken[1]) <= 10, [sql[:90] for sql in taken[1]]
