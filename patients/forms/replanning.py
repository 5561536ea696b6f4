"""Putting a rebuilt plan in force: from which day, and why."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.forms.planning import day_input


class InForceForm(forms.Form):
    """From which day and why; the patient reads the reason as it stands."""

    from_on = forms.DateField(label=_("From which day"), widget=day_input(), help_text=_("Sessions before this day stay as they are."))
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The patient reads this as it stands."),
        error_messages={"required": _("Please say why. The patient reads it."), "max_length": _("Please write at most 500 characters.")},
    )

    def given(self) -> dict[str, Any]:
        """Return what the action takes."""
        return {"from_on": self.cleaned_data["from_on"], "reason": self.cleaned_data["reason"]}
