"""The forms about people and clinics."""

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import get_adapter
from django import forms
from django.utils.translation import gettext_lazy as _

from clinics.emergency import COUNTRIES
from clinics.localtime import time_zone_choices
from clinics.models import Clinic, ClosedDay, Invitation, Language, Role, User

if TYPE_CHECKING:
    UserForm = forms.ModelForm[User]
    FormOfClinic = forms.ModelForm[Clinic]
    DayForm = forms.ModelForm[ClosedDay]
else:
    UserForm = FormOfClinic = DayForm = forms.ModelForm

WEEKDAYS = [
    (1, _("Monday")),
    (2, _("Tuesday")),
    (3, _("Wednesday")),
    (4, _("Thursday")),
    (5, _("Friday")),
    (6, _("Saturday")),
    (7, _("Sunday")),
]


class JoinForm(forms.Form):
    """What a new person says about themselves; a password only if they want one."""

    first_name = forms.CharField(label=_("First name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "given-name"}))
    last_name = forms.CharField(label=_("Last name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "family-name"}))
    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        max_length=512,
        help_text=_("At least 8 characters. Or leave it empty to sign in with a code that is mailed to you each time."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        """Begin with the name the clinic knows."""
        first, _blank, last = invitation.membership.name.rpartition(" ")
        kwargs["initial"] = {"first_name": first or last, "last_name": last if first else ""}
        super().__init__(*args, **kwargs)
        self.invitation = invitation

    def clean_password(self) -> str:
        """Check a chosen password; raises ValidationError."""
        password = str(self.cleaned_data.get("password") or "")
        if password:
            person = User(
                email=self.invitation.email,
                first_name=self.cleaned_data.get("first_name", ""),
                last_name=self.cleaned_data.get("last_name", ""),
            )
            get_adapter().clean_password(password, user=person)
        return password


class InviteForm(forms.Form):
    """Whom to invite to work here."""

    name = forms.CharField(label=_("Name"), max_length=160)
    email = forms.EmailField(label=_("E-mail"), max_length=254)
    role = forms.ChoiceField(
        label=_("Role"), choices=[(Role.THERAPIST, Role.THERAPIST.label), (Role.MANAGER, Role.MANAGER.label)], widget=forms.RadioSelect
    )
    language = forms.ChoiceField(label=_("Language of the mail"), choices=Language.choices)


class OwnSettingsForm(UserForm):
    """How the pages look and speak to one person."""

    class Meta:
        model = User
        fields = ["first_name", "last_name", "language", "theme", "text_size", "keyboard_shortcuts"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Keep the person as stored: validation writes into the instance."""
        super().__init__(*args, **kwargs)
        self.before = User.objects.get(pk=self.instance.pk)
        language: Any = self.fields["language"]
        language.choices = [("", _("As my browser")), *Language.choices]
        if self.instance.memberships.exclude(role=Role.PATIENT).exists() is False:
            del self.fields["keyboard_shortcuts"]


class TokenForm(forms.Form):
    """A new API token."""

    name = forms.CharField(label=_("What it is for"), max_length=80)
    days = forms.TypedChoiceField(
        label=_("Valid for"),
        coerce=int,
        choices=[(7, _("7 days")), (30, _("30 days")), (90, _("90 days")), (365, _("1 year"))],
        initial=90,
    )


class ConfirmForm(forms.Form):
    """A mailed code."""

    code = forms.CharField(
        label=_("Code from the mail"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class ClinicForm(FormOfClinic):
    """What a manager sets for the whole clinic."""

    open_weekdays = forms.TypedMultipleChoiceField(label=_("Open on"), coerce=int, choices=WEEKDAYS, widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = Clinic
        fields = [
            "name",
            "phone",
            "address",
            "country",
            "emergency_number",
            "time_zone",
            "language",
            "open_weekdays",
            "escalate_minutes",
            "group_places",
            "require_second_factor",
            "keep_records_years",
            "access_records_per_hour",
            "access_from",
            "access_to",
        ]
        widgets = {name: forms.TimeInput(attrs={"type": "time"}, format="%H:%M") for name in ("access_from", "access_to")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the zones and countries we know; an unlisted one that is stored stays possible."""
        super().__init__(*args, **kwargs)
        stored = self.instance.country
        countries: list[tuple[str, Any]] = sorted(COUNTRIES.items(), key=lambda pair: str(pair[1]))
        if stored and stored not in COUNTRIES:
            countries.append((stored, stored))
        self.fields["country"] = forms.ChoiceField(label=_("Country"), choices=countries)
        self.fields["time_zone"] = forms.ChoiceField(label=_("Time zone"), choices=time_zone_choices())
        self.fields["emergency_number"].widget.attrs["inputmode"] = "tel"
        if not self.instance.open_weekdays:
            self.initial["open_weekdays"] = [1, 2, 3, 4, 5]

    def clean_emergency_number(self) -> str:
        """Take digits and the signs people write between them; raises ValidationError."""
        number = str(self.cleaned_data["emergency_number"]).strip()
        if number and (not any(sign.isdigit() for sign in number) or not set(number) <= set("0123456789+-/() ")):
            raise forms.ValidationError(_("This is not a telephone number."))
        return number

    def clean(self) -> dict[str, Any]:
        """Keep the usual hours in order; raises ValidationError."""
        values = super().clean() or self.cleaned_data
        begin, end = values.get("access_from"), values.get("access_to")
        if begin is not None and end is not None and begin >= end:
            self.add_error("access_to", _("The usual hours end after they begin."))
        return values


class ClosedDayForm(DayForm):
    """A day on which nobody is treated."""

    class Meta:
        model = ClosedDay
        fields = ["on", "name"]
        widgets = {"on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}
