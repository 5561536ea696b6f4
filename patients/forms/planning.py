"""Moving an appointment and pausing a program, by the clinic."""

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.models import Pause
from patients.rules.extension import MOST_WEEKS_AT_ONCE


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
