"""Asking to be erased, refusing it, and carrying it out."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.forms.me import TOO_LONG, KeyField


class AskForm(forms.Form):
    """What a patient may add to the wish to be erased."""

    words = forms.CharField(
        label=_("Would you like to add something?"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": TOO_LONG},
    )
    client_key = KeyField()


class RefuseForm(forms.Form):
    """Why a request is refused; the patient reads it."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": TOO_LONG, "required": _("Please give the reason: the patient reads it.")},
    )


class EraseForm(forms.Form):
    """Two confirmations: a tick, and the patient's number typed by hand."""

    is_sure = forms.BooleanField(
        label=_("I have made sure that this person asked for it, and that nothing is needed any more."),
        error_messages={"required": _("Please confirm this first.")},
    )
    number = forms.CharField(
        label=_("Number of the patient, typed by hand"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Please type the number of this patient.")},
    )

    def clean_number(self) -> Any:
        """Take the number without blanks around it."""
        return self.cleaned_data["number"].strip()
