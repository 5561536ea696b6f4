"""The form of a patient's wishes: each kind on or off and at what time, and one pause for all."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from reminders.actions.planning import Wish
from reminders.models import Kind

LABELS: dict[Kind, tuple[Promise, Promise | None]] = {
    Kind.SESSION_TODAY: (_("On days with a session"), _("Time for sessions")),
    Kind.ASSESSMENT_DUE: (_("When a few questions are waiting"), _("Time for questions")),
    Kind.MESSAGE_WAITING: (_("When your clinic has written to you"), None),
}
"""What each kind is called, and its time; None for what comes when it happens."""


class WishesForm(forms.Form):
    """What a patient wants to be reminded of."""

    paused_to_on = forms.DateField(
        label=_("Pause all reminders up to and including"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Leave it empty for no pause."),
    )

    def __init__(self, data: Any = None, *, wishes: Mapping[Kind, Wish]) -> None:
        """Start with the present wishes."""
        initial: dict[str, Any] = {}
        pauses = [wish.paused_to_on for wish in wishes.values() if wish.paused_to_on]
        initial["paused_to_on"] = max(pauses, default=None)
        for kind, wish in wishes.items():
            initial[f"{kind}_on"] = wish.is_on
            initial[f"{kind}_at"] = wish.at
        super().__init__(data, initial=initial)
        for kind in wishes:
            wanted, time = LABELS[kind]
            self.fields[f"{kind}_on"] = forms.BooleanField(label=cast(Any, wanted), required=False)
            if time is not None:
                self.fields[f"{kind}_at"] = forms.TimeField(
                    label=cast(Any, time), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
                )
        self.times = {kind: wish.at for kind, wish in wishes.items()}

    @property
    def rows(self) -> list[tuple[Any, Any]]:
        """Return the pairs of fields, one a kind; the second is None where there is no time to choose."""
        return [(self[f"{kind}_on"], self[f"{kind}_at"] if f"{kind}_at" in self.fields else None) for kind in self.times]

    def wishes(self, today: dt.date) -> dict[Kind, Wish]:
        """Return the wishes that were sent; a pause that is over is none."""
        paused = self.cleaned_data["paused_to_on"]
        if paused is not None and paused == self.initial["paused_to_on"] and paused < today:
            paused = None
        return {
            kind: Wish(self.cleaned_data[f"{kind}_on"], self.cleaned_data.get(f"{kind}_at", time).replace(second=0, microsecond=0), paused)
            for kind, time in self.times.items()
        }
