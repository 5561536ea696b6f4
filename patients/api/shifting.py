"""What moving the rest of a plan takes, and what it says it would mean."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from clinics.fields import Body, Day, Text, Whole
from patients.actions.shifting import Shift
from patients.rules.shifting import LONGEST_SHIFT_DAYS
from programs.models import Setting


class ShiftDaysBody(Body):
    """Which sessions move, and where to."""

    from_on = Day(help_text="Day from which everything still planned moves, YYYY-MM-DD; today or later.")
    days = Whole(
        required=False,
        allow_null=True,
        default=None,
        min_value=-LONGEST_SHIFT_DAYS,
        max_value=LONGEST_SHIFT_DAYS,
        help_text="By how many days, below 0 for earlier; rounded up to whole weeks so that the agreed weekdays stay.",
    )
    goes_on_on = Day(
        required=False,
        allow_null=True,
        default=None,
        help_text="Instead of days: the day on or after which the first of these sessions comes, YYYY-MM-DD.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take one of both."""
        data: dict[str, Any] = super().validate(attrs)
        if (data["days"] is None) == (data["goes_on_on"] is None):
            raise serializers.ValidationError({"days": [_("Give either days or goes_on_on.")]})
        return data


class ShiftBody(ShiftDaysBody):
    """A move of the rest of a plan."""

    version = serializers.UUIDField(help_text="Id of the version in force that was looked at; another one by now is refused (409).")
    reason = Text(max_length=500, help_text="Why, at most 500 characters; the patient reads it.")


class ShiftedSessionRow(serializers.Serializer[Any]):
    """A session as it would move."""

    session = serializers.UUIDField(help_text="Id of the session.")
    week = serializers.IntegerField(help_text="Week of the program, from 1.")
    setting = serializers.ChoiceField(choices=Setting.choices, help_text="supervised (in the clinic) or home.")
    was_on = serializers.DateField(help_text="Day it has now, YYYY-MM-DD.")
    on = serializers.DateField(help_text="Day it would have, YYYY-MM-DD.")
    starts_at = serializers.DateTimeField(allow_null=True, help_text="Moment of the appointment, UTC; null at home.")
    closed_on = serializers.DateField(allow_null=True, help_text="Closed day it gives way to; null otherwise.")
    is_unplaced = serializers.BooleanField(help_text="Whether it would stand on a closed day because its week has no free open one.")
    is_full = serializers.BooleanField(help_text="Whether its group has no place then; the move is refused while one is.")


class ShiftedAssessmentRow(serializers.Serializer[Any]):
    """A measurement as it would move."""

    key = serializers.CharField(help_text="Time point: baseline, middle, end, month_3 or month_6.")
    was_due_on = serializers.DateField(help_text="Day it has now, YYYY-MM-DD.")
    due_on = serializers.DateField(help_text="Day it would have, YYYY-MM-DD.")


class ShiftRow(serializers.Serializer[Any]):
    """What moving the rest of a plan would mean."""

    days = serializers.IntegerField(help_text="By how many days everything moves; below 0 for earlier.")
    starts_on = serializers.DateField(help_text="First day of the program then, YYYY-MM-DD; it moves only while nothing stays behind.")
    ends_on = serializers.DateField(help_text="Last day of the program then, YYYY-MM-DD.")
    sessions = ShiftedSessionRow(many=True, help_text="Every session that moves, in order of the new days.")
    assessments = ShiftedAssessmentRow(many=True, help_text="Every measurement that moves along.")


def shift_data(shift: Shift) -> dict[str, Any]:
    """Return a proposed move as plain data."""
    return {
        "days": shift.days,
        "starts_on": shift.starts_on,
        "ends_on": shift.ends_on,
        "sessions": [
            {
                "session": one.session.pk,
                "week": one.session.week,
                "setting": one.session.setting,
                "was_on": one.session.on,
                "on": one.on,
                "starts_at": one.starts_at,
                "closed_on": one.closed_on,
                "is_unplaced": one.is_unplaced,
                "is_full": one.is_full,
            }
            for one in shift.moves
        ],
        "assessments": [{"key": row.key, "was_due_on": row.due_on, "due_on": on} for row, on in shift.measurements],
    }
