"""The form of a patient's wishes: each kind on or off and at what time, quiet hours, and one pause for all."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from reminders.actions.planning import Wish
from reminders.models import Kind
from reminders.rules.moments import MONDAY, OFF_UNLESS_WISHED, SUNDAY
from reminders.rules.snoozing import Later
from reminders.rules.timing import QuietHours

LABELS: dict[Kind, tuple[Promise, Promise | None]] = {
    Kind.SESSION_TODAY: (_("On days with a session"), _("Time for sessions")),
    Kind.SESSION_MISSED: (_("The day after a session I missed"), _("Time for the day after")),
    Kind.ASSESSMENT_DUE: (_("When a few questions are waiting"), _("Time for questions")),
    Kind.MESSAGE_WAITING: (_("When your clinic has written to you"), None),
    Kind.WEEKLY_SUMMARY: (_("A summary of the week"), _("Time for the summary")),
}
"""What each kind is called, and its time; None for what comes when it happens."""


LATER_LABELS: dict[Later, Promise] = {Later.HOUR: _("In an hour"), Later.TONIGHT: _("Tonight"), Later.TOMORROW: _("Tomorrow")}
"""What each way of putting a reminder off is called."""


class WishesForm(forms.Form):
    """What a patient wants to be reminded of."""

    weekday = forms.TypedChoiceField(
        label=_("Day of the summary"),
        coerce=int,
        choices=[(SUNDAY, _("Sunday")), (MONDAY, _("Monday"))],
        required=False,
        empty_value=None,
    )
    quiet_from = forms.TimeField(
        label=_("Quiet from"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("For example 21:00."),
    )
    quiet_until = forms.TimeField(
        label=_("Quiet until"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("For example 08:00 the next morning. Leave both empty for no quiet hours."),
    )
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
        quiet = next((wish.quiet for wish in wishes.values() if wish.quiet), None)
        if quiet is not None:
            initial |= {"quiet_from": quiet.from_time, "quiet_until": quiet.until_time}
        for kind, wish in wishes.items():
            initial[f"{kind}_on"] = wish.is_on
            initial[f"{kind}_at"] = wish.at
            if kind == Kind.WEEKLY_SUMMARY:
                initial["weekday"] = wish.weekday
        super().__init__(data, initial=initial)
        for kind in wishes:
            wanted, time = LABELS[kind]
            self.fields[f"{kind}_on"] = forms.BooleanField(label=cast(Any, wanted), required=False)
            if time is not None:
                self.fields[f"{kind}_at"] = forms.TimeField(
                    label=cast(Any, time),
                    required=str(kind) not in OFF_UNLESS_WISHED or not self.is_bound or f"{kind}_on" in self.data,
                    widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
                )
        self.fields["weekday"].required = not self.is_bound or f"{Kind.WEEKLY_SUMMARY}_on" in self.data
        self.times = {kind: wish.at for kind, wish in wishes.items()}

    @property
    def rows(self) -> list[tuple[Any, list[Any]]]:
        """Return the fields, one row a kind: what switches it on, and what is chosen with it."""
        found = []
        for kind in self.times:
            chosen = [self[f"{kind}_at"]] if f"{kind}_at" in self.fields else []
            found.append((self[f"{kind}_on"], [self["weekday"], *chosen] if kind == Kind.WEEKLY_SUMMARY else chosen))
        return found

    def clean(self) -> dict[str, Any]:
        """Want both ends of the quiet hours, and not the same; raises ValidationError."""
        values = super().clean() or self.cleaned_data
        begin, end = values.get("quiet_from"), values.get("quiet_until")
        if (begin is None) != (end is None) and not {"quiet_from", "quiet_until"} & set(self.errors):
            self.add_error("quiet_from" if begin is None else "quiet_until", _("Please give both times, or leave both empty."))
        elif begin is not None and begin == end:
            self.add_error("quiet_until", _("Both times are the same. Please choose an end."))
        return values

    def wishes(self, today: dt.date) -> dict[Kind, Wish]:
        """Return the wishes that were sent; a pause that is over is none."""
        paused = self.cleaned_data["paused_to_on"]
        if paused is not None and paused == self.initial["paused_to_on"] and paused < today:
            paused = None
        begin, end = self.cleaned_data["quiet_from"], self.cleaned_data["quiet_until"]
        quiet = QuietHours(begin, end) if begin is not None and end is not None else None
        return {
            kind: Wish(
                self.cleaned_data[f"{kind}_on"],
                (self.cleaned_data.get(f"{kind}_at") or time).replace(second=0, microsecond=0),
                paused,
                self.cleaned_data["weekday"] or SUNDAY,
                quiet,
            )
            for kind, time in self.times.items()
        }
