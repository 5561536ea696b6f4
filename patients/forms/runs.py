"""What a patient may send about a run: numbers by hand or from a watch file, pain, effort, shoes."""

import datetime as dt
from typing import Any

from django import forms
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinics.errors import DomainError
from clinics.models import Membership
from clinics.web import ScopedModelChoiceField
from patients.actions.runs import HEART_RATES, MOST_ROUNDS, SHOE_LIMITS_KM
from patients.forms.me import DoneAtField, KeyField, NoteField, ScaleField
from patients.models import SHOE_LIMIT_KM, Run, Shoe
from patients.watch import Reason, Recording, Unreadable, read_watch_file

MINUTE = 60
REFUSED: dict[Reason, Promise] = {
    Reason.TOO_LARGE: _("This file is larger than %(limit)s MB. Please export the run as a FIT file, which is much smaller."),
    Reason.ZIPPED: _("This is a packed file (ZIP). Please unpack it first, then choose the file inside."),
    Reason.OTHER_KIND: _("This is no watch file. Please choose a file that ends in .fit, .tcx or .gpx."),
    Reason.DAMAGED: _("This file cannot be read. It seems to be damaged or not complete; please export it again."),
    Reason.TOO_LONG: _("This file holds more than we read. Please enter distance and time by hand."),
    Reason.NO_RUN: _("There is no run with a time or a distance in this file."),
}
NUMBER = _("Please enter a number.")


class NumberField(forms.IntegerField):
    """A whole number; every other text gets the same sentence."""

    def __init__(self, **options: Any) -> None:
        """Set the sentence and a keypad of digits."""
        super().__init__(required=False, widget=forms.NumberInput(attrs={"inputmode": "numeric"}), **options)
        self.error_messages["invalid"] = NUMBER


class KilometreField(forms.DecimalField):
    """Kilometres with a comma or a point, whatever the language."""

    def __init__(self, **options: Any) -> None:
        """Use a plain text input: number inputs refuse the other separator."""
        super().__init__(required=False, max_digits=8, decimal_places=2, widget=forms.TextInput, **options)
        self.error_messages |= {"invalid": NUMBER, "max_decimal_places": _("Two decimals are enough.")}

    def to_python(self, value: Any) -> Any:
        """Read either separator."""
        return super().to_python(value.replace(",", ".") if isinstance(value, str) else value)


class DayField(forms.DateField):
    """A day that may be missing, as browsers send it."""

    def __init__(self, **options: Any) -> None:
        """Use the browser's own calendar."""
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        super().__init__(required=False, widget=widget, input_formats=["%Y-%m-%d"], **options)
        self.error_messages["invalid"] = _("Please choose a day.")


class WatchFileForm(forms.Form):
    """A file of a running watch; reading it fills in the other form and stores nothing."""

    file = forms.FileField(
        label=_("File of your watch"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".fit,.tcx,.gpx"}),
        help_text=_("FIT, TCX or GPX. We read distance, time and heart rate and do not keep the file."),
    )
    recording: Recording | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Say the limit, so that the page can refuse a large file before it is sent."""
        super().__init__(*args, **kwargs)
        widget = self.fields["file"].widget
        widget.attrs |= {"data-max-bytes": str(settings.UPLOAD_MAX_BYTES), "data-too-large": str(self.words(Reason.TOO_LARGE))}

    @staticmethod
    def words(reason: Reason) -> str:
        """Return the sentence for a refused file."""
        return str(REFUSED[reason]) % {"limit": settings.UPLOAD_MAX_BYTES // 1_000_000}

    def clean_file(self) -> Any:
        """Read the file; what it says stands in `recording` afterwards."""
        file = self.cleaned_data.get("file")
        if file is None:
            raise forms.ValidationError(_("Please choose a file first."))
        if file.size > settings.UPLOAD_MAX_BYTES:
            raise forms.ValidationError(self.words(Reason.TOO_LARGE))
        try:
            self.recording = read_watch_file(file.read(), most_bytes=settings.UPLOAD_MAX_BYTES)
        except Unreadable as error:
            raise forms.ValidationError(self.words(error.reason)) from error
        return file


class RunNumbersForm(forms.Form):
    """The numbers of a run that may be entered and corrected."""

    distance_km = KilometreField(label=_("Distance, km"))
    minutes = NumberField(label=_("Minutes"), min_value=0, max_value=2880)
    seconds = NumberField(label=_("Seconds"), min_value=0, max_value=59)
    pain_worst_0_10 = ScaleField(label=_("Worst back pain during the run"))
    pain_after_0_10 = ScaleField(label=_("Back pain right after"), required=False)
    leg_pain_0_10 = ScaleField(
        label=_("Pain in knees, ankles or shins"), required=False, help_text=_("Most troubles of people who begin to run are there.")
    )
    effort_rpe_0_10 = ScaleField(label=_("How hard was it?"), required=False)
    pain_before_0_10 = ScaleField(label=_("Back pain before the run"), required=False)
    average_heart_rate = NumberField(label=_("Average heart rate, beats a minute"), min_value=HEART_RATES[0], max_value=HEART_RATES[1])
    shoe = ScopedModelChoiceField(Shoe.objects, label=_("Shoes"), required=False, empty_label=_("not noted"))
    note = NoteField()

    def __init__(self, *args: Any, member: Membership, keep: Shoe | None = None, **kwargs: Any) -> None:
        """Offer the member's own shoes that are in use, and the pair `keep` even when it was put aside."""
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["shoe"]
        choice.limit_to(member)
        in_use = choice.queryset.filter(retired_on=None)
        choice.queryset = (in_use | choice.queryset.filter(pk=keep.pk) if keep else in_use).order_by("-started_on", "-id")
        choice.error_messages["invalid_choice"] = _("Please choose from the list.")

    def values(self) -> dict[str, Any]:
        """Return the numbers as the actions want them: one duration in seconds, None where nothing was entered."""
        data = dict(self.cleaned_data)
        minutes, seconds = data.pop("minutes", None), data.pop("seconds", None)
        data["duration_seconds"] = None if not minutes and not seconds else (minutes or 0) * MINUTE + (seconds or 0)
        return data


class RunForm(RunNumbersForm):
    """A run as it was done; the six answers asked first come first, the rest may stay folded."""

    on = forms.DateField(
        label=_("Day"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), input_formats=["%Y-%m-%d"]
    )
    started = forms.TimeField(
        label=_("Begun at"),
        required=False,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        input_formats=["%H:%M", "%H:%M:%S"],
    )
    source = forms.ChoiceField(required=False, choices=Run.Source.choices, widget=forms.HiddenInput)
    client_key = KeyField()
    done_at = DoneAtField()

    def clean_source(self) -> str:
        """Take a missing source for numbers entered by hand."""
        return str(self.cleaned_data.get("source") or Run.Source.HAND)

    @property
    def rest_has_errors(self) -> bool:
        """Whether something in the folded part is wrong, so that it must be open."""
        return any(name in self.errors for name in ("pain_before_0_10", "average_heart_rate", "shoe", "note", "on", "started"))


class IntervalForm(RunForm):
    """A run-walk session as it was done."""

    rounds_done = NumberField(label=_("Rounds done"), min_value=0, max_value=MOST_ROUNDS)


class RunCorrectionForm(RunNumbersForm):
    """New answers about an earlier run."""


class ShoeForm(forms.Form):
    """A new pair of shoes."""

    name = forms.CharField(
        label=_("Name of the pair"),
        max_length=60,
        help_text=_("So that you know which one it is: “blue ones”, or the model."),
        error_messages={"required": _("Give the pair a name of up to 60 characters.")},
    )
    started_on = forms.DateField(
        label=_("In use since"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        input_formats=["%Y-%m-%d"],
    )
    limit_km = NumberField(label=_("Worn after, km"), min_value=SHOE_LIMITS_KM[0], max_value=SHOE_LIMITS_KM[1], initial=SHOE_LIMIT_KM)
    client_key = KeyField()


def filled_in(recording: Recording, started: dt.datetime | None) -> dict[str, Any]:
    """Return what a watch file says as values of RunForm; `started` is the beginning on the patient's wall clock."""
    found: dict[str, Any] = {"source": recording.kind}
    if recording.distance_km is not None:
        found["distance_km"] = recording.distance_km
    if recording.duration_seconds is not None:
        found["minutes"], found["seconds"] = divmod(recording.duration_seconds, MINUTE)
    if recording.average_heart_rate is not None:
        found["average_heart_rate"] = recording.average_heart_rate
    if started is not None:
        found |= {"on": started.date(), "started": started.time()}
    return found


def rename_duration(error: DomainError) -> DomainError:
    """Put what an action says about the duration beside the minutes."""
    error.fields = {"minutes" if name == "duration_seconds" else name: texts for name, texts in error.fields.items()}
    return error
