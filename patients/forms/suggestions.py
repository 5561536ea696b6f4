"""Confirming a suggestion of a rule, and leaving one aside."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.actions.tailoring import UNTIL
from patients.forms.planning import day_input
from patients.models import Suggestion
from patients.rules.suggestions.moves import Op, restore_move


class UseForm(forms.Form):
    """From which day and for how long, the load that is set, and what the patient reads."""

    kg = forms.DecimalField(
        label=_("New load, kg"),
        min_value=0,
        max_value=500,
        decimal_places=1,
        localize=True,
        help_text=_("Write another load where this one cannot be set."),
    )
    from_on = forms.DateField(label=_("From which day"), widget=day_input(), help_text=_("Sessions before this day stay as they are."))
    until = forms.ChoiceField(label=_("How long"), choices=list(UNTIL.items()), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The patient reads this as it stands."),
        error_messages={"required": _("Please say why. The patient reads it."), "max_length": _("Please write at most 500 characters.")},
    )

    def __init__(self, data: Any = None, *, row: Suggestion, from_on: dt.date, until: str, reason: str) -> None:
        """Ask for the load only where one is suggested, and for how long only where the weeks do not follow others to the end."""
        move = restore_move(row.move)
        super().__init__(data, initial={"kg": move.kg, "from_on": from_on, "until": until, "reason": reason})
        if move.op != Op.LOAD:
            del self.fields["kg"]
        if move.op == Op.WEEKS:
            del self.fields["until"]

    def given(self) -> dict[str, Any]:
        """Return what the action takes."""
        data = self.cleaned_data
        return {"from_on": data["from_on"], "until": data.get("until", "end"), "kg": data.get("kg")}


class DeclineForm(forms.Form):
    """Why a suggestion is left aside."""

    reason = forms.ChoiceField(
        label=_("Why"),
        choices=Suggestion.Reason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Please choose a reason."), "invalid_choice": _("Please choose a reason.")},
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": _("Please write at most 500 characters.")},
    )
