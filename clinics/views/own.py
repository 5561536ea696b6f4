"""A person's own account: settings, sessions, tokens, recovery codes, and confirming that it is still them."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare, get_random_string
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _

from clinics import audit, throttle
from clinics.accounts import CONFIRMED_KEY, is_confirmed, language_of
from clinics.actions.people import change_own_settings, end_other_sessions, end_session, own_sessions
from clinics.actions.tokens import create_token, revoke_token
from clinics.errors import DomainError
from clinics.forms.people import ConfirmForm, OwnSettingsForm, TokenForm
from clinics.mail import send_account_mail
from clinics.models import ApiToken
from clinics.permissions import SIGNED_IN
from clinics.second_factor import has_second_factor, make_recovery_codes
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of

View = Callable[..., HttpResponse]
CODE_KEY = "confirm_code"


def ask_to_confirm(request: HttpRequest) -> HttpResponse:
    """Send a person to the way of confirming they have: password, second factor, or a mailed code; and back again."""
    flows = get_reauthentication_flows(request.user)
    target = "clinics:confirm_by_code"
    if flows:
        target = {"reauthenticate": "account_reauthenticate"}.get(flows[0]["id"], "mfa_reauthenticate")
        if target == "mfa_reauthenticate" and "totp" not in flows[0].get("types", []):
            target = "mfa_reauthenticate_webauthn"
    back = request.get_full_path() if request.method == "GET" else reverse("clinics:settings")
    return redirect(f"{reverse(target)}?{urlencode({'next': back})}")


def confirmed(view: View) -> View:
    """Ask for the password (or what the person has instead) before the page, unless it was just given."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, *args, **kwargs) if is_confirmed(request) else ask_to_confirm(request)

    return wrapped


@page(SIGNED_IN, methods=("GET", "POST"))
def confirm_by_code(request: MemberRequest) -> HttpResponse:
    """Mail a code to somebody who has neither password nor second factor, and take it back."""
    back = request.POST.get("next") or request.GET.get("next") or ""
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = reverse("clinics:settings")
    if get_reauthentication_flows(request.user):
        return redirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}")
    user, now, form, status = request.user, timezone.now(), ConfirmForm(), 200
    issued: dict[str, Any] = request.session.get(CODE_KEY) or {}
    if request.method == "POST" and "send" in request.POST:
        if throttle.take(f"confirm-mail:{user.pk}", amount=5, seconds=600, now=now):
            code = get_random_string(8, "0123456789")
            request.session[CODE_KEY] = issued = {"code": code, "at": time.time()}
            minutes = settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT // 60
            send_account_mail("login_code", user.email, {"code": f"{code[:4]}-{code[4:]}", "minutes": minutes}, language_of(user))
        else:
            messages.error(request, _("Too many attempts. Please wait a few minutes."))
    elif request.method == "POST":
        form = ConfirmForm(request.POST)
        if form.is_valid() and _is_right(issued, form.cleaned_data["code"], str(user.pk)):
            del request.session[CODE_KEY]
            request.session[CONFIRMED_KEY] = time.time()
            return redirect(back)
        form.add_error("code", _("This code is not right, or no longer valid."))
        status = 422
    return render(request, "clinics/confirm.html", {"form": form, "is_sent": bool(issued), "next": back}, status=status)


def _is_right(issued: dict[str, Any], code: str, person: str) -> bool:
    if not issued or time.time() - issued["at"] > settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT:
        return False
    if not throttle.take(f"confirm:{person}:{issued['code']}", amount=5, seconds=900, now=timezone.now()):
        return False
    return constant_time_compare(issued["code"], "".join(character for character in code if character.isdigit()))


@page(SIGNED_IN, methods=("GET", "POST"))
def settings_page(request: MemberRequest) -> HttpResponse:
    """Show and change a person's own settings."""
    form = OwnSettingsForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        change_own_settings(user=form.before, changes=form.cleaned_data, now=timezone.now())
        with translation.override(form.cleaned_data["language"] or translation.get_language()):
            messages.success(request, _("Saved."))
        return redirect("clinics:settings")
    context = {"form": form, "has_second_factor": has_second_factor(request.user), "has_password": request.user.has_usable_password()}
    return render(request, "clinics/settings.html", context, status=422 if form.is_bound else 200)


@page(SIGNED_IN, methods=("GET", "POST"))
def sessions(request: MemberRequest) -> HttpResponse:
    """Show where a person is signed in; POST ends one session, or all but this one."""
    now = timezone.now()
    if request.method == "POST":
        chosen = request.POST.get("session", "")
        if chosen.isascii() and chosen.isdigit() and len(chosen) < 19:
            end_session(user=request.user, session_id=int(chosen), now=now)
        else:
            end_other_sessions(user=request.user, keep_key=str(request.session.session_key), now=now)
        messages.success(request, _("Signed out there."))
        return redirect("clinics:sessions")
    rows = own_sessions(request.user)
    return render(request, "clinics/sessions.html", {"sessions": rows, "current": request.session.session_key})


@page("token.manage", methods=("GET", "POST"))
@confirmed
def tokens(request: MemberRequest) -> HttpResponse:
    """Show a member's API tokens; POST makes one, whose key is shown on this one answer only."""
    form, key, status = TokenForm(), "", 200
    if request.method == "POST":
        form, status = TokenForm(request.POST), 422
        if form.is_valid():
            try:
                _token, key = create_token(by=request.member, now=timezone.now(), **form.cleaned_data)
                form, status = TokenForm(), 201
            except DomainError as error:
                add_errors(form, error)
                status = status_of(form, error)
    rows = ApiToken.objects.visible_to(request.member).filter(membership=request.member, revoked_at=None, expires_at__gt=timezone.now())
    return render(request, "clinics/tokens.html", {"form": form, "key": key, "tokens": rows}, status=status)


@page("token.manage", methods=("POST",))
def token_end(request: MemberRequest, pk: str) -> HttpResponse:
    """End one of a member's own tokens."""
    token = get_visible(ApiToken.objects.filter(membership=request.member), request.member, pk=pk)
    revoke_token(token=token, by=request.member, now=timezone.now())
    messages.success(request, _("The token was ended."))
    return redirect("clinics:tokens")


@page(SIGNED_IN, methods=("GET", "POST"))
@confirmed
def recovery_codes(request: MemberRequest) -> HttpResponse:
    """Show how many codes on paper are left; POST makes new ones and shows them on this one answer only."""
    if not has_second_factor(request.user):
        return redirect("mfa_index")
    codes: list[str] = []
    if request.method == "POST":
        codes = make_recovery_codes(request.user)
        audit.record("recovery_code.make", row=request.user, count=len(codes))
    left = request.user.recovery_codes.filter(used_at=None).count()
    return render(request, "clinics/recovery_codes.html", {"codes": codes, "left": left})
