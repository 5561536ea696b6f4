"""Moving an appointment and pausing a program, by the clinic."""

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from patients.models import Pause
from patients.rules.extension import MOST_WEEKS_AT_ONCE
from patients.rules.shifting import LONGEST_SHIFT_DAYS


def day_input() -> forms.DateInput:
    """Return the control for one day."""
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class MoveForm(forms.Form):
    """The new day, and for a session in the clinic its time."""

    to_on = forms.DateField(label=_("New day"), widget=day_input())
    at_time = forms.TimeField(label=_("Time in the clinic"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))

    def __init__(self, *args: object, needs_time: bool, **kwargs: object) -> None:
        """Ask for the time only where there is one."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if not needs_time:
            del self.fields["at_time"]


class PauseForm(forms.Form):
    """From which day to which, and why; both days are included."""

    from_on = forms.DateField(label=_("First day"), widget=day_input())
    to_on = forms.DateField(label=_("Last day"), widget=day_input())
    reason = forms.ChoiceField(label=_("Why"), choices=Pause.Reason.choices)


class ExtendForm(forms.Form):
    """By how many weeks a program goes on, and why."""

    weeks = forms.TypedChoiceField(
        label=_("How many weeks more"), coerce=int, choices=[(n, str(n)) for n in range(1, MOST_WEEKS_AT_ONCE + 1)]
    )
    reason = forms.CharField(
        label=_("Why"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Please say why, in at most 500 characters. The patient reads it.")},
    )


class ShiftForm(forms.Form):
    """From which day everything planned moves, by how many days or to which day, and why."""

    from_on = forms.DateField(label=_("Everything planned from this day on"), widget=day_input())
    how = forms.ChoiceField(
        label=_("Where to"),
        choices=[("days", _("later, by a number of days")), ("day", _("to a chosen day, later or earlier"))],
        widget=forms.RadioSelect,
        initial="days",
        error_messages={"required": _("Please choose one."), "invalid_choice": _("Please choose one.")},
    )
    days = forms.IntegerField(
        label=_("Days later"),
        required=False,
        min_value=1,
        max_value=LONGEST_SHIFT_DAYS,
        error_messages={
            "invalid": _("Please enter a number."),
            "min_value": format_lazy(_("Enter 1 to {n} days."), n=LONGEST_SHIFT_DAYS),
            "max_value": format_lazy(_("Enter 1 to {n} days."), n=LONGEST_SHIFT_DAYS),
        },
    )
    goes_on_on = forms.DateField(label=_("Day on which it goes on"), required=False, widget=day_input())
    reason = forms.CharField(
        label=_("Why"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Please say why, in at most 500 characters. The patient reads it.")},
    )

    def clean(self) -> dict[str, Any]:
        """Ask for what was chosen; what belongs to the other choice is left aside."""
        data = super().clean() or {}
        if data.get("how") == "days" and data.get("days") is None and "days" not in self.errors:
            self.add_error("days", _("Please enter a number."))
        if data.get("how") == "day" and data.get("goes_on_on") is None and "goes_on_on" not in self.errors:
            self.add_error("goes_on_on", _("Please choose a day."))
        other = {"days": "goes_on_on", "day": "days"}.get(data.get("how", ""))
        if other is not None:
            self.errors.pop(other, None)
        return data

    def given(self) -> dict[str, Any]:
        """Return what the actions take beside the reason."""
        by_days = self.cleaned_data["how"] == "days"
        return {
            "from_on": self.cleaned_data["from_on"],
            "days": self.cleaned_data["days"] if by_days else None,
            "goes_on_on": None if by_days else self.cleaned_data["goes_on_on"],
        }
