"""Made-up calls to every operation, sensible and senseless: never a 5xx, and no answer the description does not know."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from patients.actions.diary import check_in
from patients.models import Alert, Assessment, Assignment, AssignmentVersion, CheckIn, Pause, ScheduledSession, SessionLog, SymptomReport
from physio.api import RESOURCES, read_schema
from programs.models import Exercise, Program
from reminders.models import Delivery
from tests.caller import Caller
from tests.cast import Cast

EXAMPLES = 3
LEFT_OUT = ("POST /api/v1/tokens/", "DELETE /api/v1/tokens/{id}/")
"""The first is limited by the minute, the second would end the key of the caller; both have tests of their own."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]


def run(strategy: Any, call: Callable[[Any], None]) -> None:
    """Call with a few examples, the same ones every time; making them up takes longer than the calls."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def calls(case: Any) -> None:
        call(case)

    calls()


def real_ids(cast: Cast) -> dict[str, Any]:
    """Return an id the caller may see for every resource."""
    check_in(patient=cast.hannah, pain_0_10=9, readiness_0_10=1, signs=["sharp_pain"], by=cast.hannah.membership, now=cast.now)
    first = {
        "clinics": cast.riverside.pk,
        "members": cast.therapist2.pk,
        "patients": cast.hannah.pk,
        "caseload": cast.hannah.pk,
        "program-versions": cast.version("leg").pk,
        "programs": Program.objects.first(),
        "exercises": Exercise.objects.first(),
    }
    own: dict[str, Any] = {
        "alerts": Alert,
        "assessments": Assessment,
        "assignments": Assignment,
        "check-ins": CheckIn,
        "deliveries": Delivery,
        "pauses": Pause,
        "plan-changes": AssignmentVersion,
        "session-logs": SessionLog,
        "sessions": ScheduledSession,
        "symptom-reports": SymptomReport,
    }
    found = first | {name: model.objects.filter(patient=cast.hannah).first() for name, model in own.items()}
    return {name: str(getattr(row, "pk", row)) for name, row in found.items() if row is not None}


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Keep the connection open between calls: everything happens in the transaction of the test."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("one_connection")
@pytest.mark.parametrize("third", [0, 1, 2])
def test_made_up_calls_are_answered_as_described(cast: Cast, third: int) -> None:
    schema = schemathesis.openapi.from_dict(read_schema())
    schema.app = get_wsgi_application()
    schema.config.analysis.constants.enabled = False  # reading all source for constants takes longer than the calls
    ids = real_ids(cast)
    callers = [Caller(member) for member in (cast.manager, cast.hannah.membership)]

    def call(case: Any) -> None:
        resource = case.operation.path.split("/")[3]
        if case.path_parameters and resource in ids and len(str(case.path_parameters)) % 2:
            case.path_parameters = dict.fromkeys(case.path_parameters, ids[resource])
        own = dict(case.headers or {})
        for caller in callers:
            answer = case.call(headers={**caller.headers, **own})
            case.validate_response(answer, checks=CHECKS)

    for resource in [*RESOURCES, "me"][third::3]:
        for found in schema.include(path_regex=rf"^/api/v1/{resource}/").get_all_operations():
            assert isinstance(found, Ok), found
            operation = found.ok()
            if operation.label in LEFT_OUT:
                continue
            for mode in GenerationMode:
                if mode == GenerationMode.NEGATIVE and not (operation.body or operation.query or operation.path_parameters):
                    continue  # nothing senseless can be sent to an operation that takes nothing
                run(operation.as_strategy(generation_mode=mode), call)
