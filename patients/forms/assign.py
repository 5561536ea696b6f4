"""Giving a program: which version, from when, on which days."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from programs.models import ProgramVersion, SessionPlan, Setting

ISO_WEEKDAYS = [(day, WEEKDAYS[day - 1]) for day in range(1, 8)]
DEFAULT_TIME = dt.time(17, 0)


class WeekdaysField(forms.TypedMultipleChoiceField):
    """ISO weekdays as numbers, Monday 1 to Sunday 7."""

    def __init__(self, **kwargs: Any) -> None:
        """Offer the seven days as check boxes."""
        super().__init__(choices=ISO_WEEKDAYS, coerce=int, required=False, widget=forms.CheckboxSelectMultiple, **kwargs)


class AssignForm(forms.Form):
    """The choices of one assignment; `days_for` remembers for which version the days were shown."""

    version = forms.ChoiceField(label=_("Program"), error_messages={"required": _("Choose a program.")})
    starts_on = forms.DateField(label=_("Start"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    supervised_weekdays = WeekdaysField(label=_("In the clinic"))
    supervised_time = forms.TimeField(
        label=_("Time in the clinic"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    home_weekdays = WeekdaysField(label=_("At home"))
    days_for = forms.CharField(required=False, max_length=36, widget=forms.HiddenInput)

    def __init__(self, *args: Any, versions: Sequence[ProgramVersion], needs_time: bool = False, **kwargs: Any) -> None:
        """Offer the versions the clinic has released; with sessions in the clinic their time is needed."""
        super().__init__(*args, **kwargs)
        self.fields["supervised_time"].required = needs_time
        self.fields["supervised_time"].error_messages["required"] = _("Choose the time in the clinic.")
        field = self.fields["version"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(str(one.pk), one.program.name) for one in versions]


def choices_of(data: Any) -> dict[str, Any]:
    """Return start, days and time as far as they can be read, for a draft; what cannot be read is None or left out."""

    def days(name: str) -> list[int]:
        return [int(day) for day in data.getlist(name) if day in {str(number) for number, _name in ISO_WEEKDAYS}]

    def read(kind: type[dt.date] | type[dt.time], name: str) -> Any:
        try:
            return kind.fromisoformat(str(data.get(name, "")))
        except ValueError:
            return None

    return {
        "starts_on": read(dt.date, "starts_on"),
        "supervised_time": read(dt.time, "supervised_time"),
        "supervised_weekdays": days("supervised_weekdays"),
        "home_weekdays": days("home_weekdays"),
    }


def usual_days(plans: Sequence[SessionPlan], setting: str) -> list[int]:
    """Return the weekdays the program usually has in one place, from its first week; fixed days of the week count from Monday."""
    found: set[int] = set()
    for plan in plans:
        if plan.setting == setting and plan.week_from == 1:
            found |= {int(day) for day in plan.weekdays or plan.days}
    return sorted(found)


def preset(plans: Sequence[SessionPlan], starts_on: dt.date, *, clinic_time: dt.time = DEFAULT_TIME) -> dict[str, Any]:
    """Return what the form shows first: usual days, five in the afternoon, and the start on the first of these days."""
    supervised, home = usual_days(plans, Setting.SUPERVISED), usual_days(plans, Setting.HOME)
    days = supervised or home
    while days and starts_on.isoweekday() not in days:
        starts_on += dt.timedelta(days=1)
    return {
        "starts_on": starts_on.isoformat(),
        "supervised_weekdays": [str(day) for day in supervised],
        "home_weekdays": [str(day) for day in home],
        "supervised_time": clinic_time.strftime("%H:%M") if supervised else "",
    }
