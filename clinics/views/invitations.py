"""Coming in by invitation: the link shows a page, only its button uses the key up."""

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from clinics.actions.invitations import accept_invitation, find_open
from clinics.errors import Conflict, DomainError, NotFound
from clinics.forms.people import JoinForm
from clinics.middleware import CLINIC_KEY
from clinics.models import Invitation, User
from clinics.permissions import PUBLIC
from clinics.web import add_errors, page, status_of

KEY = "invitation"
BACKEND = "clinics.backends.MemberBackend"


def closed(request: HttpRequest) -> HttpResponse:
    """Say one and the same about used, expired, taken back and invented keys."""
    request.session.pop(KEY, None)
    return render(request, "clinics/join_closed.html", status=404)


@page(PUBLIC)
@never_cache
def open_link(request: HttpRequest, key: str) -> HttpResponse:
    """Put the key of the mailed link away and show the page without it in the address."""
    if find_open(key, timezone.now()) is None:
        return closed(request)
    request.session[KEY] = key
    return redirect("clinics:join")


@page(PUBLIC, methods=("GET", "POST"))
@never_cache
@sensitive_post_parameters("password")
def join(request: HttpRequest) -> HttpResponse:
    """Show the invitation; POST accepts it."""
    key = str(request.session.get(KEY, ""))
    invitation = find_open(key, timezone.now())
    if invitation is None:
        return closed(request)
    if request.user.is_authenticated:
        return join_as(request, request.user, invitation, key)
    has_account = User.objects.filter(email=invitation.email).exists()
    form = JoinForm(request.POST or None, invitation=invitation)
    status = 200
    if request.method == "POST" and not has_account:
        status = 422
        if form.is_valid():
            try:
                membership = accept_invitation(key=key, now=timezone.now(), **form.cleaned_data)
            except NotFound:
                return closed(request)
            except DomainError as error:
                add_errors(form, error)
                status = status_of(form, error)
            else:
                assert membership.user is not None  # noqa: S101, an accepted membership has a person
                login(request, membership.user, backend=BACKEND)
                return welcome(request, str(membership.clinic_id))
    return render(
        request,
        "clinics/join.html",
        {"invitation": invitation, "clinic": invitation.clinic, "form": form, "has_account": has_account},
        status=status,
    )


def join_as(request: HttpRequest, user: User, invitation: Invitation, key: str) -> HttpResponse:
    """Let somebody who is signed in accept, if the invitation is theirs."""
    is_theirs = user.email == invitation.email
    problem = ""
    if request.method == "POST" and is_theirs:
        try:
            membership = accept_invitation(key=key, now=timezone.now(), user=user)
        except NotFound:
            return closed(request)
        except Conflict as error:
            problem = str(error.message)
        else:
            return welcome(request, str(membership.clinic_id))
    context = {"invitation": invitation, "clinic": invitation.clinic, "is_theirs": is_theirs, "problem": problem}
    return render(request, "clinics/join_as.html", context, status=409 if problem else 200)


def welcome(request: HttpRequest, clinic_id: str) -> HttpResponse:
    """Begin in the clinic that invited."""
    request.session.pop(KEY, None)
    request.session[CLINIC_KEY] = clinic_id
    messages.success(request, _("Welcome. Your account is ready."))
    return redirect("home")
