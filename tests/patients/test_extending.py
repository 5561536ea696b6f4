"""A plan that goes on: more weeks like the last, on the usual days, told to the patient, and taken back while nothing of them is logged."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinics.errors import Conflict, Invalid, NotAllowed
from clinics.localtime import to_local
from clinics.models import ClosedDay
from patients.actions.extending import extend_plan, extension_to_take_back, propose_extension, take_extension_back
from patients.actions.planning import pause_plan
from patients.actions.sessions import log_session
from patients.models import Assessment, Assignment, AssignmentVersion, ScheduledSession, SessionLog
from patients.plan_changes import told_changes
from tests.cast import Cast, sign_in


def plan_of(cast: Cast) -> Assignment:
    """Return Hannah's program with everything actions look at."""
    found: Assignment = Assignment.objects.select_related("patient__clinic", "patient__caseload", "version__program", "clinic").get(
        patient=cast.hannah
    )
    return found


def extend(cast: Cast, weeks: int = 2, **more: Any) -> AssignmentVersion:
    given = {"assignment": plan_of(cast), "weeks": weeks, "reason": "Not there yet", "by": cast.therapist, "now": cast.now, **more}
    return extend_plan(**given)


def days(cast: Cast, *weeks: int) -> list[tuple[int, str, int]]:
    """Return (week, place, weekday) of the sessions that stand in these weeks."""
    rows = ScheduledSession.objects.filter(patient=cast.hannah, week__in=weeks).exclude(status="cancelled").order_by("on")
    return [(one.week, one.setting, one.on.isoweekday()) for one in rows]


def due(cast: Cast) -> dict[str, tuple[int, dt.date]]:
    return {one.key: (one.week, one.due_on) for one in Assessment.objects.filter(patient=cast.hannah)}


def test_the_last_week_goes_on_on_the_usual_days_and_the_end_moves_with_its_measurements(cast: Cast) -> None:
    before, ended = due(cast), plan_of(cast).ends_on
    said = propose_extension(assignment=plan_of(cast), weeks=2)
    extend(cast)
    plan = plan_of(cast)
    eighth = [(setting, weekday) for _week, setting, weekday in days(cast, 8)]
    for week in (9, 10):
        assert [(setting, weekday) for _week, setting, weekday in days(cast, week)] == eighth
    assert (plan.version.weeks, plan.ends_on) == (10, ended + dt.timedelta(days=14))
    assert (said.ends_on, said.first_week, said.last_week) == (plan.ends_on, 9, 10)
    after, shift = due(cast), dt.timedelta(days=14)
    for key in ("end", "month_3", "month_6"):
        assert after[key] == (before[key][0] + 2, before[key][1] + shift)
    assert (after["baseline"], after["middle"]) == (before["baseline"], before["middle"])
    assert {one.key: day for one, day in said.measurements} == {key: after[key][1] for key in ("end", "month_3", "month_6")}


def test_the_patient_reads_the_difference_and_the_reason(client: Client, cast: Cast) -> None:
    change = extend(cast)
    (told,) = told_changes(AssignmentVersion.objects.filter(pk=change.pk).select_related("made_by__user"))
    assert told.sentences == ["The program goes on for 2 more weeks, as in week 8, from week 9"]
    page = sign_in(client, cast.hannah.membership).get(reverse("patients:plan")).content.decode()
    assert "goes on for 2 more weeks" in page
    assert "Not there yet" in page


def test_new_sessions_keep_their_hour_over_the_change_of_the_clocks(cast: Cast) -> None:
    extend(cast, 12)
    extend(cast, 12)
    extend(cast, 12)
    rows = ScheduledSession.objects.filter(patient=cast.hannah, setting="supervised", week__gt=8)
    assert rows.count() == 72
    assert {to_local(one.starts_at, "Europe/Berlin").strftime("%H:%M") for one in rows if one.starts_at} == {"17:00"}
    assert len({to_local(one.starts_at, "Europe/Berlin").utcoffset() for one in rows if one.starts_at}) == 2, "summer and winter"


def test_closed_days_are_left_free_and_a_pause_counts(cast: Cast) -> None:
    today = cast.now.date()
    pause_plan(
        assignment=plan_of(cast),
        from_on=today + dt.timedelta(days=3),
        to_on=today + dt.timedelta(days=9),
        reason="holiday",
        by=cast.therapist,
        now=cast.now,
    )
    begins = plan_of(cast).ends_on + dt.timedelta(days=1)
    closed = next(begins + dt.timedelta(days=n) for n in range(7) if (begins + dt.timedelta(days=n)).isoweekday() == 1)
    ClosedDay.objects.create(clinic=cast.riverside, on=closed)
    assert propose_extension(assignment=plan_of(cast), weeks=1).begins_on == begins
    extend(cast, 1)
    rows = ScheduledSession.objects.filter(patient=cast.hannah, week=9).exclude(status="cancelled")
    assert rows.count() == len(days(cast, 8))
    assert not rows.filter(setting="supervised", on=closed).exists()
    assert min(one.on for one in rows) >= begins
    assert plan_of(cast).ends_on == begins + dt.timedelta(days=6)


def test_it_is_taken_back_until_a_session_of_the_added_weeks_is_logged(cast: Cast) -> None:
    before, ended = due(cast), plan_of(cast).ends_on
    extend(cast)
    assert extension_to_take_back(plan_of(cast)) == 2
    take_extension_back(assignment=plan_of(cast), by=cast.therapist, now=cast.now)
    assert (plan_of(cast).ends_on, plan_of(cast).version.weeks, due(cast)) == (ended, 8, before)
    assert days(cast, 9, 10) == []
    assert extension_to_take_back(plan_of(cast)) is None
    extend(cast, 1)
    session = ScheduledSession.objects.filter(patient=cast.hannah, week=9, status="planned").order_by("on")[0]
    later = cast.now + (session.on - cast.now.date()) + dt.timedelta(hours=1)
    log_session(session=cast.loaded(session), by=cast.therapist, now=later, as_prescribed=True, pain_during_0_10=1, effort_rpe_0_10=5)
    with pytest.raises(Conflict):
        take_extension_back(assignment=plan_of(cast), by=cast.therapist, now=later)
    assert SessionLog.objects.filter(session__week=9).count() == 1


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [({"weeks": 0}, Invalid), ({"weeks": 13}, Invalid), ({"reason": "  "}, Invalid), ({"base_id": "0" * 32}, Conflict)],
)
def test_too_much_no_reason_and_another_plan_are_refused(cast: Cast, changes: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        extend(cast, **changes)
    assert plan_of(cast).version.weeks == 8


def test_a_program_has_an_end_somewhere_and_another_clinic_extends_nothing(cast: Cast) -> None:
    for _ in range(3):
        extend(cast, 12)
    with pytest.raises(Invalid):
        extend(cast, 12)
    with pytest.raises(NotAllowed):
        extend(cast, by=cast.harbour_therapist)


def test_the_page_shows_what_it_means_before_it_is_done_and_offers_the_way_back(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    url = reverse("patients:assignment_extend", args=[plan_of(cast).pk])
    shown = client.post(url, {"weeks": "2", "reason": "Not there yet", "step": "show"})
    assert shown.status_code == 200
    assert "Weeks 9 to 10 begin on" in shown.content.decode()
    assert plan_of(cast).version.weeks == 8
    refused = client.post(url, {"weeks": "2", "reason": "", "step": "save"})
    assert (refused.status_code, "Please say why" in refused.content.decode()) == (422, True)
    base = str(plan_of(cast).version_id)
    assert client.post(url, {"weeks": "2", "reason": "Not there yet", "step": "save", "base": base}).status_code == 302
    assert client.post(url, {"weeks": "2", "reason": "Twice", "step": "save", "base": base}).status_code == 409
    page = client.get(reverse("patients:patient_plan", args=[cast.hannah.pk])).content.decode()
    assert "Take the 2 added weeks back" in page
    assert client.post(reverse("patients:extension_undo", args=[plan_of(cast).pk])).status_code == 302
    assert plan_of(cast).version.weeks == 8
    sign_in(client, cast.harbour_therapist)
    assert client.get(url).status_code == 404
