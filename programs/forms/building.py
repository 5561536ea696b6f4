"""The steps of building a program by their names, and the forms around them: a new program, its frame, publishing."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from programs.forms.doses import languages, text_in, texts_from
from programs.forms.lines import AddStep, CircuitStep, DoseStep, DropStep, MoveStep, ProgressStep, SpreadStep, SwapStep
from programs.forms.sessions import CopyStep, DropSessionStep, NewSessionStep, SessionStep
from programs.forms.steps import Step, short
from programs.models import Program, ProgramVersion
from programs.rules.building import MOST_WEEKS
from programs.sheets import STATED

STEPS: dict[str, type[Step]] = {
    one.op: one
    for one in (
        AddStep,
        SwapStep,
        DropStep,
        MoveStep,
        SpreadStep,
        DoseStep,
        ProgressStep,
        CircuitStep,
        SessionStep,
        NewSessionStep,
        DropSessionStep,
        CopyStep,
    )
}


class ProgramForm(forms.Form):
    """A new program of the clinic: empty, or a copy of one there is."""

    name_en = forms.CharField(label=_("Name in English"), max_length=80, required=False)
    name_de = forms.CharField(label=_("Name in German"), max_length=80, required=False, help_text=_("One of the two is enough."))
    base = forms.ChoiceField(label=_("Begin with"), required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=Program.Kind.choices, initial=Program.Kind.STRENGTH)
    weeks = forms.IntegerField(label=_("Weeks"), min_value=1, max_value=MOST_WEEKS, initial=8)

    def __init__(self, *args: Any, versions: Sequence[ProgramVersion] = (), **kwargs: Any) -> None:
        """Offer what can be copied."""
        super().__init__(*args, **kwargs)
        self.versions = {str(one.pk): one for one in versions}
        copies = [(key, _("a copy of %(name)s") % {"name": one.program.name}) for key, one in self.versions.items()]
        self.fields["base"].choices = [("", _("an empty program")), *copies]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Ask for one name at least."""
        data = super().clean() or {}
        if not self.errors and not (data["name_en"].strip() or data["name_de"].strip()):
            self.add_error("name_en", _("Please give the program a name."))
        return data

    def given(self) -> dict[str, Any]:
        """Return what the action takes."""
        data = self.cleaned_data
        names = {"en": data["name_en"], "de": data["name_de"]}
        return {"names": names, "kind": data["kind"], "weeks": data["weeks"], "base": self.versions.get(data["base"])}


class FrameForm(forms.Form):
    """What a draft says about itself: names, length, summary, and what the reporting sheets ask and only people know."""

    name_en = forms.CharField(label=_("Name in English"), max_length=80)
    name_de = forms.CharField(label=_("Name in German"), max_length=80)
    weeks = forms.IntegerField(
        label=_("Weeks"), min_value=1, max_value=MOST_WEEKS, widget=short(), help_text=_("New weeks repeat the last.")
    )
    summary = forms.CharField(label=_("Summary"), max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    summary_other = forms.CharField(max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, data: Any, *, version: ProgramVersion) -> None:
        """Begin with what the draft says."""
        mine, theirs = languages()
        self.version = version
        said = version.evidence.get("stated") or {}
        super().__init__(
            data,
            auto_id="frame_%s",
            initial={
                "name_en": text_in(version.program.names, "en"),
                "name_de": version.program.names.get("de") or text_in(version.program.names, "en"),
                "weeks": version.weeks,
                "summary": text_in(version.summary, mine),
                "summary_other": text_in(version.summary, theirs),
                **{f"stated_{key}": text_in(said.get(key) or {}, mine) for key in STATED},
            },
        )
        self.fields["summary_other"].label = _("Summary, in English") if theirs == "en" else _("Summary, in German")
        for key, label in STATED.items():
            asked: Any = label
            area = forms.Textarea(attrs={"rows": 2})
            self.fields[f"stated_{key}"] = forms.CharField(label=asked, max_length=400, required=False, widget=area)

    def names(self) -> dict[str, str]:
        """Return the name in both languages."""
        return {"en": self.cleaned_data["name_en"].strip(), "de": self.cleaned_data["name_de"].strip()}

    def columns(self) -> dict[str, Any]:
        """Return what is stored with the version."""
        data, before = self.cleaned_data, self.version.evidence.get("stated") or {}
        stated = {
            key: texts_from(data[f"stated_{key}"], text_in(before.get(key) or {}, languages()[1]), before.get(key) or {}) for key in STATED
        }
        return {
            "weeks": data["weeks"],
            "summary": texts_from(data["summary"], data["summary_other"], self.version.summary),
            "evidence": {**self.version.evidence, "stated": {key: texts for key, texts in stated.items() if texts}},
        }

    @property
    def stated_fields(self) -> list[Any]:
        """The questions of the reporting sheets."""
        return [self[f"stated_{key}"] for key in STATED]


class PublishForm(forms.Form):
    """Publishing a draft, and releasing it in the same step."""

    release = forms.BooleanField(
        label=_("I have looked through exercises, doses and limits of this version and release it for our clinic."), required=False
    )
