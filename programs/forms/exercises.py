"""The form of a clinic's own exercise: texts in both languages, how it is counted, and a picture."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from programs.forms.doses import LANGUAGES, RangeField
from programs.models import Exercise
from programs.pictures import Picture, Unreadable, made_anew
from programs.rules.film import LARGEST_BYTES, Fault, Film, Refused, read_film
from programs.wording import equipment_keys, equipment_name, group_keys, group_name

FAULTS: dict[Fault, Promise] = {
    Fault.NOT_MP4: _("This file is no MP4 video. Choose one, or let your phone save it as MP4."),
    Fault.BROKEN: _("This video is damaged or not complete. Please record or export it once more."),
    Fault.TOO_LARGE: _("This video is too large. Choose one of at most 20 MB."),
    Fault.TOO_LONG: _("This video is too long. Choose one of at most 60 seconds."),
    Fault.IN_PIECES: _("This MP4 was made for streaming, in pieces. Export it as an ordinary MP4 file."),
    Fault.OTHER_CODEC: _("This video cannot be played in every browser. Export it with H.264 picture and AAC sound (“most compatible”)."),
    Fault.NO_PICTURE: _("There is no picture in this file."),
}
"""What is said about a file that is not taken."""
MOST_LINES = 12
"""Steps or faults of one exercise."""
TEXTS = ("cue", "easier", "harder")
LISTS = ("steps", "faults")
RANGES = {Exercise.Measure.REPS: "reps", Exercise.Measure.HOLD: "hold_seconds", Exercise.Measure.DURATION: "duration_seconds"}


def lines_of(text: str) -> list[str]:
    """Return the lines of a text without empty ones."""
    return [line.strip() for line in text.splitlines() if line.strip()]


class ExerciseForm(forms.Form):
    """An exercise; the German texts may be left out, the English ones stand for them then, and the other way round."""

    name_en = forms.CharField(label=_("Name in English"), max_length=80, required=False)
    name_de = forms.CharField(label=_("Name in German"), max_length=80, required=False, help_text=_("One of the two is enough."))
    group = forms.ChoiceField(label=_("Group"))
    measure = forms.ChoiceField(label=_("Counted in"), choices=Exercise.Measure.choices, initial=Exercise.Measure.REPS)
    sets = RangeField(label=_("Usual sets"), most=30, help_text=_("For example 2–3."))
    amount = RangeField(label=_("Usual repetitions or seconds a set"), most=999, help_text=_("For example 8–12."))
    per_side = forms.BooleanField(label=_("each side on its own"), required=False)
    equipment = forms.MultipleChoiceField(label=_("Equipment"), required=False, widget=forms.CheckboxSelectMultiple)
    picture = forms.FileField(
        label=_("Picture"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        help_text=_("JPEG, PNG or WebP. It is made smaller and stored without place, time or camera. Show nobody who has not agreed."),
    )

    video = forms.FileField(
        label=_("Short video"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "video/mp4,video/quicktime"}),
        help_text=_(
            "MP4 with H.264, at most 60 seconds and 20 MB. Place, time and names in the file are removed; what is seen and heard stays."
        ),
    )
    drops_video = forms.BooleanField(label=_("Leave the video out"), required=False)

    def __init__(self, *args: Any, before: Exercise | None = None, **kwargs: Any) -> None:
        """Begin with the exercise as it is."""
        self.before = before
        super().__init__(*args, **{"initial": start_of(before) if before else None, **kwargs})
        if before is None or not before.content.get("video"):
            del self.fields["drops_video"]
        for name in ("sets", "amount"):
            self.fields[name].required = True
            self.fields[name].error_messages["required"] = _("Write a number or a range, for example 10 or 8–10.")
        self.fields["group"].choices = [(key, group_name(key)) for key in group_keys()]  # type: ignore[attr-defined]
        self.fields["equipment"].choices = [(key, equipment_name(key)) for key in equipment_keys()]  # type: ignore[attr-defined]
        for name, label in (
            ("steps", (_("Steps in English"), _("Steps in German"))),
            ("faults", (_("Faults in English"), _("Faults in German"))),
        ):
            for language, said in zip(LANGUAGES, label, strict=True):
                area = forms.Textarea(attrs={"rows": 4})
                self.fields[f"{name}_{language}"] = forms.CharField(
                    label=said, max_length=2000, required=False, widget=area, help_text=_("One a line.")
                )
        labels = {
            "cue": (_("Cue in English"), _("Cue in German")),
            "easier": (_("Easier, in English"), _("Easier, in German")),
            "harder": (_("Harder, in English"), _("Harder, in German")),
        }
        for name in TEXTS:
            for language, said in zip(LANGUAGES, labels[name], strict=True):
                self.fields[f"{name}_{language}"] = forms.CharField(label=said, max_length=300, required=False)

    def clean_picture(self) -> Picture | None:
        """Make the picture anew; refuse what is too large or no picture."""
        file = self.cleaned_data.get("picture")
        if not file:
            return None
        if file.size > settings.UPLOAD_MAX_BYTES:
            most = settings.UPLOAD_MAX_BYTES // 1_000_000
            raise forms.ValidationError(_("This file is too large. Choose one of at most %(n)s MB.") % {"n": most})
        try:
            return made_anew(file.read())
        except Unreadable as error:
            raise forms.ValidationError(_("This file cannot be read as a picture. Choose a JPEG, PNG or WebP file.")) from error

    def clean_video(self) -> Film | None:
        """Read the film box by box; refuse what is no short plain MP4, and say why."""
        file = self.cleaned_data.get("video")
        if not file:
            return None
        try:
            if file.size > LARGEST_BYTES:
                raise Refused(Fault.TOO_LARGE)
            return read_film(file.read())
        except Refused as error:
            raise forms.ValidationError(str(FAULTS[error.fault])) from error

    def clean(self) -> dict[str, Any]:
        """Ask for a name, a step and a usual dose."""
        data = super().clean() or {}
        if not (data.get("name_en", "").strip() or data.get("name_de", "").strip()):
            self.add_error("name_en", _("Please give the exercise a name."))
        for name in LISTS:
            for language in LANGUAGES:
                if len(lines_of(data.get(f"{name}_{language}", ""))) > MOST_LINES:
                    self.add_error(f"{name}_{language}", _("At most %(n)s lines.") % {"n": MOST_LINES})
        if not any(lines_of(data.get(f"steps_{language}", "")) for language in LANGUAGES):
            self.add_error("steps_en", _("Write at least one step."))
        return data

    def given(self) -> dict[str, Any]:
        """Return what the action takes."""
        data = self.cleaned_data
        names = filled({language: data[f"name_{language}"].strip() for language in LANGUAGES})
        dose: dict[str, Any] = {"sets": list(data["sets"]), RANGES[data["measure"]]: list(data["amount"])}
        if data["per_side"]:
            dose["per_side"] = True
        content: dict[str, Any] = {
            "equipment": data["equipment"],
            "dose_range": dose,
            "dose_provenance": "clinic",
            "provenance": [{"mark": "clinic"}],
        }
        for name in TEXTS:
            content[name] = filled({language: data[f"{name}_{language}"].strip() for language in LANGUAGES})
        for name in LISTS:
            content[name] = filled({language: lines_of(data[f"{name}_{language}"]) for language in LANGUAGES})
        return {"names": names, "group": data["group"], "measure": data["measure"], "content": content, "picture": data["picture"]} | {
            "film": data["video"],
            "keeps_film": not data.get("drops_video", False),
        }


def filled(texts: dict[str, Any]) -> dict[str, Any]:
    """Return texts with the missing language filled from the other; empty without any."""
    some = next((text for text in texts.values() if text), None)
    return {language: text or some for language, text in texts.items()} if some else {}


def start_of(exercise: Exercise) -> dict[str, Any]:
    """Return an exercise as the form shows it; a text that only stands in for the other language is left out."""
    content = exercise.content
    given = content.get("dose_range") or {}
    found: dict[str, Any] = {
        "group": exercise.group,
        "measure": exercise.measure,
        "sets": range_text(given.get("sets")),
        "amount": range_text(given.get(RANGES[Exercise.Measure(exercise.measure)])),
        "per_side": bool(given.get("per_side")),
        "equipment": content.get("equipment", []),
    }
    for name, texts in (("name", exercise.names), *((name, content.get(name) or {}) for name in (*TEXTS, *LISTS))):
        for language in LANGUAGES:
            text = texts.get(language) if language == "en" or texts.get(language) != texts.get("en") else None
            found[f"{name}_{language}"] = "\n".join(text) if isinstance(text, list) else text or ""
    return found


def range_text(ends: Any) -> str:
    """Write both ends of a range; empty for none."""
    if not ends:
        return ""
    return str(ends[0]) if ends[0] == ends[1] else f"{ends[0]}–{ends[1]}"
