"""The steps of building that are about sessions and weeks: add, leave out, copy, and what a session says about itself."""

from dataclasses import replace
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from programs.forms.doses import known_phrases, languages, text_in, texts_from
from programs.forms.steps import Scene, Step, short
from programs.models import Setting
from programs.rules import building
from programs.rules.building import Place, Plan
from programs.rules.diff import Session

USUAL_MINUTES = 30
"""What a new session begins with: our default."""


class SessionStep(Step):
    """How often, how long, on which days, in which phase."""

    op = "session"
    spans_all = True
    times_a_week = forms.IntegerField(label=_("Times a week"), min_value=1, max_value=7, widget=short())
    minutes = forms.IntegerField(label=_("Minutes"), min_value=1, max_value=240, widget=short(step=5))
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Usual days"),
        coerce=int,
        required=False,
        choices=[(day, WEEKDAYS[day - 1]) for day in range(1, 8)],
        widget=forms.CheckboxSelectMultiple,
    )
    phase = forms.CharField(label=_("Phase"), max_length=60, required=False)
    phase_other = forms.CharField(max_length=60, required=False)
    note = forms.CharField(label=_("Note for the patient"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    note_other = forms.CharField(max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Name the texts of the other language."""
        super().__init__(*args, **kwargs)
        is_english = languages()[1] == "en"
        self.fields["phase_other"].label = _("Phase, in English") if is_english else _("Phase, in German")
        self.fields["note_other"].label = _("Note, in English") if is_english else _("Note, in German")
        self.fields["phase"].widget.attrs["list"] = "known-phase"
        self.fields["weekdays"].widget.attrs.pop("class", None)

    def start(self, scene: Scene) -> dict[str, Any]:
        """Begin with the session as it is in the week looked at, and the weeks in a row in which it is the same."""
        session = scene.session
        if session is None:
            return {}
        mine, theirs = languages()
        texts = {name: text_in(getattr(session, name), mine) for name in ("phase", "note")}
        others = {f"{name}_other": text_in(getattr(session, name), theirs) for name in ("phase", "note")}
        plain = {"times_a_week": session.times_a_week, "minutes": session.minutes, "weekdays": list(session.weekdays)}
        same = [week for week in scene.plan if frame_of(building.session_at(scene.plan, week, scene.place)) == frame_of(session)]
        first = last = scene.week
        while first - 1 in same and first - 1 >= scene.first_week:
            first -= 1
        while last + 1 in same:
            last += 1
        return {**plain, **texts, **others, "first": first, "last": last}

    def clean(self) -> dict[str, Any]:
        """Refuse more or fewer usual days than times."""
        data = super().clean()
        days = data.get("weekdays") or []
        if not self.errors and days and len(days) != data["times_a_week"]:
            self.add_error("weekdays", _("Choose as many days as times a week, or none."))
        return data

    def change(self, plan: Plan) -> Plan:
        """Set only what was changed, so that weeks that differ otherwise keep their own."""
        data = self.cleaned_data
        before = self.scene.session or Session(self.scene.place[0], ())
        given: dict[str, Any] = {name: data[name] for name in ("times_a_week", "minutes")}
        given["weekdays"] = tuple(sorted(data["weekdays"]))
        for name in ("phase", "note"):
            given[name] = texts_from(data[name], data[f"{name}_other"], getattr(before, name), known_phrases(name))
        changed = {name: value for name, value in given.items() if value != getattr(before, name)}
        if "times_a_week" in changed:
            changed["days"] = ()
        provenance = {name: self.scene.source for name in ("times", "minutes") if {"times": "times_a_week"}.get(name, name) in changed}
        return building.change_sessions(
            plan, self.scene.place, *self.between, lambda one: replace(one, **changed, provenance={**one.provenance, **provenance})
        )


def frame_of(session: Session | None) -> tuple[Any, ...]:
    """Return what a session says about itself, without its exercises."""
    return (session.times_a_week, session.minutes, session.weekdays, session.phase, session.note) if session else ()


class NewSessionStep(Step):
    """One more kind of session, empty or as a copy of the one looked at."""

    op = "new_session"
    spans_all = True
    setting = forms.ChoiceField(label=_("Where"), choices=Setting.choices)
    times_a_week = forms.IntegerField(label=_("Times a week"), min_value=1, max_value=7, initial=2, widget=short())
    minutes = forms.IntegerField(label=_("Minutes"), min_value=1, max_value=240, initial=USUAL_MINUTES, widget=short(step=5))
    copy = forms.BooleanField(label=_("with the exercises of the session on the screen"), required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse more kinds of session than a week has days."""
        data = super().clean()
        if not self.errors and any(len(self.scene.plan[week]) >= building.MOST_SESSIONS for week in range(data["first"], data["last"] + 1)):
            self.add_error(None, _("A week has at most %(n)s kinds of session.") % {"n": building.MOST_SESSIONS})
        return data

    def change(self, plan: Plan) -> Plan:
        """Add it."""
        data, scene = self.cleaned_data, self.scene
        marks = {"times": scene.source, "minutes": scene.source}
        source = building.session_at(plan, scene.week, scene.place) if data["copy"] else None
        session = Session(data["setting"], source.lines if source else (), data["times_a_week"], data["minutes"], provenance=marks)
        if not source:
            return building.add_session(plan, session, *self.between)
        for week in range(data["first"], data["last"] + 1):
            there = building.session_at(plan, week, scene.place)
            plan = building.add_session(plan, replace(session, lines=(there or source).lines, phase=(there or source).phase), week, week)
        return plan

    def place_after(self) -> Place:
        """Return where the new session stands."""
        setting = self.cleaned_data["setting"]
        week = self.cleaned_data["first"]
        return (setting, sum(one.setting == setting for one in self.scene.plan[week]))


class DropSessionStep(Step):
    """A kind of session left out."""

    op = "drop_session"
    spans_all = True

    def change(self, plan: Plan) -> Plan:
        """Leave it out."""
        return building.drop_session(plan, self.scene.place, *self.between)


class CopyStep(Step):
    """A week, or the session looked at, copied into other weeks."""

    op = "copy"
    what = forms.ChoiceField(label=_("What"), choices=(("week", _("the whole week")), ("session", _("this session"))))
    source = forms.IntegerField(label=_("of week"), widget=short())

    def start(self, scene: Scene) -> dict[str, Any]:
        """Copy the week looked at into the ones behind it."""
        return {"source": scene.week, "first": min(scene.week + 1, scene.weeks), "last": scene.weeks}

    def clean(self) -> dict[str, Any]:
        """Refuse a week that does not exist."""
        data = super().clean()
        if not self.errors and data["source"] not in self.scene.plan:
            self.add_error("source", _("There is no such week."))
        return data

    def change(self, plan: Plan) -> Plan:
        """Copy it."""
        week = self.cleaned_data["source"]
        if self.cleaned_data["what"] == "week":
            return building.copy_week(plan, week, *self.between)
        return building.copy_session(plan, self.scene.place, week, *self.between)
