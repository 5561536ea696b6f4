"""The forms of reminders: a patient's wishes (each kind, its time and channel, quiet hours, a pause), a number, the clinic's rules."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from reminders.actions.wanting import Wish
from reminders.models import Channel, Kind
from reminders.rules.moments import MONDAY, OFF_UNLESS_WISHED, SUNDAY
from reminders.rules.policy import FEWEST, MOST, Policy
from reminders.rules.snoozing import Later
from reminders.rules.timing import QuietHours

LABELS: dict[Kind, tuple[Promise, Promise | None]] = {
    Kind.SESSION_TODAY: (_("On days with a session"), _("Time for sessions")),
    Kind.SESSION_MISSED: (_("The day after a missed session"), _("Time for the day after")),
    Kind.CHECK_IN: (_("For the check-in, on days without a session"), _("Time for the check-in")),
    Kind.ASSESSMENT_DUE: (_("When a few questions are waiting"), _("Time for questions")),
    Kind.PLAN_CHANGED: (_("When your plan has changed"), None),
    Kind.MESSAGE_WAITING: (_("When your clinic has written to you"), None),
    Kind.WEEKLY_SUMMARY: (_("A summary of the week"), _("Time for the summary")),
}
"""What each kind is called, and its time; None for what comes when it happens."""


BY_LABELS: dict[Channel, Promise] = {
    Channel.EMAIL: _("by e-mail"),
    Channel.PUSH: _("as a notification"),
    Channel.SMS: _("as a text message"),
}
"""How each channel is called where it is chosen."""
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

    def __init__(self, data: Any = None, *, wishes: Mapping[Kind, Wish], channels: Sequence[Channel] = ()) -> None:
        """Start with the present wishes; `channels` may be chosen from, fewer than two leave no choice."""
        initial: dict[str, Any] = {}
        pauses = [wish.paused_to_on for wish in wishes.values() if wish.paused_to_on]
        initial["paused_to_on"] = max(pauses, default=None)
        quiet = next((wish.quiet for wish in wishes.values() if wish.quiet), None)
        if quiet is not None:
            initial |= {"quiet_from": quiet.from_time, "quiet_until": quiet.until_time}
        for kind, wish in wishes.items():
            initial[f"{kind}_on"] = wish.is_on
            initial[f"{kind}_at"] = wish.at
            initial[f"{kind}_by"] = wish.channel if wish.channel in channels else Channel.EMAIL.value
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
            if len(channels) > 1:
                choices = [(channel.value, BY_LABELS[channel]) for channel in channels]
                wanted_here = not self.is_bound or f"{kind}_by" in self.data
                self.fields[f"{kind}_by"] = forms.ChoiceField(label=_("How it comes"), choices=choices, required=wanted_here)
        self.fields["weekday"].required = not self.is_bound or f"{Kind.WEEKLY_SUMMARY}_on" in self.data
        self.times = {kind: wish.at for kind, wish in wishes.items()}
        self.channels = {kind: wish.channel for kind, wish in wishes.items()}

    @property
    def rows(self) -> list[tuple[Any, list[Any]]]:
        """Return the fields, one row a kind: what switches it on, and what is chosen with it."""
        found = []
        for kind in self.times:
            chosen = [self[name] for name in (f"{kind}_at", f"{kind}_by") if name in self.fields]
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
                self.cleaned_data.get(f"{kind}_by") or self.channels[kind],
            )
            for kind, time in self.times.items()
        }


class NumberForm(forms.Form):
    """A mobile number for text messages."""

    number = forms.CharField(
        label=_("Mobile number"),
        max_length=30,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
        help_text=_("For example +49 151 23456789. We send a code to it."),
    )


class CodeForm(forms.Form):
    """The code that was sent to the number."""

    code = forms.CharField(
        label=_("Code from the text message"),
        max_length=12,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
        help_text=_("Six digits, good for ten minutes."),
    )


class PolicyForm(forms.Form):
    """What a clinic lets its patients be reminded of, how, and when."""

    kinds = forms.MultipleChoiceField(
        label=_("What patients may be reminded of"), required=False, widget=forms.CheckboxSelectMultiple, choices=[]
    )
    channels = forms.MultipleChoiceField(label=_("How, besides e-mail"), required=False, widget=forms.CheckboxSelectMultiple, choices=[])
    earliest_at = forms.TimeField(label=_("Not before"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    latest_at = forms.TimeField(label=_("Not after"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    most_unanswered = forms.IntegerField(label=_("Stop after so many unanswered ones"), required=False, min_value=FEWEST, max_value=MOST)
    shown_as = forms.CharField(label=_("Sender shown"), required=False, max_length=40)

    def __init__(self, data: Any = None, *, policy: Policy, offered: Sequence[Channel]) -> None:
        """Start with the rules in force; `offered` are the channels this installation can send by."""
        initial = {
            "kinds": [kind for kind in Kind.values if policy.allows(kind)],
            "channels": sorted(policy.channels),
            "earliest_at": policy.earliest,
            "latest_at": policy.latest,
            "most_unanswered": policy.most_unanswered,
            "shown_as": policy.shown_as,
        }
        super().__init__(data, initial=initial)
        self.kept = policy.channels - set(offered)
        fields = cast(Any, self.fields)
        fields["kinds"].choices = [(kind.value, KIND_LABELS[kind]) for kind in Kind]
        fields["channels"].choices = [(channel.value, CHANNEL_LABELS[channel]) for channel in offered if channel != Channel.EMAIL]

    def clean(self) -> dict[str, Any]:
        """Want the earlier hour first; raises ValidationError."""
        values = super().clean() or self.cleaned_data
        first, last = values.get("earliest_at"), values.get("latest_at")
        if first is not None and last is not None and first >= last:
            self.add_error("latest_at", _("This must be later than the time above."))
        values["shown_as"] = " ".join(str(values.get("shown_as", "")).split())
        if not values["shown_as"].isprintable():
            self.add_error("shown_as", _("Please use letters and digits only."))
        return values

    @property
    def changes(self) -> dict[str, Any]:
        """The rules that were sent; channels that cannot be offered just now stay as they were."""
        values = self.cleaned_data
        return {
            **{name: values[name] for name in ("earliest_at", "latest_at", "most_unanswered", "shown_as")},
            "kinds_off": sorted(set(Kind.values) - set(values["kinds"])),
            "channels": [*values["channels"], *self.kept],
        }


KIND_LABELS: dict[Kind, Promise] = {
    Kind.SESSION_TODAY: _("A session today"),
    Kind.SESSION_MISSED: _("A session missed yesterday (only if asked for)"),
    Kind.CHECK_IN: _("The check-in on days without a session (only if asked for)"),
    Kind.ASSESSMENT_DUE: _("Questions that are due"),
    Kind.PLAN_CHANGED: _("A changed plan"),
    Kind.MESSAGE_WAITING: _("A message from the clinic"),
    Kind.WEEKLY_SUMMARY: _("The summary of the week (only if asked for)"),
}
CHANNEL_LABELS: dict[Channel, Promise] = {
    Channel.PUSH: _("Notifications on the patient's phone or computer"),
    Channel.SMS: _("Text messages (each one costs the clinic money)"),
}


class SampleForm(forms.Form):
    """Which reminder to look at as a test."""

    kind = forms.ChoiceField(label=_("Which mail"), choices=[(kind.value, KIND_LABELS[kind]) for kind in Kind])
