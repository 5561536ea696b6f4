"""The steps of building that are about exercises: add, swap, leave out, move, dose, progression, circuits."""

import re
from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from programs.dose import effort_text, reps_text
from programs.forms.doses import MOST_EFFORT, MOST_REPS, RangeField, known_phrases, languages, text_in, texts_from
from programs.forms.steps import LineStep, Parts, Scene, Step, read_row, row_text, short
from programs.models import Exercise
from programs.rules import building
from programs.rules.building import Plan, Row
from programs.rules.diff import DOSE_FIELDS, PARTS, Line
from programs.rules.library import default_dose
from programs.rules.progression import FIELDS, Rule, progress

TEMPO = re.compile(r"\d{1,2}-\d{1,2}-\d{1,2}")
USUAL_REST = 60
"""Seconds a new exercise of the main part begins with: our default."""
PROGRESS = (
    ("reps", _("repetitions")),
    ("sets", _("sets")),
    ("hold", _("hold, s")),
    ("duration", _("duration, s")),
    ("run", _("running, s")),
    ("walk", _("walking, s")),
    ("rest", _("rest, s")),
    ("effort", _("effort")),
)


class AddStep(Step):
    """One more exercise, with the lowest usual dose of its range."""

    op = "add"
    spans_all = True
    exercise = forms.CharField(max_length=36)

    def clean(self) -> dict[str, Any]:
        """Refuse an exercise that is not offered, and one more than a session holds."""
        data = super().clean()
        if data.get("exercise") not in self.scene.exercises:
            self.add_error(None, _("This exercise is not offered here."))
        elif self.scene.session is None and not building.places_of(self.scene.plan):
            self.add_error(None, _("Add a session first."))
        elif self.scene.session is not None and len(self.scene.session.lines) >= building.MOST_LINES:
            self.add_error(None, _("A session holds at most %(n)s exercises.") % {"n": building.MOST_LINES})
        return data

    def added(self) -> Line:
        """Return the new line."""
        return new_line(self.scene.exercises[self.cleaned_data["exercise"]], self.scene)

    def change(self, plan: Plan) -> Plan:
        """Add it at the end of the part looked at."""
        return building.add_line(plan, self.scene.place, self.added(), *self.between)

    def row_after(self) -> Row | None:
        """Look at the new one."""
        key = self.added().key
        nth = sum(row[1] == key for row in self.scene.rows)
        return (self.scene.part, key, nth)


def new_line(exercise: Exercise, scene: Scene) -> Line:
    """Return an exercise as it begins: its lowest usual dose, and a usual rest in the main part."""
    usual = {name: value for name, value in default_dose({"dose_range": {}, **exercise.content}).items() if name in DOSE_FIELDS}
    line = Line(exercise.key, exercise.names, **usual, exercise=str(exercise.pk), block=scene.part)
    marks: dict[str, Any] = {"exercise_provenance": scene.source, "dose_provenance": scene.source}
    is_main = scene.part == Parts.MAIN and exercise.measure != Exercise.Measure.DURATION
    return replace(line, rest_seconds=USUAL_REST if is_main else 0, **marks)


class SwapStep(LineStep):
    """Another exercise in the place of one."""

    op = "swap"
    spans_all = True
    exercise = forms.ChoiceField(label=_("Exercise instead"))

    def __init__(self, *args: Any, choices: Any = (), **kwargs: Any) -> None:
        """Offer the exercises."""
        super().__init__(*args, **kwargs)
        self.fields["exercise"].choices = [("", _("Choose an exercise")), *choices]  # type: ignore[attr-defined]
        self.fields["exercise"].error_messages["required"] = _("Choose an exercise.")

    def change(self, plan: Plan) -> Plan:
        """Put the new one where the old one stood."""
        line = new_line(self.scene.exercises[self.cleaned_data["exercise"]], self.scene)
        return building.swap_line(plan, self.scene.place, self.row, line, *self.between)

    def row_after(self) -> Row | None:
        """Look at the new one."""
        return (self.row[0], self.scene.exercises[self.cleaned_data["exercise"]].key, 0)


class DropStep(LineStep):
    """An exercise left out."""

    op = "drop"

    def change(self, plan: Plan) -> Plan:
        """Leave it out."""
        return building.drop_line(plan, self.scene.place, self.row, *self.between)


class MoveStep(LineStep):
    """An exercise at another place of its part; the number counts from 1."""

    op = "move"
    spans_all = True
    to = forms.IntegerField(min_value=1, max_value=building.MOST_LINES)

    def change(self, plan: Plan) -> Plan:
        """Move it."""
        return building.move_line(plan, self.scene.place, self.row, self.cleaned_data["to"] - 1, *self.between)


class SpreadStep(LineStep):
    """The whole dose of the week looked at, in other weeks too."""

    op = "spread"

    def change(self, plan: Plan) -> Plan:
        """Copy it."""
        line, source = self.line, self.line.dose_provenance or self.scene.source
        return building.set_dose(plan, self.scene.place, self.row, line.dose(), *self.between, template=line, source=source)


class DoseStep(LineStep):
    """The dose of an exercise in some weeks, and if wished of other exercises too."""

    op = "dose"
    sets = forms.IntegerField(label=_("Sets"), min_value=1, max_value=30, widget=short())
    reps = RangeField(label=_("Repetitions"), most=MOST_REPS)
    hold_seconds = forms.IntegerField(label=_("Hold, s"), min_value=1, max_value=600, required=False, widget=short(step=5))
    duration_seconds = forms.IntegerField(label=_("Duration, s"), min_value=5, max_value=7200, required=False, widget=short(step=30))
    run_seconds = forms.IntegerField(label=_("Run, s"), min_value=1, max_value=7200, required=False, widget=short(step=15))
    walk_seconds = forms.IntegerField(label=_("Walk, s"), min_value=0, max_value=3600, required=False, widget=short(step=15))
    rest_seconds = forms.IntegerField(label=_("Rest, s"), min_value=0, max_value=600, required=False, widget=short(step=15))
    effort = RangeField(label=_("Effort (RPE 0–10)"), most=MOST_EFFORT)
    tempo = forms.CharField(label=_("Tempo, s"), max_length=8, required=False, help_text=_("Lift-hold-lower, for example 2-1-3."))
    per_side = forms.BooleanField(label=_("each side on its own"), required=False)
    load = forms.CharField(label=_("Load"), max_length=200, required=False)
    load_other = forms.CharField(max_length=200, required=False)
    variation = forms.CharField(label=_("Special form"), max_length=200, required=False)
    variation_other = forms.CharField(max_length=200, required=False)
    others = forms.MultipleChoiceField(label=_("These exercises too"), required=False, widget=forms.CheckboxSelectMultiple)
    whole = forms.BooleanField(label=_("with the whole dose, not only what I changed"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask only for what this exercise counts."""
        super().__init__(*args, **kwargs)
        scene, line = self.scene, self.scene.line
        other = _("Load, in English") if languages()[1] == "en" else _("Load, in German")
        form = _("Special form, in English") if languages()[1] == "en" else _("Special form, in German")
        self.fields["load_other"].label, self.fields["variation_other"].label = other, form
        rows = [(row_text(row), scene.name_of(row)) for row in scene.rows if row != scene.row]
        self.fields["others"].choices = rows  # type: ignore[attr-defined]
        self.fields["others"].widget.attrs.pop("class", None)
        for name in ("reps", "effort", "tempo"):
            self.fields[name].widget.attrs["class"] = "input input--s input--tiny"
        for name in ("load", "variation"):
            self.fields[name].widget.attrs["list"] = f"known-{name}"
        for name in self.left_out(line):
            del self.fields[name]

    @staticmethod
    def left_out(line: Line | None) -> list[str]:
        """Return the fields that mean nothing for this line."""
        if line is not None and line.run_seconds:
            return ["reps", "hold_seconds", "tempo", "per_side"]
        away = ["run_seconds", "walk_seconds"]
        return away if line is not None and line.duration_seconds else [*away, "duration_seconds"]

    def start(self, scene: Scene) -> dict[str, Any]:
        """Begin with the dose as it is."""
        line = scene.line
        if line is None:
            return {}
        mine, theirs = languages()
        plain = {name: getattr(line, name) for name in ("sets", "hold_seconds", "duration_seconds", "run_seconds", "walk_seconds", "tempo")}
        return {
            **plain,
            "reps": reps_text(line),
            "effort": effort_text(line.effort_low, line.effort_high),
            "rest_seconds": line.rest_seconds or None,
            "per_side": line.per_side,
            **{name: text_in(getattr(line, name), mine) for name in ("load", "variation")},
            **{f"{name}_other": text_in(getattr(line, name), theirs) for name in ("load", "variation")},
        }

    def clean_tempo(self) -> str:
        """Take three numbers."""
        text = str(self.cleaned_data["tempo"]).strip().replace("–", "-")
        if text and not TEMPO.fullmatch(text):
            raise forms.ValidationError(_("Write three numbers of seconds, for example 2-1-3."))
        return text

    def clean(self) -> dict[str, Any]:
        """Refuse a dose that counts nothing."""
        data = super().clean()
        work = [data.get("reps", (None, None))[1], *(data.get(name) for name in ("hold_seconds", "duration_seconds", "run_seconds"))]
        if not self.errors and not any(work):
            name = "run_seconds" if "run_seconds" in self.fields else "reps"
            self.add_error(name, _("Enter repetitions or seconds."))
        return data

    def dose(self) -> dict[str, Any]:
        """Return the fields of the dose as they were typed; what was not asked for is left out."""
        data, line = self.cleaned_data, self.line
        names = ("sets", "hold_seconds", "duration_seconds", "run_seconds", "walk_seconds", "tempo", "per_side")
        found = {name: data[name] for name in names if name in self.fields}
        if "reps" in self.fields:
            found["reps_low"], found["reps_high"] = data["reps"]
        found["effort_low"], found["effort_high"] = data["effort"]
        found["rest_seconds"] = data["rest_seconds"] or 0
        for name in ("load", "variation"):
            found[name] = texts_from(data[name], data[f"{name}_other"], getattr(line, name), known_phrases(name))
        return found

    def change(self, plan: Plan) -> Plan:
        """Set the dose; ticked exercises get what was changed, or all of it."""
        line, scene = self.line, self.scene
        dose = self.dose()
        plan = building.set_dose(plan, scene.place, self.row, dose, *self.between, template=line, source=scene.source)
        whole = self.cleaned_data["whole"]
        parts = [names for names in PARTS.values() if whole or any(name in dose and dose[name] != getattr(line, name) for name in names)]
        shared = {name: dose[name] for names in parts for name in names if name in dose}
        for text in self.cleaned_data["others"]:
            row = read_row(text)
            if row is not None and shared:
                plan = building.set_dose(plan, scene.place, row, shared, *self.between, source=scene.source)
        return plan


class ProgressStep(LineStep):
    """The dose of the first week carried on by a rule; shown before it is made."""

    op = "progress"
    part = forms.ChoiceField(label=_("What"), choices=PROGRESS)
    step = forms.IntegerField(label=_("by"), min_value=-600, max_value=600, widget=short())
    every = forms.IntegerField(label=_("every … weeks"), min_value=1, max_value=12, initial=1, widget=short())
    limit = forms.IntegerField(label=_("up to"), min_value=0, max_value=7200, required=False, widget=short())
    then_set = forms.BooleanField(label=_("at the limit begin again with one set more"), required=False)

    def start(self, scene: Scene) -> dict[str, Any]:
        """Go from the week looked at to the end, with what the exercise counts."""
        line = scene.line
        parts = ("run", "hold", "duration", "reps")
        part = next((part for part in parts if line is not None and any(getattr(line, name) for name in FIELDS[part])), "reps")
        return {"last": scene.weeks, "part": part, "step": 1 if part == "reps" else 5}

    def clean(self) -> dict[str, Any]:
        """Refuse a rule that moves nothing, and one for what the exercise does not count."""
        data = super().clean()
        line = self.scene.line
        if not self.errors and not data["step"]:
            self.add_error("step", _("Enter how much more, or less with a minus."))
        if not self.errors and line is not None and not any(getattr(line, name) is not None for name in FIELDS[data["part"]]):
            self.add_error("part", _("This is not counted for this exercise."))
        if not self.errors and data["first"] == data["last"]:
            self.add_error("last", _("Choose more than one week."))
        return data

    def rule(self) -> Rule:
        """Return the rule."""
        data = self.cleaned_data
        return Rule(data["part"], data["step"], data["every"], data["limit"], data["then_set"])

    def change(self, plan: Plan) -> Plan:
        """Carry the dose on."""
        return progress(plan, self.scene.place, self.row, self.rule(), *self.between, source=self.scene.source)


class CircuitStep(Step):
    """Exercises done in turns, or on their own again."""

    op = "circuit"
    spans_all = True
    rows = forms.MultipleChoiceField(
        label=_("Exercises"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose the exercises.")},
    )
    do = forms.ChoiceField(choices=(("join", "join"), ("part", "part")))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the exercises of this part."""
        super().__init__(*args, **kwargs)
        scene = self.scene
        self.fields["rows"].choices = [(row_text(row), scene.name_of(row)) for row in scene.rows]  # type: ignore[attr-defined]
        self.fields["rows"].widget.attrs.pop("class", None)

    def clean(self) -> dict[str, Any]:
        """Refuse a circuit of one."""
        data = super().clean()
        if not self.errors and data["do"] == "join" and len(data["rows"]) < 2:
            self.add_error("rows", _("Choose at least two exercises."))
        return data

    def change(self, plan: Plan) -> Plan:
        """Join or part them."""
        rows = [row for row in map(read_row, self.cleaned_data["rows"]) if row is not None]
        work = building.join_lines if self.cleaned_data["do"] == "join" else building.part_lines
        return work(plan, self.scene.place, rows, *self.between)
