"""What a patient may send: check-in, signs, a session, a measurement, a pause, a correction."""

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.actions.sessions import Done
from patients.models import Pause, ScheduledSession
from patients.rules import symptoms
from patients.wording import SIGN_TEXT
from programs.models import Prescription

NOTE_MAX = 2000
LOWEST_EFFORT = 5
"""Efforts up to this one are a single answer."""
OLDEST_YEAR = 2000
"""Before that nothing was done, and some time zones cannot be computed."""
NO_RUN = "no_run"
PICK = _("Choose a number from 0 to 10.")
TOO_LONG = _("Please shorten this to %(limit_value)d characters.")


class ScaleField(forms.IntegerField):
    """A whole number from 0 to 10; every other text gets the same sentence."""

    def __init__(self, **options: Any) -> None:
        """Set the range and the sentence."""
        messages = dict.fromkeys(("required", "invalid", "min_value", "max_value"), PICK)
        super().__init__(min_value=0, max_value=10, error_messages=messages, **options)


class KeyField(forms.UUIDField):
    """The key the page gave one entry; a damaged one is as good as none."""

    def __init__(self, **options: Any) -> None:
        """Hide the field and allow it to be missing."""
        super().__init__(required=False, widget=forms.HiddenInput, **options)

    def clean(self, value: Any) -> uuid.UUID | None:
        """Return the key, or None."""
        try:
            found = super().clean(value)
        except forms.ValidationError:
            return None
        return found if isinstance(found, uuid.UUID) else None


class DoneAtField(forms.DateTimeField):
    """The moment an entry was made on a phone without a connection; a damaged one is as good as none."""

    def __init__(self, **options: Any) -> None:
        """Hide the field and allow it to be missing."""
        super().__init__(required=False, widget=forms.HiddenInput, **options)

    def clean(self, value: Any) -> dt.datetime | None:
        """Return the moment, or None."""
        try:
            found = super().clean(value)
        except forms.ValidationError:
            return None
        return found if isinstance(found, dt.datetime) and found.year >= OLDEST_YEAR else None


class NoteField(forms.CharField):
    """Free words of the patient, up to 2000 characters."""

    def __init__(self, **options: Any) -> None:
        """Draw a text area that never grows without limit."""
        super().__init__(
            required=False,
            max_length=NOTE_MAX,
            label=_("Note for your therapist"),
            widget=forms.Textarea(attrs={"rows": 3}),
            error_messages={"max_length": TOO_LONG},
            **options,
        )


class CheckInForm(forms.Form):
    """Pain and readiness of today; `answer` is the button: "none" of the signs, or "yes"."""

    NONE, YES = "none", "yes"

    pain_0_10 = ScaleField(label=_("How much back pain right now?"))
    readiness_0_10 = ScaleField(label=_("How ready do you feel to run today?"))
    client_key = KeyField()
    done_at = DoneAtField()


class SignsForm(forms.Form):
    """The signs of one list; the list depends on where it is asked."""

    signs = forms.MultipleChoiceField(
        required=False,
        label=_("What applies to you?"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("Please choose from the list.")},
    )
    client_key = KeyField()

    def __init__(self, *args: Any, context: str, **kwargs: Any) -> None:
        """Offer the signs of that context."""
        super().__init__(*args, **kwargs)
        self.context = symptoms.Context(context)
        self.fields["signs"].choices = [(sign.key, SIGN_TEXT[sign.key]) for sign in symptoms.signs_for(self.context)]  # type: ignore[attr-defined]

    def groups(self) -> Iterable[tuple[str, list[Any]]]:
        """Yield the rows by the level of their signs, worst first: (level, rows)."""
        rows = {str(row.data["value"]): row for row in self["signs"].subwidgets}
        found: dict[str, list[Any]] = {}
        for sign in symptoms.signs_for(self.context):
            found.setdefault(sign.level.value, []).append(rows[sign.key])
        return found.items()


def effort_choices() -> list[tuple[int, str]]:
    """Return the efforts one may choose: 5 stands for everything easier."""
    return [(value, str(value)) for value in range(LOWEST_EFFORT, 11)]


class SessionForm(forms.Form):
    """How a session felt as a whole."""

    pain_during_0_10 = ScaleField(label=_("Worst pain during the session"))
    effort_rpe_0_10 = forms.TypedChoiceField(
        label=_("How hard was it?"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=effort_choices,
        error_messages={"invalid_choice": PICK},
    )
    soreness_0_10 = ScaleField(label=_("Muscle soreness"), required=False, help_text=_("Sore muscles are something else than back pain."))
    note = NoteField()
    on = forms.DateField(
        label=_("Done on"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), input_formats=["%Y-%m-%d"]
    )
    client_key = KeyField()
    done_at = DoneAtField()

    def __init__(self, *args: Any, needs_pain: bool = True, **kwargs: Any) -> None:
        """Ask for pain unless the session was stopped."""
        super().__init__(*args, **kwargs)
        self.fields["pain_during_0_10"].required = needs_pain

    def answers(self) -> dict[str, Any]:
        """Return what `log_session` wants."""
        names = ("pain_during_0_10", "effort_rpe_0_10", "soreness_0_10", "note", "on", "client_key", "done_at")
        return {name: self.cleaned_data.get(name) for name in names}


class ExerciseForm(forms.Form):
    """What was done of one exercise; empty means as prescribed."""

    sets_done = forms.IntegerField(label=_("Sets done"), required=False, min_value=0, max_value=30)
    reps_done = forms.IntegerField(label=_("Repetitions a set"), required=False, min_value=0, max_value=500)
    hold_seconds_done = forms.IntegerField(label=_("Seconds a set"), required=False, min_value=0, max_value=3600)
    load_kg = forms.DecimalField(
        label=_("Load, kg"), required=False, min_value=0, max_value=500, max_digits=5, decimal_places=1, localize=True
    )
    pain_0_10 = ScaleField(label=_("Worst pain during it"), required=False)
    skip_reason = forms.ChoiceField(label=_("Why less or nothing?"), required=False)

    def __init__(self, data: Any = None, *, prescription: Prescription, assume_done: bool = True) -> None:
        """Ask only what this prescription counts; `assume_done` starts from all sets, else from none."""
        super().__init__(data, prefix=f"x{prescription.position}")
        self.prescription = prescription
        self.fields["sets_done"].initial = prescription.sets if assume_done else 0
        reasons = self.fields["skip_reason"]
        reasons.choices = [("", _("no reason given")), *ScheduledSession.SkipReason.choices]  # type: ignore[attr-defined]
        if not prescription.reps_high:
            del self.fields["reps_done"]
        if not prescription.hold_seconds:
            del self.fields["hold_seconds_done"]
        if prescription.run_seconds or prescription.duration_seconds:
            del self.fields["load_kg"]
        for field in self.fields.values():
            field.error_messages["invalid"] = _("Please enter a number.")

    def done(self) -> Done:
        """Return what was done; the number of sets counts even where nothing else was entered."""
        data = self.cleaned_data
        sets = data.get("sets_done")
        return Done(
            prescription_id=self.prescription.pk,
            sets_done=self.fields["sets_done"].initial if sets is None else sets,
            reps_done=data.get("reps_done"),
            hold_seconds_done=data.get("hold_seconds_done"),
            load_kg=data.get("load_kg"),
            pain_0_10=data.get("pain_0_10"),
            skip_reason=data.get("skip_reason") or "",
        )

    def others(self) -> list[str]:
        """Return every field but the sets as hidden inputs, for pages that only ask how far one got."""
        return [self[name].as_hidden() for name in self.fields if name != "sets_done"] if self.is_bound else []

    @property
    def is_as_prescribed(self) -> bool:
        """Whether nothing differs from the prescription and nothing was noted about it."""
        one = self.done()
        extras = (one.reps_done, one.hold_seconds_done, one.load_kg, one.pain_0_10)
        return one.sets_done == self.prescription.sets and not one.skip_reason and all(value is None for value in extras)


class AssessmentForm(forms.Form):
    """The two measures; the run is described once, before its first answer."""

    running_described = forms.CharField(
        label=_("Which run is this about?"),
        max_length=120,
        help_text=_("The run you would like to do again as before, in a few words: “10 km easy”, “half marathon training”."),
        error_messages={
            "required": _("Describe the run in a few words, for example “10 km easy”."),
            "max_length": TOO_LONG,
        },
    )
    running_capability_0_10 = ScaleField(label=_("How well can you do this run at present?"))
    running_pain = forms.ChoiceField(
        label=_("Worst back pain when running, in the last 7 days"),
        error_messages={"required": _("Choose a number, or “no run this week”.")},
    )

    def __init__(self, *args: Any, is_described: bool, **kwargs: Any) -> None:
        """Leave the description out once it is frozen."""
        super().__init__(*args, **kwargs)
        numbers = [(str(value), str(value)) for value in range(11)]
        self.fields["running_pain"].choices = [*numbers, (NO_RUN, _("no run this week"))]  # type: ignore[attr-defined]
        self.fields["running_pain"].error_messages["invalid_choice"] = self.fields["running_pain"].error_messages["required"]
        if is_described:
            del self.fields["running_described"]

    def answers(self) -> dict[str, Any]:
        """Return what `answer_assessment` wants."""
        pain = self.cleaned_data["running_pain"]
        return {
            "running_pain_0_10": None if pain == NO_RUN else int(pain),
            "no_run_this_week": pain == NO_RUN,
            "running_capability_0_10": self.cleaned_data["running_capability_0_10"],
            "running_described": self.cleaned_data.get("running_described", ""),
        }


class MoveForm(forms.Form):
    """Another day for a session."""

    to_on = forms.TypedChoiceField(
        label=_("New day"),
        widget=forms.RadioSelect,
        coerce=dt.date.fromisoformat,
        error_messages={"required": _("Please choose a day."), "invalid_choice": _("Please choose one of these days.")},
    )

    def __init__(self, *args: Any, days: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        """Offer these (ISO day, text)."""
        super().__init__(*args, **kwargs)
        self.fields["to_on"].choices = days  # type: ignore[attr-defined]


class SkipForm(forms.Form):
    """Why a session that is still to come is not done: nobody has forgotten it yet."""

    reason = forms.ChoiceField(
        label=_("Why not today?"),
        widget=forms.RadioSelect,
        choices=[choice for choice in ScheduledSession.SkipReason.choices if choice[0] != ScheduledSession.SkipReason.FORGOT],
        error_messages={"required": _("Please choose a reason."), "invalid_choice": _("Please choose a reason.")},
    )


class PauseForm(forms.Form):
    """Days without training, and why."""

    from_on = forms.DateField(
        label=_("First day without training"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), input_formats=["%Y-%m-%d"]
    )
    to_on = forms.DateField(
        label=_("Last day without training"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), input_formats=["%Y-%m-%d"]
    )
    reason = forms.ChoiceField(
        label=_("Reason"),
        widget=forms.RadioSelect,
        choices=Pause.Reason.choices,
        error_messages={"required": _("Please choose a reason."), "invalid_choice": _("Please choose a reason.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Say what a day looks like when none was understood."""
        super().__init__(*args, **kwargs)
        for name in ("from_on", "to_on"):
            self.fields[name].error_messages |= {"required": _("Please choose a day."), "invalid": _("Please choose a day.")}


class CheckInCorrectionForm(forms.Form):
    """New answers of an earlier check-in."""

    pain_0_10 = ScaleField(label=_("Back pain"))
    readiness_0_10 = ScaleField(label=_("Readiness to run"))
    note = NoteField()


class SessionCorrectionForm(forms.Form):
    """New answers about an earlier session."""

    pain_during_0_10 = ScaleField(label=_("Worst pain during the session"), required=False)
    effort_rpe_0_10 = ScaleField(label=_("How hard was it?"), required=False)
    soreness_0_10 = ScaleField(label=_("Muscle soreness"), required=False)
    note = NoteField()
