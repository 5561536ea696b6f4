"""The forms of the second factor: codes work once, wrong ones are counted, codes on paper are accepted."""

from typing import Any

from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinics.accounts import check_code
from clinics.forms.sign_in import make_plain
from clinics.models import User
from clinics.second_factor import claim_totp_code


class _CodeMixin:
    """Replaces allauth's check of the code by ours."""

    user: User
    cleaned_data: dict[str, Any]

    def clean_code(self) -> str:
        """Check the code; raises ValidationError."""
        code = str(self.cleaned_data["code"])
        found = check_code(self.user, code)
        if found is None:
            factor = Authenticator.objects.filter(user=self.user).first()
            if factor is not None:
                self._emit_authentication_failed(factor)  # type: ignore[attr-defined]
            raise get_adapter().validation_error("incorrect_code")
        self.authenticator = found
        return code


class SecondStepForm(_CodeMixin, AuthenticateForm):  # type: ignore[misc]
    """The code at log-in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Use our labels."""
        super().__init__(*args, **kwargs)
        make_plain(self)
        self.fields["code"].label = _("Code")


class ConfirmBySecondStepForm(_CodeMixin, ReauthenticateForm):  # type: ignore[misc]
    """The code before a change of the account."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Use our labels."""
        super().__init__(*args, **kwargs)
        make_plain(self)
        self.fields["code"].label = _("Code")


class ActivateForm(ActivateTOTPForm):  # type: ignore[misc]
    """The first code of a new authenticator app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Use our labels."""
        super().__init__(*args, **kwargs)
        make_plain(self)
        self.fields["code"].label = _("Code from the app")
        self.fields["code"].widget.attrs["inputmode"] = "numeric"

    def clean_code(self) -> str:
        """Check the code and use it up, so that it does not open the door as well."""
        code = str(super().clean_code())
        if not claim_totp_code(self.user, normalize_user_code(code)[:64], timezone.now()):
            raise get_adapter().validation_error("incorrect_code")
        return code


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey; usable on its own unless the person says otherwise."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Use our labels."""
        super().__init__(*args, **kwargs)
        make_plain(self)
        self.fields["name"].label = _("Name of this device")
        self.fields["name"].max_length = 60
        self.fields["passwordless"].label = _("Sign in with it alone, by fingerprint, face or PIN")
        self.fields["passwordless"].initial = True
