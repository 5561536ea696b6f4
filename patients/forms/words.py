"""What is asked in words: agreements, and messages."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.forms.me import TOO_LONG, KeyField
from patients.models import MESSAGE_MAX
from patients.rules.consents import NEEDED, Purpose


class ConsentForm(forms.Form):
    """One box a purpose, never ticked beforehand; what is needed has to be ticked."""

    def __init__(self, data: Any = None, *, purposes: Sequence[Purpose]) -> None:
        """Ask for these purposes."""
        super().__init__(data)
        for purpose in purposes:
            self.fields[purpose.value] = forms.BooleanField(
                label=_("I agree"),
                required=purpose in NEEDED,
                error_messages={"required": _("Without this agreement we cannot go on. If you do not want to agree, see below.")},
            )

    def chosen(self) -> list[str]:
        """Return the purposes that were ticked."""
        return [name for name, is_ticked in self.cleaned_data.items() if is_ticked]


class MessageForm(forms.Form):
    """A few sentences to the other side."""

    body = forms.CharField(
        label=_("Your message"),
        max_length=MESSAGE_MAX,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Please write something first."), "max_length": TOO_LONG},
    )
    client_key = KeyField()
