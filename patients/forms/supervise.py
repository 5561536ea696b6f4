"""Logging a session for a patient: what was done of each exercise, and pain and effort at the end."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.actions.sessions import Done
from patients.models import ScheduledSession, SessionLog
from programs.models import Prescription

SCORES = [(value, str(value)) for value in range(11)]


class ScoreField(forms.TypedChoiceField):
    """A whole number 0–10 as eleven radio buttons; empty means not asked."""

    def __init__(self, **kwargs: Any) -> None:
        """Offer the eleven answers."""
        super().__init__(choices=SCORES, coerce=int, empty_value=None, widget=forms.RadioSelect, **kwargs)


class SessionForm(forms.Form):
    """Pain, effort and the circumstances of one session."""

    pain_during_0_10 = ScoreField(label=_("Worst pain during the session"), error_messages={"required": _("Choose a number from 0 to 10.")})
    effort_rpe_0_10 = ScoreField(label=_("Effort of the whole session"), required=False)
    on = forms.DateField(label=_("Done on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    source = forms.ChoiceField(
        label=_("Entered"),
        choices=[(SessionLog.Source.CLINIC, _("in the clinic")), (SessionLog.Source.PAPER, _("from the patient's paper"))],
        widget=forms.RadioSelect,
    )
    stopped_for_pain = forms.BooleanField(label=_("Stopped because of pain"), required=False)
    note = forms.CharField(label=_("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))
    client_key = forms.UUIDField(required=False, widget=forms.HiddenInput)


class ExerciseForm(forms.Form):
    """What was done of one prescription; it starts with what is prescribed and the load of last time."""

    sets_done = forms.IntegerField(label=_("Sets"), min_value=0, max_value=30)
    reps_done = forms.IntegerField(label=_("Repetitions"), min_value=0, max_value=500, required=False)
    hold_seconds_done = forms.IntegerField(label=_("Hold, s"), min_value=0, max_value=3600, required=False)
    load_kg = forms.DecimalField(label=_("Load, kg"), min_value=0, max_value=500, max_digits=5, decimal_places=1, required=False)
    pain_0_10 = forms.IntegerField(
        label=_("Pain"), min_value=0, max_value=10, required=False, widget=forms.NumberInput(attrs={"placeholder": "0–10"})
    )

    def __init__(self, data: Any, *, prescription: Prescription, initial: dict[str, Any]) -> None:
        """Ask only for what this exercise counts."""
        self.prescription = prescription
        super().__init__(data, prefix=str(prescription.pk), initial=initial)
        if prescription.reps_high is None:
            del self.fields["reps_done"]
        if prescription.hold_seconds is None:
            del self.fields["hold_seconds_done"]

    @staticmethod
    def start_of(prescription: Prescription, last: dict[str, Any]) -> dict[str, Any]:
        """Return the values the form starts with: the prescription, and the load of last time."""
        return {
            "sets_done": prescription.sets,
            "reps_done": prescription.reps_high,
            "hold_seconds_done": prescription.hold_seconds,
            "load_kg": f"{load.normalize():f}" if (load := last.get("load_kg")) is not None else None,
        }

    def done(self) -> Done:
        """Return what was entered."""
        data = self.cleaned_data
        return Done(
            prescription_id=self.prescription.pk,
            sets_done=data["sets_done"],
            reps_done=data.get("reps_done"),
            hold_seconds_done=data.get("hold_seconds_done"),
            load_kg=data.get("load_kg"),
            pain_0_10=data.get("pain_0_10"),
        )


class NoShowForm(forms.Form):
    """Why the patient did not come, as far as it is known."""

    reason = forms.ChoiceField(
        label=_("Reason, if known"), choices=ScheduledSession.SkipReason.choices, initial=ScheduledSession.SkipReason.OTHER
    )


class AssessmentForm(forms.Form):
    """The two questions of an assessment, asked by the clinic."""

    running_pain_0_10 = forms.ChoiceField(
        label=_("Worst back pain during the last run"),
        choices=[*((str(value), label) for value, label in SCORES), ("no_run", _("no run"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a number, or “no run”.")},
    )
    running_capability_0_10 = ScoreField(
        label=_("Running: how well does it go?"), error_messages={"required": _("Choose a number from 0 to 10.")}
    )
    running_described = forms.CharField(
        label=_("The run this is about"),
        required=False,
        max_length=120,
        help_text=_("In the patient's words, for example “10 km easy”; frozen from then on."),
    )

    def __init__(self, *args: Any, is_described: bool, **kwargs: Any) -> None:
        """Ask for the run only once."""
        super().__init__(*args, **kwargs)
        if is_described:
            del self.fields["running_described"]


def default_day(session: ScheduledSession, today: dt.date) -> dt.date:
    """Return the day a session was most likely done: its own, or today while that lies ahead."""
    return min(session.on, today)
