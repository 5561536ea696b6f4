"""The filters of the outcomes, as they stand in the address."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.figures import Selection


class OutcomesFilter(forms.Form):
    """The first and the last year people began in, and who treats them; what does not exist counts as not chosen."""

    def __init__(self, data: Any, *, years: tuple[int, int], therapists: Sequence[tuple[str, str]]) -> None:
        """Offer the years in which somebody began, and the therapists the person may choose from."""
        super().__init__(data)
        self.years, self.therapists = years, dict(therapists)
        choices = [(year, str(year)) for year in range(years[0], years[1] + 1)]
        for name, label in (("first", _("Started from")), ("last", _("Started until"))):
            self.fields[name] = forms.TypedChoiceField(label=label, required=False, coerce=int, empty_value=None, choices=choices)
        self.fields["therapist"] = forms.ChoiceField(label=_("Therapist"), required=False, choices=[("", _("All therapists")), *therapists])

    def therapist_name(self, selection: Selection) -> str:
        """Return who is chosen, empty for all."""
        return self.therapists.get(selection.therapist or "", "")

    def selection(self) -> Selection:
        """Return who is chosen; without a choice everybody, and years the wrong way round are turned."""
        self.is_valid()
        chosen = [self.cleaned_data.get(name) or year for name, year in zip(("first", "last"), self.years, strict=True)]
        return Selection(min(chosen), max(chosen), self.cleaned_data.get("therapist") or None)
