"""The filters of the caseload, as they stand in the address."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

LONGEST_WEEKS = 12
BEFORE, AFTER, NONE = "before", "after", "none"


class CaseloadFilter(forms.Form):
    """Whose patients, which program and week, words, and the order; what does not exist counts as not chosen."""

    q = forms.CharField(label=_("Name or number"), required=False, max_length=80)
    who = forms.ChoiceField(label=_("Whose patients"), required=False, choices=[("mine", _("Mine")), ("clinic", _("Clinic"))])
    program = forms.CharField(label=_("Program"), required=False, max_length=8)
    week = forms.ChoiceField(label=_("Week"), required=False)
    order = forms.ChoiceField(label=_("Order"), required=False, choices=[("", _("Needs attention first")), ("name", _("By name"))])
    page = forms.IntegerField(required=False, min_value=1, max_value=10_000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the weeks of the longest program, and what lies before and after."""
        super().__init__(*args, **kwargs)
        field = self.fields["week"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [
                ("", _("all")),
                *((str(week), str(week)) for week in range(1, LONGEST_WEEKS + 1)),
                (BEFORE, _("not started")),
                (AFTER, _("after the program")),
                (NONE, _("no program")),
            ]

    def chosen(self) -> dict[str, Any]:
        """Return the filters that make sense; the others are empty."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in self.fields}
