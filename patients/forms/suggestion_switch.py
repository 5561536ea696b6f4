"""Turning suggestions on for a clinic: which one, what permits it, and that the notice was read."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.actions.suggestion_switch import BASIS_LENGTH, is_on
from patients.models import SuggestionSwitch


class SwitchForm(forms.ModelForm):  # type: ignore[type-arg]
    """What an administrator says when turning suggestions on; nothing is ticked beforehand."""

    basis = forms.CharField(
        label=_("What permits the use here"),
        max_length=BASIS_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "For example the certificate of the device with its number, or the assessment for another country, with date and person."
        ),
    )
    confirmed = forms.BooleanField(
        label=_("I have read the notice. The operator has done what it asks for."),
        error_messages={"required": _("Without this confirmation suggestions stay off.")},
    )

    class Meta:
        model = SuggestionSwitch
        fields = ("clinic", "basis")

    def clean(self) -> dict[str, Any]:
        """Refuse a clinic that has suggestions already."""
        data: dict[str, Any] = super().clean() or {}
        clinic = data.get("clinic")
        if clinic is not None and is_on(clinic.pk):
            self.add_error("clinic", _("Suggestions are already on for this clinic."))
        return data
