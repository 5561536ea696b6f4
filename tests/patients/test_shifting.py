"""The rest of a plan moves to other days: whole weeks, the same hours, what was done stays; told to the patient, and taken back."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinics.errors import Conflict, Invalid, NotAllowed
from clinics.localtime import local_day, to_local, to_utc
from clinics.models import AuditEvent, Clinic, ClosedDay, User
from patients.actions.planning import appointment, move_session, pause_plan
from patients.actions.sessions import log_session
from patients.actions.shifting import propose_shift, shift_plan, shift_to_take_back, take_shift_back
from patients.models import Assessment, Assignment, AssignmentVersion, Patient, ScheduledSession
from patients.plan_changes import told_changes
from tests.caller import Caller
from tests.cast import Cast, member_of, sign_in, start_program

WEEK = dt.timedelta(days=7)


def plan_of(cast: Cast, patient: Patient | None = None) -> Assignment:
    """Return the program of somebody, Hannah's usually, with everything actions look at."""
    found: Assignment = Assignment.objects.select_related("patient__clinic", "patient__caseload", "version__program", "clinic").get(
        patient=patient or cast.hannah
    )
    return found


def today_of(cast: Cast) -> dt.date:
    return local_day(cast.now, "Europe/Berlin")


def week_to_come(cast: Cast, ahead: int = 1) -> dt.date:
    """Return the first day of the program week that begins next, or of one after it."""
    plan = plan_of(cast)
    return next(day for n in range(60) if (day := plan.starts_on + n * WEEK) > today_of(cast)) + (ahead - 1) * WEEK


def shift(cast: Cast, **more: Any) -> AssignmentVersion:
    usual = {"from_on": week_to_come(cast), "reason": "A cold", "by": cast.therapist, "now": cast.now}
    where = {} if {"days", "goes_on_on"} & set(more) else {"days": 7}
    given: dict[str, Any] = {"assignment": plan_of(cast), **usual, **where, **more}
    return shift_plan(**given)


Standing = dict[Any, tuple[dt.date, str, dt.date | None, dt.datetime | None]]


def standing(cast: Cast) -> Standing:
    """Return day, state, day moved from and instant of every session, by its key."""
    rows = ScheduledSession.objects.filter(patient=cast.hannah).exclude(status="cancelled")
    return {one.pk: (one.on, one.status, one.original_on, one.starts_at) for one in rows}


def due(cast: Cast) -> dict[str, dt.date]:
    return dict(Assessment.objects.filter(patient=cast.hannah).values_list("key", "due_on"))


def test_the_rest_moves_and_what_lies_before_stays_with_its_version(cast: Cast) -> None:
    before, measured, plan, from_on = standing(cast), due(cast), plan_of(cast), week_to_come(cast)
    versions = dict(ScheduledSession.objects.filter(patient=cast.hannah).values_list("pk", "session_plan__version_id"))
    shift(cast)
    after = standing(cast)
    assert {pk: on for pk, (on, *_rest) in after.items()} == {pk: on + WEEK if on >= from_on else on for pk, (on, *_rest) in before.items()}
    assert {pk: status for pk, (_on, status, *_rest) in after.items()} == {pk: status for pk, (_on, status, *_rest) in before.items()}
    now_plan = plan_of(cast)
    assert (now_plan.starts_on, now_plan.ends_on) == (plan.starts_on, plan.ends_on + WEEK)
    assert now_plan.version_id != plan.version_id
    rows = ScheduledSession.objects.filter(patient=cast.hannah).values_list("pk", "session_plan__version_id", "status")
    assert all(version == versions[pk] for pk, version, status in rows if status in {"done", "partial"}), "done is done"
    assert all(version == now_plan.version_id for pk, version, _status in rows if before[pk][0] >= from_on)
    new = due(cast)
    assert {key for key in new if new[key] != measured[key]} == {"middle", "end", "month_3", "month_6"}
    assert all(new[key] == measured[key] + WEEK for key in ("middle", "end", "month_3", "month_6"))


def test_it_goes_on_on_a_chosen_day_or_the_next_agreed_one(cast: Cast) -> None:
    first = min(
        one.session.on for one in propose_shift(assignment=plan_of(cast), from_on=week_to_come(cast), today=today_of(cast), days=7).moves
    )
    for days, weeks in ((7, 1), (8, 2), (3, 1), (20, 3)):
        found = propose_shift(
            assignment=plan_of(cast), from_on=week_to_come(cast), today=today_of(cast), goes_on_on=first + dt.timedelta(days=days)
        )
        assert (found.days, min(one.on for one in found.moves), found.is_rounded) == (7 * weeks, first + weeks * WEEK, days % 7 != 0)


def test_looking_takes_as_many_queries_for_one_week_as_for_all(cast: Cast) -> None:
    Clinic.objects.filter(pk=cast.riverside.pk).update(group_places=8)
    counts = []
    for from_on in (week_to_come(cast), week_to_come(cast, 3)):
        plan = plan_of(cast)
        with CaptureQueriesContext(connection) as queries:
            propose_shift(assignment=plan, from_on=from_on, today=today_of(cast), days=7)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 7


def test_the_patient_reads_from_which_day_to_which_and_the_trail_says_who(client: Client, cast: Cast) -> None:
    change = shift(cast)
    (told,) = told_changes(AssignmentVersion.objects.filter(pk=change.pk).select_related("made_by__user"))
    (sentence,) = told.sentences
    assert sentence.startswith("What was planned from ")
    assert str(plan_of(cast).ends_on.year) in sentence
    page = sign_in(client, cast.hannah.membership).get(reverse("patients:plan")).content.decode()
    assert sentence in page
    assert "A cold" in page
    event = AuditEvent.objects.get(action="plan.shift")
    assert (event.object_id, event.patient_id) == (change.pk, cast.hannah.pk)
    assert (change.from_on, plan_of(cast).tailored_on) == (today_of(cast), today_of(cast)), "told at once"


@pytest.mark.parametrize(
    ("zone", "old", "new"),
    [
        ("Europe/Berlin", dt.date(2026, 10, 22), dt.date(2026, 10, 29)),
        ("Europe/Berlin", dt.date(2026, 3, 26), dt.date(2026, 4, 2)),
        ("Australia/Lord_Howe", dt.date(2026, 9, 29), dt.date(2026, 10, 6)),
        ("Australia/Lord_Howe", dt.date(2026, 3, 31), dt.date(2026, 4, 7)),
    ],
)
@pytest.mark.parametrize(("stood_at", "agreed"), [((17, 0), (17, 0)), ((9, 30), (17, 0)), ((9, 30), None)])
def test_hours_stay_on_the_wall_clock_over_a_change_of_the_clocks(
    zone: str, old: dt.date, new: dt.date, stood_at: tuple[int, int], agreed: tuple[int, int] | None
) -> None:
    session = ScheduledSession(on=old, starts_at=to_utc(old, dt.time(*stood_at), zone))
    moved = appointment(session, new, dt.time(*agreed) if agreed else None, zone)
    assert moved is not None
    assert session.starts_at is not None
    assert to_local(moved, zone).replace(tzinfo=None) == dt.datetime.combine(new, dt.time(*stood_at))
    assert moved - session.starts_at != WEEK, "the clocks were changed in between"


@pytest.mark.parametrize(("zone", "jump"), [("Europe/Berlin", dt.date(2026, 3, 29)), ("Australia/Lord_Howe", dt.date(2026, 10, 4))])
def test_an_hour_that_was_jumped_over_comes_back_with_the_next_day(zone: str, jump: dt.date) -> None:
    agreed = dt.time(2, 10)
    session = ScheduledSession(on=jump, starts_at=to_utc(jump, agreed, zone))
    moved = appointment(session, jump + WEEK, agreed, zone)
    assert moved == to_utc(jump + WEEK, agreed, zone)
    back = appointment(ScheduledSession(on=jump + WEEK, starts_at=moved), jump, agreed, zone)
    assert back == session.starts_at
    assert appointment(ScheduledSession(on=jump), jump + WEEK, agreed, zone) is None, "at home there is no hour"


def test_closed_days_give_way_and_return_with_the_next_move(cast: Cast) -> None:
    shown = propose_shift(assignment=plan_of(cast), from_on=week_to_come(cast), today=today_of(cast), days=7)
    clinical = next(one for one in shown.moves if one.session.setting == "supervised")
    ClosedDay.objects.create(clinic=cast.riverside, on=clinical.on)
    shift(cast)
    row = ScheduledSession.objects.get(pk=clinical.session.pk)
    assert row.on != clinical.on
    assert row.original_on == clinical.on
    assert row.starts_at is not None
    assert to_local(row.starts_at, "Europe/Berlin").time() == dt.time(17)
    shift(cast, from_on=week_to_come(cast, 2))
    assert standing(cast)[row.pk][0::2] == (clinical.on + WEEK, None)


def test_a_pause_ahead_is_left_free(cast: Cast) -> None:
    paused = week_to_come(cast, 3)
    given: dict[str, Any] = {
        "from_on": paused,
        "to_on": paused + dt.timedelta(days=6),
        "reason": "holiday",
        "by": cast.therapist,
        "now": cast.now,
    }
    pause_plan(assignment=plan_of(cast), **given)
    shift(cast)
    rows = ScheduledSession.objects.filter(patient=cast.hannah).exclude(status="cancelled")
    assert not rows.filter(on__range=(paused, paused + dt.timedelta(days=6))).exists()
    assert rows.values("on").distinct().count() == rows.count()


def other_in_group(cast: Cast, on: dt.date) -> None:
    """Let somebody else come at Hannah's hour of a day."""
    marek = ScheduledSession.objects.filter(patient=cast.marek, setting="supervised", status="planned").first()
    if marek is None:
        start_program(cast.marek, "leg", cast.therapist, cast.version("leg"), 0, cast.now)
        marek = ScheduledSession.objects.filter(patient=cast.marek, setting="supervised", status="planned").first()
    assert marek is not None
    ScheduledSession.objects.filter(patient=cast.marek, on=on).exclude(pk=marek.pk).delete()
    ScheduledSession.objects.filter(pk=marek.pk).update(on=on, starts_at=to_utc(on, dt.time(17), "Europe/Berlin"))


def test_a_full_group_is_shown_and_refuses_until_there_is_a_place(client: Client, cast: Cast) -> None:
    shown = propose_shift(assignment=plan_of(cast), from_on=week_to_come(cast), today=today_of(cast), days=7)
    clinical = next(one for one in shown.moves if one.session.setting == "supervised")
    ScheduledSession.objects.filter(clinic=cast.riverside, setting="supervised").exclude(patient__in=[cast.hannah, cast.marek]).delete()
    ScheduledSession.objects.filter(patient=cast.marek, setting="supervised").update(starts_at=None)
    other_in_group(cast, clinical.on)
    Clinic.objects.filter(pk=cast.riverside.pk).update(group_places=1)
    with pytest.raises(Invalid) as refused:
        shift(cast)
    assert "The group is full" in str(refused.value.fields["days"][0])
    sign_in(client, cast.therapist)
    data = {"from_on": str(week_to_come(cast)), "how": "days", "days": "7", "reason": "A cold"}
    url = reverse("patients:assignment_shift", args=[plan_of(cast).pk])
    page = client.post(url, {**data, "step": "show"}).content.decode()
    assert "group full, 1 of 1 places taken" in page
    assert 'value="save"' not in page
    assert client.post(url, {**data, "step": "save", "base": str(plan_of(cast).version_id), "seen": shown.digest}).status_code in {409, 422}
    assert standing(cast)[clinical.session.pk][0] == clinical.session.on
    Clinic.objects.filter(pk=cast.riverside.pk).update(group_places=2)
    shift(cast)
    assert standing(cast)[clinical.session.pk][0] == clinical.on


def test_a_program_that_has_not_begun_moves_with_its_start(cast: Cast) -> None:
    Assignment.objects.filter(patient=cast.hannah).update(status="withdrawn")
    plan = start_program(cast.hannah, "leg", cast.therapist, cast.version("leg"), 0, cast.now)
    plan = Assignment.objects.select_related("patient__clinic", "patient__caseload", "version__program", "clinic").get(pk=plan.pk)
    baseline = Assessment.objects.filter(assignment=plan, key="baseline")
    baseline.update(status="planned", running_capability_0_10=None, running_pain_0_10=None, done_at=None)
    given: dict[str, Any] = {"from_on": today_of(cast), "reason": "Later", "by": cast.therapist, "now": cast.now}
    shift_plan(assignment=plan, days=10, **given)
    moved = Assignment.objects.get(pk=plan.pk)
    assert (moved.starts_on, moved.ends_on) == (today_of(cast) + 2 * WEEK, today_of(cast) + 10 * WEEK - dt.timedelta(days=1))
    assert baseline.get().due_on == moved.starts_on
    shift_plan(assignment=plan, goes_on_on=today_of(cast), **given)
    assert Assignment.objects.get(pk=plan.pk).starts_on == baseline.get().due_on == today_of(cast)
    with pytest.raises(Invalid) as refused:
        shift_plan(assignment=plan, days=-7, **given)
    assert "It cannot go on earlier" in str(refused.value.fields["days"][0])


def test_what_a_move_added_can_be_taken_from_the_front_again_but_no_more(cast: Cast) -> None:
    before, ended = standing(cast), plan_of(cast).ends_on
    shift(cast, days=14)
    with pytest.raises(Invalid) as refused:
        shift(cast, from_on=week_to_come(cast, 3), days=-21)
    assert "earliest" in str(refused.value.fields["days"][0])
    shift(cast, from_on=week_to_come(cast, 3), days=-14)
    assert {pk: on for pk, (on, *_rest) in standing(cast).items()} == {pk: on for pk, (on, *_rest) in before.items()}
    assert plan_of(cast).ends_on == ended


def test_a_move_is_taken_back_until_a_day_is_over_or_something_else_has_moved(client: Client, cast: Cast) -> None:
    before, measured, plan = standing(cast), due(cast), plan_of(cast)
    shift(cast, days=14)
    sign_in(client, cast.therapist)
    page = client.get(reverse("patients:patient_plan", args=[cast.hannah.pk])).content.decode()
    assert "Take the move back" in page
    undo = reverse("patients:shift_undo", args=[plan.pk])
    assert client.post(undo).status_code == 302
    assert (standing(cast), due(cast), plan_of(cast).ends_on) == (before, measured, plan.ends_on)
    assert client.post(undo).status_code == 409
    assert "Take the move back" not in client.get(reverse("patients:patient_plan", args=[cast.hannah.pk])).content.decode()
    shift(cast)
    first_old_day = min(one.on for one in ScheduledSession.objects.filter(pk__in=before) if one.on >= week_to_come(cast)) - WEEK
    assert shift_to_take_back(plan_of(cast), first_old_day) is not None
    assert shift_to_take_back(plan_of(cast), first_old_day + dt.timedelta(days=1)) is None
    session = cast.loaded(ScheduledSession.objects.filter(patient=cast.hannah, status="planned", on__gt=today_of(cast)).order_by("-on")[0])
    taken = set(ScheduledSession.objects.filter(patient=cast.hannah).values_list("on", flat=True))
    free = next(day for n in range(30) if (day := plan_of(cast).ends_on - dt.timedelta(days=n)) not in taken)
    move_session(session=session, to_on=free, by=cast.therapist, now=cast.now)
    with pytest.raises(Conflict):
        take_shift_back(assignment=plan_of(cast), by=cast.therapist, now=cast.now)


def test_what_is_done_in_the_meantime_does_not_move(cast: Cast) -> None:
    seen = propose_shift(assignment=plan_of(cast), from_on=today_of(cast), today=today_of(cast), days=7)
    session = cast.session_today(cast.hannah)
    log_session(session=session, by=cast.therapist, now=cast.now, as_prescribed=True, pain_during_0_10=1, effort_rpe_0_10=5)
    with pytest.raises(Conflict):
        shift(cast, from_on=today_of(cast), seen=seen.digest)
    shift(cast, from_on=today_of(cast))
    assert ScheduledSession.objects.get(pk=session.pk).on == today_of(cast)


def test_what_cannot_be_is_refused_beside_its_field_and_nothing_moves(cast: Cast) -> None:
    before = standing(cast), due(cast), plan_of(cast).version_id
    cases: list[tuple[dict[str, Any], type[Invalid | Conflict], list[str]]] = [
        ({"days": 0}, Invalid, ["days"]),
        ({"days": -3}, Invalid, ["days"]),
        ({"days": 57}, Invalid, ["days"]),
        ({"days": -7}, Invalid, ["days"]),
        ({"goes_on_on": dt.date(2020, 1, 1)}, Invalid, ["goes_on_on"]),
        ({"from_on": dt.date(2020, 1, 1)}, Invalid, ["from_on"]),
        ({"from_on": dt.date(2100, 1, 1)}, Invalid, ["from_on"]),
        ({"reason": "  "}, Invalid, ["reason"]),
        ({"base_id": "0" * 32}, Conflict, []),
        ({"seen": "something else"}, Conflict, []),
    ]
    for changes, refusal, fields in cases:
        with pytest.raises(refusal) as refused:
            shift(cast, **changes)
        assert list(refused.value.fields) == fields, changes
    assert (standing(cast), due(cast), plan_of(cast).version_id) == before


def test_a_program_that_is_over_and_another_clinic_move_nothing(cast: Cast) -> None:
    for by in (cast.harbour_therapist, member_of(cast.hannah)):
        with pytest.raises(NotAllowed):
            shift(cast, by=by)
        with pytest.raises(NotAllowed):
            take_shift_back(assignment=plan_of(cast), by=by, now=cast.now)
    Assignment.objects.filter(patient=cast.hannah).update(status="ended")
    with pytest.raises(Conflict):
        shift(cast)


def hidden(page: str, name: str) -> str:
    """Return the value of a hidden field of a page."""
    return page.split(f'name="{name}" value="')[1].split('"')[0]


def test_the_page_shows_every_old_and_new_day_before_anything_moves(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    url = reverse("patients:assignment_shift", args=[plan_of(cast).pk])
    data = {"from_on": str(week_to_come(cast)), "how": "days", "days": "3", "goes_on_on": "", "reason": "A cold"}
    assert client.get(url).status_code == 200
    before = standing(cast)
    shown = client.post(url, {**data, "step": "show"})
    page = shown.content.decode()
    assert shown.status_code == 200
    for words in ("The rest moves 1 week later", "that is why it is this day", "Measurement “End”", "Every session"):
        assert words in page
    assert standing(cast) == before
    for wrong, words in (
        ({"reason": ""}, "Please say why"),
        ({"days": ""}, "Please enter a number."),
        ({"how": "day"}, "Please choose a day."),
        ({"how": ""}, "Please choose one."),
        ({"from_on": "soon"}, "Enter a valid date."),
    ):
        refused = client.post(url, {**data, **wrong, "step": "save"})
        assert (refused.status_code, words in refused.content.decode()) == (422, True), wrong
        assert wrong.get("reason") == "" or "A cold" in refused.content.decode(), "nothing typed is lost"
    looked_at = {"base": hidden(page, "base"), "seen": hidden(page, "seen")}
    assert client.post(url, {**data, "step": "save", **looked_at, "days": "14"}).status_code == 409, "not what was shown"
    assert standing(cast) == before
    assert client.post(url, {**data, "step": "save", **looked_at}).status_code == 302
    again = client.post(url, {**data, "step": "save", **looked_at})
    assert (again.status_code, "Somebody else has changed this plan" in again.content.decode()) == (409, True)


def test_limits_are_told_in_the_language_of_whoever_asks(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    data = {"from_on": today_of(cast).isoformat(), "how": "days", "days": "57", "reason": "Urlaub", "step": "show"}
    url = reverse("patients:assignment_shift", args=[plan_of(cast).pk])
    for language, words in (("en", "Enter 1 to 56 days."), ("de", "Geben Sie 1 bis 56 ")):
        User.objects.filter(email="therapist@riverside.example").update(language=language)
        assert words in client.post(url, data).content.decode()


def test_every_way_to_change_a_plan_is_on_each_of_its_pages(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    plan = plan_of(cast)
    names = ("assignment_tailor", "assignment_extend", "assignment_shift", "assignment_pause", "assignment_end")
    addresses = [reverse(f"patients:{name}", args=[plan.pk]) for name in names]
    client.post(reverse("patients:plan_open", args=[plan.pk]))
    for place in [*addresses, reverse("patients:plan_build", args=[plan.pk]), reverse("patients:patient_plan", args=[cast.hannah.pk])]:
        page = client.get(place).content.decode()
        assert all(f'href="{address}"' in page for address in addresses), place
    assert f'href="{addresses[0]}"' in client.get(reverse("patients:patient", args=[cast.hannah.pk])).content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
def test_strangers_and_patients_stay_outside(client: Client, cast: Cast, method: str) -> None:
    url, undo = (reverse(f"patients:{name}", args=[plan_of(cast).pk]) for name in ("assignment_shift", "shift_undo"))
    for member, status in ((cast.harbour_therapist, 404), (cast.hannah.membership, 403)):
        sign_in(client, member)
        assert getattr(client, method)(url).status_code == status
        assert client.post(undo).status_code == status


def test_the_api_previews_moves_and_takes_back(cast: Cast) -> None:
    plan, staff, before = plan_of(cast), Caller(cast.therapist), standing(cast)
    body = {"from_on": week_to_come(cast), "days": 7}
    whole = {**body, "version": plan.version_id, "reason": "A cold"}
    preview = staff.post(f"assignments/{plan.pk}/shift/preview/", body)
    assert (preview.status_code, preview.json()["days"]) == (200, 7)
    assert preview.json()["ends_on"] == str(plan.ends_on + WEEK)
    assert {one["key"] for one in preview.json()["assessments"]} == {"middle", "end", "month_3", "month_6"}
    assert standing(cast) == before
    for wrong, status, field in (
        ({**whole, "goes_on_on": week_to_come(cast)}, 400, "days"),
        ({"from_on": whole["from_on"], "version": plan.version_id, "reason": "x"}, 400, "days"),
        ({**whole, "reason": " "}, 400, "reason"),
        ({**whole, "version": cast.version("leg").program_id}, 409, ""),
    ):
        refused = staff.post(f"assignments/{plan.pk}/shift/", wrong)
        assert (refused.status_code, [field] if field else []) == (status, list(refused.json().get("fields") or []))
    answer = staff.post(f"assignments/{plan.pk}/shift/", whole)
    assert (answer.status_code, answer.json()["ends_on"]) == (200, str(plan.ends_on + WEEK))
    assert staff.post(f"assignments/{plan.pk}/shift/", whole).status_code == 409
    assert staff.post(f"assignments/{plan.pk}/shift/undo/").status_code == 200
    assert standing(cast) == before
    assert staff.post(f"assignments/{plan.pk}/shift/undo/").status_code == 409
    for path in ("shift/preview/", "shift/", "shift/undo/"):
        assert Caller(cast.harbour_therapist).post(f"assignments/{plan.pk}/{path}", whole).status_code == 404
        assert Caller(cast.hannah.membership).post(f"assignments/{plan.pk}/{path}", whole).status_code == 403
