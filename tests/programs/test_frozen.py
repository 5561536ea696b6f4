"""Published plans are read once, drafts each time."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from programs.frozen import frozen_plans
from programs.models import ProgramVersion, SessionPlan
from tests.cast import Cast


def test_a_published_plan_is_read_once_and_whole(cast: Cast) -> None:
    plans = list(SessionPlan.objects.filter(version=cast.version("leg"))[:3])
    keys = [plan.pk for plan in plans]
    with CaptureQueriesContext(connection) as first:
        found = frozen_plans(keys)
        for plan in plans:
            own = found[plan.pk]
            assert own.plan == plan
            assert own.plan.version.program.key == "leg"
            assert [line.pk for line in own.lines] == list(plan.prescriptions.order_by("position", "pk").values_list("pk", flat=True))
            assert all(line.exercise.name for line in own.lines)
    assert len(first) - len(plans) <= 1
    with CaptureQueriesContext(connection) as again:
        assert frozen_plans(keys)[keys[0]].lines == found[keys[0]].lines
    assert len(again) == 0


@pytest.mark.usefixtures("no_plan_read")
def test_a_draft_is_read_each_time(cast: Cast) -> None:
    version = cast.version("flare_up")
    plan = SessionPlan.objects.filter(version=version).first()
    assert plan is not None
    ProgramVersion.objects.filter(pk=version.pk).update(status=ProgramVersion.Status.DRAFT)
    line = frozen_plans([plan.pk])[plan.pk].lines[0]
    type(line).objects.filter(pk=line.pk).update(sets=line.sets + 1)
    assert frozen_plans([plan.pk])[plan.pk].lines[0].sets == line.sets + 1
