"""Taking an alert, putting it off, closing it, and writing a clearance."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.actions.alerts import last_snooze_day
from patients.models import Alert, AlertStep
from patients.rules.alerts import Move, Status, needs_note


class AlertForm(forms.Form):
    """A note, and the status of the alert that the person saw when they decided."""

    move: Move
    saw = forms.ChoiceField(choices=[(one.value, one.value) for one in Status], required=False, widget=forms.HiddenInput)
    note = forms.CharField(label=_("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, alert: Alert, **kwargs: Any) -> None:
        """Ask for a note where the alert is a stop sign."""
        kwargs.setdefault("auto_id", f"note-{alert.pk}-%s")
        kwargs.setdefault("initial", {"saw": alert.status})
        super().__init__(*args, **kwargs)
        if needs_note(self.move, is_stop=alert.level == Alert.Level.STOP):
            self.fields["note"].required = True
            self.fields["note"].label = _("What was done")
            self.fields["note"].error_messages["required"] = _("Write what was done about this stop sign.")


class AcknowledgeForm(AlertForm):
    """A note on what was done; a stop sign cannot be acknowledged without one."""

    move = Move.ACKNOWLEDGE


class ResolveForm(AlertForm):
    """How it ended; a stop sign cannot be closed without words."""

    move = Move.RESOLVE


class SnoozeForm(AlertForm):
    """Until which day an alert is put off, and why."""

    move = Move.SNOOZE
    until = forms.DateField(
        label=_("Until"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"required": _("Choose the day it should come back."), "invalid": _("Please enter a day.")},
    )
    reason = forms.ChoiceField(
        label=_("Why"),
        choices=AlertStep.Reason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Please choose a reason.")},
    )
    field_order = ("until", "reason", "note", "saw")

    def __init__(self, *args: Any, alert: Alert, today: dt.date, **kwargs: Any) -> None:
        """Offer the days from tomorrow on, at most two weeks; a week is filled in."""
        kwargs.setdefault("initial", {"saw": alert.status, "until": today + dt.timedelta(days=7)})
        super().__init__(*args, alert=alert, **kwargs)
        days = {"min": today + dt.timedelta(days=1), "max": last_snooze_day(today)}
        self.fields["until"].widget.attrs.update({name: day.isoformat() for name, day in days.items()})


class ClearanceForm(forms.Form):
    """What a clearance rests on."""

    note = forms.CharField(
        label=_("What the clearance rests on"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Please write what the clearance rests on.")},
    )
