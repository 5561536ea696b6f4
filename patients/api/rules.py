"""Resource of the clinic's triage rules: every rule set, and which is in force."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_view

from clinics.rest import Row, ScopedViewSet
from patients.models import RuleSet


class RuleSetRow(Row):
    """The numbers of all triage rules at one time."""

    class Meta:
        model = RuleSet
        shown: ClassVar = {
            "id": "Id of the rule set; alerts name the one they were raised under.",
            "number": "Counts up from 1; the highest is in force.",
            "thresholds": "Every number by its name, and under `off` the rules that are off.",
            "reason": "Why the rules changed, in the words of who changed them.",
            "made_by": "Id of the membership of who put it in force; null for the first.",
            "in_force_at": "Since when it holds, UTC.",
        }


@extend_schema_view(
    list=extend_schema(
        summary="Rule sets of the clinic",
        description="The numbers of the triage rules, newest first: the first one is in force. Others are put in force on the page, "
        "after a replay of the last 90 days.",
    ),
    retrieve=extend_schema(summary="One rule set"),
)
class RuleSetViewSet(ScopedViewSet):
    """The triage rules of the clinic in versions."""

    permission_actions = {"list": "rules.list", "retrieve": "rules.view"}
    queryset = RuleSet.objects.all()
    row_kind = RuleSetRow
    page_order = ("-number", "-id")
