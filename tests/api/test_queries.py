"""How many statements a call takes: a few, and the same for one row as for many."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.models import CheckIn, Patient, ScheduledSession
from tests.caller import Caller
from tests.cast import Cast

TRANSACTION = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


def statements(call: Callable[[], Any]) -> list[str]:
    """Return the statements of a call, without the brackets of its transaction."""
    with CaptureQueriesContext(connection) as seen:
        answer = call()
    assert answer.status_code < 400, answer.content
    return [one["sql"] for one in seen.captured_queries if not one["sql"].startswith(TRANSACTION)]


LISTS = (
    "alerts",
    "assessments",
    "assignments",
    "caseload",
    "check-ins",
    "deliveries",
    "exercises",
    "messages",
    "patients",
    "pauses",
    "program-versions",
    "programs",
    "session-logs",
    "sessions",
    "symptom-reports",
    "tokens",
)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("who", ["therapist", "hannah"])
def test_a_list_takes_the_key_the_rows_and_the_trail(cast: Cast, name: str, who: str) -> None:
    caller = Caller(cast.therapist if who == "therapist" else cast.hannah.membership)
    if caller.get(f"{name}/").status_code == 403:
        pytest.skip("not for patients")
    seen = statements(lambda: caller.get(f"{name}/", page_size=20))
    assert len(seen) <= 3, "\n".join(seen)
    assert not any("COUNT(" in one for one in seen)


def test_twenty_check_ins_cost_no_more_statements_than_one(cast: Cast) -> None:
    caller = Caller(cast.hannah.membership)
    few = len(statements(lambda: caller.get("check-ins/", page_size=1)))
    day = cast.now.date() - dt.timedelta(days=200)
    CheckIn.objects.bulk_create(
        CheckIn(
            clinic=cast.riverside,
            patient=cast.hannah,
            on=day + dt.timedelta(days=n),
            pain_0_10=3,
            readiness_0_10=5,
            done_at=cast.now,
            entered_by=cast.hannah.membership,
        )
        for n in range(100)
    )
    many = statements(lambda: caller.get("check-ins/", page_size=100))
    assert len(many) == few == 3
    assert len(caller.get("check-ins/", page_size=100).json()["results"]) == 100


def test_a_check_in_takes_six_statements(cast: Cast) -> None:
    caller = Caller(cast.hannah.membership)
    seen = statements(lambda: caller.post("check-ins/", {"pain_0_10": 3, "readiness_0_10": 5}))
    assert [one.split()[0] for one in seen] == ["SELECT", "SELECT", "INSERT", "UPDATE", "INSERT", "INSERT"], "\n".join(seen)


def test_a_session_as_prescribed_takes_seven_statements(cast: Cast) -> None:
    session = cast.session_today(cast.hannah)
    caller = Caller(cast.hannah.membership)
    seen = statements(lambda: caller.post(f"sessions/{session.pk}/log/", {"as_prescribed": True, "pain_during_0_10": 2}))
    assert len(seen) == 7, "\n".join(seen)


@pytest.mark.parametrize("path", ["sessions/{session}/", "patients/{patient}/", "program-versions/{version}/"])
def test_one_row_takes_a_fixed_number_of_statements(cast: Cast, path: str) -> None:
    session = ScheduledSession.objects.filter(patient=cast.hannah)[0]
    address = path.format(session=session.pk, patient=cast.hannah.pk, version=cast.version("leg").pk)
    assert len(statements(lambda: Caller(cast.therapist).get(address))) <= 12
    caller = Caller(cast.therapist)
    assert len(statements(lambda: caller.get(address))) <= 5


def test_the_caseload_takes_three_statements_for_any_number_of_patients(cast: Cast) -> None:
    caller = Caller(cast.therapist)
    assert len(statements(lambda: caller.get("caseload/"))) == 3
    assert Patient.objects.filter(clinic=cast.riverside).count() == 3
    for n in range(30):
        caller.post("patients/", {"first_name": f"P{n}", "last_name": "Many"})
    seen = statements(lambda: caller.get("caseload/", page_size=200))
    assert len(seen) == 3
    assert len(caller.get("caseload/", page_size=200).json()["results"]) == 33
