"""The forms of a clinic's look and of its own words."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from clinics.actions.look import LENGTHS, checked_words
from clinics.errors import Invalid
from clinics.images import Unreadable
from clinics.logos import Logo, logo_from
from clinics.models import Accent, Clinic


class LookForm(forms.Form):
    """Colour and logo."""

    accent = forms.ChoiceField(label=_("Colour"), choices=Accent.choices, widget=forms.RadioSelect)
    logo = forms.FileField(
        label=_("Logo"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg"}),
        help_text=_("PNG or JPEG. It is made smaller, and stands on a white ground."),
    )
    removes_logo = forms.BooleanField(label=_("Remove the logo"), required=False)

    def __init__(self, *args: Any, clinic: Clinic, **kwargs: Any) -> None:
        """Begin with the present look; only a logo that is there can be removed."""
        super().__init__(*args, **{"initial": {"accent": clinic.accent}, **kwargs})
        if clinic.logo_id is None:
            del self.fields["removes_logo"]

    def clean_logo(self) -> Logo | None:
        """Make the logo anew; refuse what is too large or no picture."""
        file = self.cleaned_data.get("logo")
        if not file:
            return None
        if file.size > settings.UPLOAD_MAX_BYTES:
            most = settings.UPLOAD_MAX_BYTES // 1_000_000
            raise forms.ValidationError(_("This file is too large. Choose one of at most %(n)s MB.") % {"n": most})
        try:
            return logo_from(file.read())
        except Unreadable as error:
            raise forms.ValidationError(_("This file cannot be read as a picture. Choose a PNG or JPEG file.")) from error


class WordsForm(forms.Form):
    """The clinic's own words in one language."""

    reminder = forms.CharField(label=_("A sentence in reminders"), required=False, max_length=500)
    invitation = forms.CharField(label=_("A sentence in the invitation"), required=False, max_length=500)
    closing = forms.CharField(label=_("Closing words"), required=False, max_length=500)
    signature = forms.CharField(label=_("Signed by"), required=False, max_length=500)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Tell browsers how long the words may be; the check itself counts what is left without hidden signs."""
        super().__init__(*args, **kwargs)
        for name, most in LENGTHS.items():
            self.fields[name].widget.attrs |= {"maxlength": most, "autocomplete": "off"}

    def clean(self) -> dict[str, Any]:
        """Check the words as they are stored; raises ValidationError by field."""
        data: dict[str, Any] = super().clean() or {}
        try:
            data |= checked_words({name: data.get(name, "") for name in LENGTHS})
        except Invalid as error:
            for name, texts in error.fields.items():
                for text in texts:
                    self.add_error(name, str(text))
        return data
