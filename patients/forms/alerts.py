"""Acknowledging an alert and writing a clearance."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.models import Alert


class AcknowledgeForm(forms.Form):
    """A note on what was done; a stop sign cannot be acknowledged without one."""

    note = forms.CharField(label=_("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, alert: Alert, **kwargs: Any) -> None:
        """Ask for a note where the alert is a stop sign."""
        kwargs.setdefault("auto_id", f"note-{alert.pk}-%s")
        super().__init__(*args, **kwargs)
        if alert.level == Alert.Level.STOP:
            self.fields["note"].required = True
            self.fields["note"].label = _("What was done")
            self.fields["note"].error_messages["required"] = _("Write what was done about this stop sign.")


class ClearanceForm(forms.Form):
    """What a clearance rests on."""

    note = forms.CharField(
        label=_("What the clearance rests on"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Please write what the clearance rests on.")},
    )
