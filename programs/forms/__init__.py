"""The forms of the program pages: filters and the approval."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from programs.wording import group_keys, group_name


class ExerciseFilter(forms.Form):
    """Group and words; whatever else stands in the address is ignored."""

    group = forms.ChoiceField(label=_("Group"), required=False)
    q = forms.CharField(label=_("Name of the exercise"), required=False, max_length=80)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the groups of the library."""
        super().__init__(*args, **kwargs)
        field = self.fields["group"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", _("All groups")), *((key, group_name(key)) for key in group_keys())]

    def chosen(self) -> tuple[str, str]:
        """Return group and words; a group that does not exist counts as none."""
        self.is_valid()
        return self.cleaned_data.get("group", ""), self.cleaned_data.get("q", "").strip()


class ApprovalForm(forms.Form):
    """The therapist's word that the version was looked through."""

    reviewed = forms.BooleanField(
        label=_("I have looked through exercises, doses and limits of this version and release it for our clinic."),
        error_messages={"required": _("Please confirm that you looked through this version.")},
    )
