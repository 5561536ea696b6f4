"""Master data of a patient, and why a program ends."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinics.localtime import time_zone_choices
from clinics.models import Language, Membership
from clinics.web import ScopedModelChoiceField
from patients.actions.handover import hands_over
from patients.models import ADDRESS_MAX, RECIPIENT_MAX, Assignment, Patient


class PatientForm(forms.Form):
    """Who the person is and how to reach them; `number` is asked only for a new record."""

    first_name = forms.CharField(label=_("First name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    last_name = forms.CharField(label=_("Last name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    born_on = forms.DateField(label=_("Date of birth"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    sex = forms.ChoiceField(label=_("Sex"), required=False, choices=Patient.Sex.choices)
    email = forms.EmailField(label=_("E-mail address"), required=False, max_length=254)
    phone = forms.CharField(
        label=_("Telephone"), required=False, max_length=40, widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"})
    )
    language = forms.ChoiceField(label=_("Language"), choices=Language.choices)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)
    therapist = ScopedModelChoiceField(Membership.objects.select_related("user"), label=_("Therapist"), required=False)
    number = forms.CharField(
        label=_("Number"),
        required=False,
        max_length=20,
        help_text=_("Empty: the next free one."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    doctor_name = forms.CharField(
        label=_("Referring doctor"), required=False, max_length=RECIPIENT_MAX, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    doctor_address = forms.CharField(
        label=_("Address of the doctor"),
        required=False,
        max_length=ADDRESS_MAX,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )
    is_test = forms.BooleanField(
        label=_("Made up for trying out"), required=False, help_text=_("Marked in every list and never counted in outcomes.")
    )
    invite_now = forms.BooleanField(
        label=_("Invite now by e-mail"), required=False, help_text=_("The link works once, for seven days, and only for this address.")
    )

    def __init__(self, *args: Any, by: Membership, is_new: bool, **kwargs: Any) -> None:
        """Offer the clinic's own staff; leave out what is only for a new record when changing one, and what `by` may not hand over."""
        super().__init__(*args, **kwargs)
        zones = self.fields["time_zone"]
        if isinstance(zones, forms.ChoiceField):
            zones.choices = [("", _("the clinic's")), *time_zone_choices()]
        therapist = self.fields["therapist"]
        if isinstance(therapist, ScopedModelChoiceField):
            therapist.limit_to(by)
            therapist.queryset = therapist.queryset.current().staff().order_by("name")  # type: ignore[union-attr]
            therapist.empty_label = "–" if not is_new and not self.initial.get("therapist") else None
        if not is_new:
            for name in ("number", "is_test", "invite_now"):
                del self.fields[name]
            if not hands_over(by, self.initial.get("therapist")):
                del self.fields["therapist"]

    def clean(self) -> dict[str, Any]:
        """An invitation needs an address."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("invite_now") and not data.get("email") and "email" not in self.errors:
            self.add_error("email", _("An invitation needs an e-mail address."))
        return data


class InviteForm(forms.Form):
    """Where the invitation goes."""

    email = forms.EmailField(label=_("E-mail address"), max_length=254)


class EndForm(forms.Form):
    """How and why a program ends before its last day."""

    outcome = forms.ChoiceField(
        label=_("How did it end?"),
        choices=Assignment.Outcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Please choose how the program ended.")},
    )
    reason = forms.CharField(
        label=_("Why does the program end?"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For example: free of pain, moved away, other treatment. It stays in the record."),
        error_messages={"required": _("Please say why the program ends.")},
    )
