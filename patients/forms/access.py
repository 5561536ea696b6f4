"""What a manager notes about unusual access."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class ReviewForm(forms.Form):
    """Which flag, up to which entry, and what was found; the hidden part comes from the page itself."""

    kind = forms.CharField(max_length=12, widget=forms.HiddenInput)
    actor = forms.UUIDField(widget=forms.HiddenInput)
    day = forms.DateField(widget=forms.HiddenInput, input_formats=["%Y-%m-%d"])
    upto = forms.CharField(max_length=40, widget=forms.HiddenInput)
    note = forms.CharField(
        label=_("What you found"),
        max_length=500,
        help_text=_("No names of patients, please. For example: asked, was the group of that evening."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Please write what you found.")},
    )

    def clean_upto(self) -> Any:
        """Return the moment of the last entry; raises ValidationError for anything else."""
        try:
            found = forms.DateTimeField().to_python(self.cleaned_data["upto"])
        except forms.ValidationError:
            found = None
        if found is None:
            raise forms.ValidationError(_("This request cannot be read."))
        return found
