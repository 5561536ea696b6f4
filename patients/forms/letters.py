"""What a letter to the referring doctor is asked for."""

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinics.models import Language
from patients.forms.me import TOO_LONG, KeyField
from patients.models import ADDRESS_MAX, FINDINGS_MAX, OUTLOOK_MAX, RECIPIENT_MAX
from patients.rules.letters import FROM_THE_RECORD, Part

PART_NAMES: dict[Part, Promise] = {
    Part.PROGRAM: _("Program, where it stands, and what comes next"),
    Part.ADHERENCE: _("Training done of what was due"),
    Part.COURSE: _("Pain and running capability, with the change and what it means"),
    Part.SIGNS: _("Warning signs and clearances"),
}
PREVIEW, WRITE = "preview", "write"


class LetterForm(forms.Form):
    """To whom, in which language, what of the record, and the therapist's own words; `step` is the button."""

    recipient_name = forms.CharField(
        label=_("Addressee"),
        max_length=RECIPIENT_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Please write to whom the letter goes."), "max_length": TOO_LONG},
    )
    recipient_address = forms.CharField(
        label=_("Address"),
        required=False,
        max_length=ADDRESS_MAX,
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off"}),
        error_messages={"max_length": TOO_LONG},
    )
    keeps_doctor = forms.BooleanField(label=_("Keep as this patient's referring doctor"), required=False)
    language = forms.ChoiceField(label=_("Language of the letter"), choices=Language.choices)
    parts = forms.MultipleChoiceField(
        label=_("From the record"),
        required=False,
        choices=[(part.value, PART_NAMES[part]) for part in FROM_THE_RECORD],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("Please choose from the list.")},
    )
    findings = forms.CharField(
        label=_("Findings and remarks"),
        required=False,
        max_length=FINDINGS_MAX,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"max_length": TOO_LONG},
    )
    outlook = forms.CharField(
        label=_("Outlook"),
        required=False,
        max_length=OUTLOOK_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": TOO_LONG},
    )
    agreed = forms.BooleanField(
        label=_("The patient agrees that this letter goes to the addressee"),
        required=False,
        help_text=_("Ask before you send it; the letter leaves the clinic with health data."),
    )
    client_key = KeyField()

    def __init__(self, *args: Any, step: str = PREVIEW, **kwargs: Any) -> None:
        """Remember which button was pressed."""
        super().__init__(*args, **kwargs)
        self.step = step

    def clean(self) -> dict[str, Any]:
        """Ask for something to tell, and before the letter is written for the patient's agreement."""
        data: dict[str, Any] = super().clean() or {}
        if not data.get("parts") and not data.get("findings") and not {"parts", "findings"} & set(self.errors):
            self.add_error("parts", _("Choose something the letter should tell, or write some findings."))
        if self.step == WRITE and not data.get("agreed"):
            self.add_error("agreed", _("Please confirm that the patient agrees to this letter."))
        return data

    def words(self) -> dict[str, Any]:
        """Return what the letter is composed from."""
        names = ("recipient_name", "recipient_address", "parts", "findings", "outlook")
        return {name: self.cleaned_data[name] for name in names}
