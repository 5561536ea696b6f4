"""What every step of building a program has: the plan in front of somebody, and the weeks a step is for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from programs.models import Exercise, Prescription
from programs.rules import building
from programs.rules.building import Place, Plan, Row
from programs.rules.diff import Line, Session, places

Parts = Prescription.Block


@dataclass(frozen=True, slots=True)
class Scene:
    """What is in front of somebody who builds: the plan, and which session, part, week and exercise they look at.

    Weeks before `first_week` are over and cannot be changed. `source` is where doses come from that are set here.
    """

    plan: Plan
    place: Place
    part: str
    week: int
    row: Row | None
    first_week: int
    exercises: Mapping[str, Exercise]
    source: str

    @property
    def weeks(self) -> int:
        """Length of the plan."""
        return len(self.plan)

    @property
    def session(self) -> Session | None:
        """The session of the week looked at."""
        return building.session_at(self.plan, self.week, self.place)

    @property
    def line(self) -> Line | None:
        """The line looked at; where the exercise is not done in this week, as it stands in the nearest one."""
        if self.row is None:
            return None
        weeks = sorted(self.plan, key=lambda week: abs(week - self.week))
        found = (building.line_at(self.plan, week, self.place, self.row) for week in weeks)
        return next((line for line in found if line is not None), None)

    @property
    def rows(self) -> list[Row]:
        """The exercises of the part looked at, over all weeks."""
        return building.rows_of(self.plan, self.place, self.part)

    def name_of(self, row: Row) -> str:
        """Return what an exercise is called."""
        for sessions in self.plan.values():
            session = places(sessions).get(self.place)
            line = building.rows_in(session).get(row) if session else None
            if line is not None and line.exercise in self.exercises:
                return self.exercises[line.exercise].name
        return row[1]


def row_text(row: Row | None) -> str:
    """Write a row for an address or a form; empty for None."""
    return "" if row is None else f"{row[0]}.{row[1]}.{row[2]}"


def read_row(text: str) -> Row | None:
    """Read what `row_text` wrote; None for anything else."""
    block, _dot, rest = text.partition(".")
    key, _dot, nth = rest.rpartition(".")
    return (block, key, int(nth)) if block in Parts.values and key and nth.isdigit() and len(nth) < 3 else None


def short(**more: Any) -> Any:
    """Return the input of a number."""
    return forms.NumberInput(attrs={"class": "input input--s input--tiny", "inputmode": "numeric", **more})


class Step(forms.Form):
    """One change of the plan in the weeks `first` to `last`; `span` of a button stands for the week, from it on, or all."""

    op: ClassVar[str] = ""
    spans_all: ClassVar[bool] = False
    """Whether it begins with all weeks, not only the one looked at."""

    first = forms.IntegerField(label=_("From week"), widget=short())
    last = forms.IntegerField(label=_("to week"), widget=short())
    span = forms.CharField(required=False, max_length=5, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, scene: Scene, **options: Any) -> None:
        """Begin with the weeks that are meant as a rule."""
        begins = (scene.first_week, scene.weeks) if self.spans_all else (scene.week, scene.week)
        initial = {"first": begins[0], "last": begins[1], **self.start(scene), **options.pop("initial", {})}
        super().__init__(data, initial=initial, auto_id=f"{self.op}_%s", **options)
        self.scene = scene
        for name in ("first", "last"):
            # A form without its own weeks means the usual ones.
            self.fields[name].required = False
            self.fields[name].widget.attrs |= {"min": scene.first_week, "max": scene.weeks}
        for field in self.fields.values():
            field.widget.attrs.setdefault("class", "input input--s")
            if isinstance(field, forms.IntegerField):
                field.error_messages["invalid"] = _("Please enter a number.")

    def start(self, scene: Scene) -> dict[str, Any]:
        """Return what the fields begin with."""
        return {}

    def clean(self) -> dict[str, Any]:
        """Work out the weeks that are meant."""
        data = super().clean() or {}
        scene, span = self.scene, data.get("span")
        usual = {"week": (scene.week, scene.week), "on": (scene.week, scene.weeks), "all": (scene.first_week, scene.weeks)}.get(span or "")
        for place, name in enumerate(("first", "last")):
            if usual or (data.get(name) is None and name not in self.errors):
                data[name] = usual[place] if usual else self.initial[name]
        if not self.errors and not scene.first_week <= data["first"] <= data["last"] <= scene.weeks:
            values = {"first": scene.first_week, "last": scene.weeks}
            self.add_error("first", _("Choose weeks from %(first)s to %(last)s, the first one first.") % values)
        return data

    @property
    def between(self) -> tuple[int, int]:
        """First and last week."""
        return self.cleaned_data["first"], self.cleaned_data["last"]

    def change(self, plan: Plan) -> Plan:
        """Return the plan with this step made."""
        raise NotImplementedError

    def row_after(self) -> Row | None:
        """Return which exercise is looked at afterwards."""
        return self.scene.row


class LineStep(Step):
    """A step that needs an exercise to be chosen."""

    def clean(self) -> dict[str, Any]:
        """Refuse a step about nothing."""
        data = super().clean()
        if self.scene.line is None:
            self.add_error(None, _("Choose an exercise first."))
        return data

    @property
    def row(self) -> Row:
        """The exercise; `clean` has refused a step without one."""
        return self.scene.row or ("", "", 0)

    @property
    def line(self) -> Line:
        """Its line in the week looked at, or the nearest one."""
        return self.scene.line or Line("")
