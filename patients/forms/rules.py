"""The numbers of the triage rules, and why they change."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.rule_words import LABELS, number_hint, problem_text
from patients.rules.thresholds import CAN_BE_OFF, NUMBERS, OFF, Number, find_problems, numbers_of
from patients.rules.triage import Rule

REASON_LENGTH = 500


class RulesForm(forms.Form):
    """Every number of the rules, and which rules are on; `data_of` gives them as they are stored."""

    def __init__(self, *args: Any, numbers: Mapping[str, Any], can_change: bool = True, **kwargs: Any) -> None:
        """Show the numbers of a rule set."""
        off = numbers.get(OFF, [])
        shown = {name: f"{numbers.get(name, one.default):g}" for name, one in NUMBERS.items()}
        kwargs.setdefault("initial", {**shown, **{on_name(rule): rule.value not in off for rule in CAN_BE_OFF}})
        super().__init__(*args, **kwargs)
        for rule in Rule:
            if rule in CAN_BE_OFF:
                self.fields[on_name(rule)] = forms.BooleanField(label=_("On"), required=False, disabled=not can_change)
            for one in numbers_of(rule):
                self.fields[one.name] = number_field(one)
                self.fields[one.name].disabled = not can_change

    def clean(self) -> dict[str, Any]:
        """Put what is wrong beside the number; raises ValidationError."""
        values = super().clean() or self.cleaned_data
        for name, problem in find_problems(self.data_of(values)).items():
            if name in self.fields and name not in self.errors:
                self.add_error(name, problem_text(problem, name))
        return values

    @staticmethod
    def data_of(values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the numbers that could be read, and the rules that are off."""
        numbers = {name: values[name] for name in NUMBERS if values.get(name) is not None}
        return {**numbers, OFF: [rule.value for rule in CAN_BE_OFF if not values.get(on_name(rule))]}


def on_name(rule: Rule) -> str:
    """Return the name of the box that says whether a rule is on."""
    return f"on_{rule.value}"


def number_field(one: Number) -> forms.Field:
    """Return the field of one number; its limits are checked with the others by the rules themselves."""
    attrs = {"min": f"{one.low:g}", "max": f"{one.high:g}", "step": f"{one.step:g}", "inputmode": "numeric" if one.is_whole else "decimal"}
    kind: type[forms.IntegerField] = forms.IntegerField if one.is_whole else forms.FloatField
    wrong = _("Please enter a whole number.") if one.is_whole else _("Please enter a number.")
    return kind(
        label=str(LABELS[one.name]),
        help_text=number_hint(one),
        widget=forms.NumberInput(attrs=attrs),
        error_messages={"invalid": wrong, "required": wrong},
    )


class SaveRulesForm(forms.Form):
    """Why the rules change."""

    reason = forms.CharField(
        label=_("Why the rules change"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Say in at most 500 characters why the rules change.")},
    )
