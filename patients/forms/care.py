"""Who looks after whom: handing patients over, and cover for some days."""

import uuid
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinics.models import Membership, Role
from clinics.web import ScopedModelChoiceField

DAY = {"type": "date"}


def staff_choice(label: Any, *, by: Membership, without: Iterable[uuid.UUID | None] = (), required: bool = True) -> ScopedModelChoiceField:
    """Return a choice of the people who work in the clinic now, without some of them."""
    field = ScopedModelChoiceField(
        Membership.objects.select_related("user"), label=label, required=required, empty_label=_("Please choose")
    )
    field.limit_to(by)
    rows: Any = field.queryset
    field.queryset = rows.current().staff().exclude(pk__in=[key for key in without if key]).order_by("name")
    return field


class HandOverForm(forms.Form):
    """Which patients, to whom, and why."""

    which = forms.ChoiceField(
        label=_("Which patients"),
        choices=[("all", _("All of them")), ("some", _("Only those I choose"))],
        widget=forms.RadioSelect,
        initial="all",
    )
    patients = forms.TypedMultipleChoiceField(label=_("Patients"), coerce=uuid.UUID, required=False, widget=forms.CheckboxSelectMultiple)
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=300,
        help_text=_("Stays in the records. For example: parental leave, other working hours."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(
        self, *args: Any, by: Membership, source: Membership | None, offered: Iterable[tuple[uuid.UUID, str]], **kwargs: Any
    ) -> None:
        """Offer the patients of the source and everybody who works here but the source."""
        super().__init__(*args, **kwargs)
        self.fields["target"] = staff_choice(_("To whom"), by=by, without=[source.pk if source else None])
        chosen = self.fields["patients"]
        if isinstance(chosen, forms.TypedMultipleChoiceField):
            chosen.choices = [(str(key), name) for key, name in offered]

    def clean(self) -> dict[str, Any]:
        """Whoever chooses has to choose somebody; raises ValidationError."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("which") == "some" and not data.get("patients") and "patients" not in self.errors:
            self.add_error("patients", _("Choose at least one patient."))
        return data


class ConfirmHandOverForm(forms.Form):
    """What the preview showed, sent back."""

    ids = forms.CharField(max_length=500_000)
    reason = forms.CharField(required=False, max_length=300)

    def __init__(self, *args: Any, by: Membership, source: Membership | None, **kwargs: Any) -> None:
        """Offer the same people as the form before."""
        super().__init__(*args, **kwargs)
        self.fields["target"] = staff_choice(_("To whom"), by=by, without=[source.pk if source else None])

    def clean_ids(self) -> list[uuid.UUID]:
        """Return the patients; raises ValidationError for anything but ids."""
        try:
            return [uuid.UUID(part) for part in str(self.cleaned_data["ids"]).split(",") if part]
        except ValueError as error:
            raise forms.ValidationError(_("This request cannot be read.")) from error


class EndStaffForm(forms.Form):
    """Who looks after the patients of somebody who leaves."""

    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=300,
        help_text=_("Stays in the records."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, by: Membership, leaver: Membership, has_patients: bool, **kwargs: Any) -> None:
        """Ask for a successor only where there are patients."""
        super().__init__(*args, **kwargs)
        target = staff_choice(_("Who looks after the patients from now on?"), by=by, without=[leaver.pk], required=has_patients)
        self.fields = {"target": target, "reason": self.fields["reason"]} if has_patients else {}


class CoverForm(forms.Form):
    """Who is away, who stands in, from which day to which."""

    from_on = forms.DateField(label=_("First day"), widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    to_on = forms.DateField(
        label=_("Last day"),
        widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"),
        help_text=_("The cover ends by itself at the end of this day."),
    )

    field_order = ("covered", "by", "from_on", "to_on")

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        """Let a manager choose who is away; a therapist arranges their own."""
        super().__init__(*args, **kwargs)
        if member.role == Role.MANAGER:
            self.fields["covered"] = staff_choice(_("Who is away"), by=member)
            self.fields["by"] = staff_choice(_("Who stands in"), by=member)
        else:
            self.fields["by"] = staff_choice(_("Who stands in for you"), by=member, without=[member.pk])
        self.order_fields(self.field_order)
