"""Changing a running plan: one line an exercise, from which day, until when, and why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.actions.tailoring import UNTIL
from patients.forms.planning import day_input
from programs.dose import effort_text, reps_text
from programs.forms.doses import MOST_EFFORT, MOST_REPS, RangeField
from programs.models import Exercise, in_language
from programs.rules.diff import DOSE_FIELDS, PARTS, Line, Session, numbered, places
from programs.rules.library import default_dose
from programs.rules.tailoring import Edit

FORMS = (("", _("as it is")), ("easier", _("easier form")), ("harder", _("harder form")))
MEASURED: dict[str, tuple[str, ...]] = {
    Exercise.Measure.REPS: ("reps_low", "reps_high"),
    Exercise.Measure.HOLD: ("hold_seconds",),
    Exercise.Measure.DURATION: ("duration_seconds",),
}


class PlanForm(forms.Form):
    """From which day, until when, and why; the patient reads the reason as it stands."""

    from_on = forms.DateField(label=_("From which day"), widget=day_input(), help_text=_("Sessions before this day stay as they are."))
    until = forms.ChoiceField(label=_("How long"), choices=list(UNTIL.items()))
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The patient reads this as it stands."),
        error_messages={"required": _("Please say why. The patient reads it."), "max_length": _("Please write at most 500 characters.")},
    )


class LineForm(forms.Form):
    """One exercise of the plan; a field left as it was changes nothing."""

    exercise = forms.ChoiceField(label=_("Exercise"), required=False)
    form = forms.ChoiceField(label=_("Form"), choices=FORMS, required=False)
    sets = forms.IntegerField(label=_("Sets"), min_value=1, max_value=30, required=False)
    reps = RangeField(label=_("Repetitions"), most=MOST_REPS)
    seconds = forms.IntegerField(label=_("Seconds"), min_value=1, max_value=7200, required=False)
    run_seconds = forms.IntegerField(label=_("Run, s"), min_value=1, max_value=3600, required=False)
    walk_seconds = forms.IntegerField(label=_("Walk, s"), min_value=0, max_value=3600, required=False)
    effort = RangeField(label=_("Effort"), most=MOST_EFFORT)
    rest_seconds = forms.IntegerField(label=_("Rest, s"), min_value=0, max_value=600, required=False)
    load = forms.CharField(label=_("Load"), max_length=80, required=False)
    per_side = forms.BooleanField(label=_("per side"), required=False)
    drop = forms.BooleanField(label=_("leave out"), required=False)

    def __init__(self, data: Any, *, slot: "Slot", exercises: Mapping[str, Exercise], choices: Sequence[Any]) -> None:
        """Start from the line of the plan; a line without one adds an exercise."""
        super().__init__(data, prefix=slot.prefix, initial=initial_of(slot.line) if slot.line else {})
        self.slot, self.exercises = slot, exercises
        line = slot.line
        self.fields["exercise"].choices = choices if line else [("", _("Add an exercise …")), *choices]  # type: ignore[attr-defined]
        away = ["reps", "seconds"] if line is not None and line.run_seconds else ["run_seconds", "walk_seconds"]
        for name in away if line is not None else [*away, "form", "drop"]:
            del self.fields[name]
        for field in self.fields.values():
            is_short = isinstance(field, (forms.IntegerField, RangeField))
            field.widget.attrs["class"] = "input input--s input--tiny" if is_short else "input input--s"
            if isinstance(field, forms.IntegerField):
                field.error_messages["invalid"] = _("Please enter a number.")

    @property
    def shown(self) -> Exercise | None:
        """The exercise that stands here in the plan; None for a line that adds one."""
        return self.exercises.get(self.slot.line.exercise) if self.slot.line else None

    def clean(self) -> dict[str, Any]:
        """Refuse a line that counts nothing."""
        data = super().clean() or {}
        line = self.slot.line
        exercise = self.exercises.get(data.get("exercise", ""))
        if self.errors or data.get("drop") or exercise is None:
            return data
        if line is not None and not data.get("sets"):
            self.add_error("sets", _("Please enter a number."))
        if line is not None and str(exercise.pk) == line.exercise and not line.run_seconds:
            reps, seconds = data.get("reps", (None, None)), data.get("seconds")
            if reps[1] is None and not seconds:
                self.add_error("reps", _("Enter repetitions or seconds."))
        return data

    def edit(self) -> Edit | None:
        """Return the wish this line stands for; None when nothing is different."""
        data, slot, line = self.cleaned_data, self.slot, self.slot.line
        exercise = self.exercises.get(data.get("exercise", ""))
        where: dict[str, Any] = {"setting": slot.setting, "place": slot.place, "key": slot.key, "nth": slot.nth}
        if line is None:
            return Edit(**where, line=self.new_line(exercise)) if exercise is not None else None
        if data.get("drop"):
            return Edit(**where, drop=True)
        if exercise is not None and str(exercise.pk) != line.exercise:
            return Edit(**where, line=self.new_line(exercise))
        typed = self.dose(line, exercise)
        # What belongs together (both ends of a range, run and walk) changes together, in weeks with other numbers too.
        parts = [[name for name in names if name in typed] for names in PARTS.values()]
        dose = {name: typed[name] for names in parts if any(typed[name] != getattr(line, name) for name in names) for name in names}
        return Edit(**where, dose=dose) if dose else None

    def dose(self, line: Line, exercise: Exercise | None) -> dict[str, Any]:
        """Return the fields of the dose as they were typed; what is not asked for stays."""
        data = self.cleaned_data
        found: dict[str, Any] = {"sets": data["sets"], "per_side": data["per_side"], "rest_seconds": data.get("rest_seconds") or 0}
        found["effort_low"], found["effort_high"] = data["effort"]
        if line.run_seconds:
            found |= {"run_seconds": data["run_seconds"] or line.run_seconds, "walk_seconds": data["walk_seconds"] or None}
        else:
            low, high = data["reps"]
            found |= {"reps_low": low, "reps_high": high, seconds_field(line): data["seconds"]}
            if found["reps_low"] == found["reps_high"] == line.reps_high and line.reps_low is None:
                found["reps_low"] = None
        if data["load"] != str(in_language(line.load)):
            found["load"] = {"en": data["load"], "de": data["load"]} if data["load"] else {}
        if exercise is not None and data.get("form"):
            found["variation"] = exercise.content.get(data["form"]) or {}
        return found

    def new_line(self, exercise: Exercise) -> Line:
        """Return another exercise with what was typed for it, otherwise with the lowest usual dose of its range."""
        data, measure = self.cleaned_data, exercise.measure
        usual = {name: value for name, value in default_dose(exercise.content).items() if name in DOSE_FIELDS}
        low, high = data.get("reps") or (None, None)
        typed = {"reps_low": low, "reps_high": high, "hold_seconds": data.get("seconds"), "duration_seconds": data.get("seconds")}
        kept = self.slot.line
        same_measure = kept is not None and any(getattr(kept, name) for name in MEASURED.get(measure, ()))
        fields = set(self.changed_data)
        asked = "reps" if measure == Exercise.Measure.REPS else "seconds"
        if asked in fields or same_measure:
            usual |= {name: typed[name] for name in MEASURED.get(measure, ()) if typed[name] is not None}
        if data.get("sets"):
            usual["sets"] = data["sets"]
        if "per_side" in fields:
            usual["per_side"] = data["per_side"]
        if "load" in fields and data["load"]:
            usual["load"] = {"en": data["load"], "de": data["load"]}
        if data.get("form"):
            usual["variation"] = exercise.content.get(data["form"]) or {}
        line = Line(exercise.key, exercise.names, exercise=str(exercise.pk), **usual)
        effort = data.get("effort") or (None, None)
        return replace(line, effort_low=effort[0], effort_high=effort[1], rest_seconds=data.get("rest_seconds") or 0)


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a line stands in the week: setting, number of the session, exercise, how often before; no line for one that is added."""

    setting: str
    place: int
    line: Line | None = None
    nth: int = 0

    @property
    def key(self) -> str:
        """The exercise that stands there; empty for a line that is added."""
        return self.line.key if self.line else ""

    @property
    def prefix(self) -> str:
        """Name of the line in the form, the same whatever version it is shown from."""
        return f"{self.setting}{self.place}-{self.key or 'new'}-{self.nth}"


def slots_of(sessions: Sequence[Session]) -> Iterator[tuple[Session, list[Slot]]]:
    """Yield each session of a week with its lines and an empty one at the end."""
    for (setting, place), session in places(sessions).items():
        lines = [Slot(setting, place, line, nth) for (_key, nth), line in numbered(session.lines).items()]
        yield session, [*lines, Slot(setting, place)]


def seconds_field(line: Line) -> str:
    """Return which field of the dose the seconds stand for."""
    return "duration_seconds" if line.duration_seconds and not line.hold_seconds else "hold_seconds"


def initial_of(line: Line) -> dict[str, Any]:
    """Return a line as the form shows it."""
    return {
        "exercise": line.exercise,
        "sets": line.sets,
        "reps": reps_text(line),
        "seconds": getattr(line, seconds_field(line)),
        "run_seconds": line.run_seconds,
        "walk_seconds": line.walk_seconds,
        "effort": effort_text(line.effort_low, line.effort_high),
        "rest_seconds": line.rest_seconds or None,
        "load": str(in_language(line.load)),
        "per_side": line.per_side,
    }
