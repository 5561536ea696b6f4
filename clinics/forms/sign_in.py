"""The forms of signing in, with our labels instead of placeholders and links in help texts."""

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinics import throttle

CODE_TRIES = 5


def make_plain(form: forms.BaseForm) -> None:
    """Take placeholders and ready-made help out of a form of allauth."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
        field.help_text = ""


class SignInForm(allauth_forms.LoginForm):  # type: ignore[misc]
    """Address and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Use our labels."""
        super().__init__(*args, **kwargs)
        make_plain(self)
        self.fields["login"].label = _("E-mail")
        self.fields["login"].widget.attrs["autocomplete"] = "username"


class RequestCodeForm(allauth_forms.RequestLoginCodeForm):  # type: ignore[misc]
    """Where to mail a code to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Use our labels."""
        super().__init__(*args, **kwargs)
        make_plain(self)
        self.fields["email"].label = _("E-mail")


class ConfirmCodeForm(allauth_forms.ConfirmLoginCodeForm):  # type: ignore[misc]
    """The mailed code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Use our labels, and the number keys of a phone."""
        super().__init__(*args, **kwargs)
        make_plain(self)
        self.fields["code"].label = _("Code from the mail")
        self.fields["code"].widget.attrs.update({"autocomplete": "one-time-code", "inputmode": "numeric"})

    def clean_code(self) -> Any:
        """Check the code; each issued one can be guessed at a few times only, however many requests come at once."""
        issued = str(self.expected_code or "")
        if issued and not throttle.take(f"code:{issued}", amount=CODE_TRIES, seconds=900, now=timezone.now()):
            raise get_adapter().validation_error("too_many_login_attempts")
        return super().clean_code()


class ResetForm(allauth_forms.ResetPasswordForm):  # type: ignore[misc]
    """Where to mail the link to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Use our labels."""
        super().__init__(*args, **kwargs)
        make_plain(self)
        self.fields["email"].label = _("E-mail")


class NewPasswordForm(allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]
    """A new password after a reset; typed once, because it can be shown and reset again."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask once."""
        super().__init__(*args, **kwargs)
        ask_once(self)


class ChangePasswordForm(allauth_forms.ChangePasswordForm):  # type: ignore[misc]
    """The present password and a new one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask once for the new one."""
        super().__init__(*args, **kwargs)
        ask_once(self)
        self.fields["oldpassword"].label = _("Present password")

    def clean_oldpassword(self) -> str:
        """Check the present password under the limit of wrong ones."""
        old = str(self.cleaned_data.get("oldpassword", ""))
        if not get_adapter().reauthenticate(self.user, old):
            raise get_adapter().validation_error("enter_current_password")
        return old


class SetPasswordForm(allauth_forms.SetPasswordForm):  # type: ignore[misc]
    """A first password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask once."""
        super().__init__(*args, **kwargs)
        ask_once(self)


class ReauthenticateForm(allauth_forms.ReauthenticateForm):  # type: ignore[misc]
    """The password, once more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Use our labels."""
        super().__init__(*args, **kwargs)
        make_plain(self)


def ask_once(form: forms.BaseForm) -> None:
    """Leave out the second field of a new password and say what makes a good one."""
    make_plain(form)
    form.fields.pop("password2", None)
    form.fields["password1"].label = _("New password")
    form.fields["password1"].help_text = _("At least 8 characters; several words make a good one.")
