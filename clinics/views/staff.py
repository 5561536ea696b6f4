"""The people who work in a clinic: list, invitations, roles. How somebody's access ends stands with their patients."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinics.actions.invitations import invite_member, renew_invitation, revoke_invitation
from clinics.actions.members import change_role
from clinics.errors import DomainError
from clinics.forms.people import InviteForm
from clinics.models import Invitation, Membership, Role
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of


def tell(request: HttpRequest, invitation: Invitation) -> None:
    """Say whether the mail is on its way."""
    if getattr(invitation, "mail_taken", True):
        messages.success(request, _("The invitation is on its way to %(address)s.") % {"address": invitation.email})
    else:
        messages.error(request, _("The mail could not be sent. The invitation waits here; please send it again later."))


def invitation_of(request: MemberRequest, pk: str) -> Invitation:
    """Return an invitation of staff of the own clinic, with what sending it again needs."""
    invitation: Invitation = get_visible(
        Invitation.objects.exclude(membership__role=Role.PATIENT).select_related("membership__clinic"), request.member, pk=pk
    )
    return invitation


@page("staff.list")
def people(request: MemberRequest) -> HttpResponse:
    """Show who works here and who is invited."""
    members = Membership.objects.visible_to(request.member).staff().select_related("user").order_by("name")
    invitations = (
        Invitation.objects.visible_to(request.member)
        .filter(accepted_at=None, revoked_at=None)
        .exclude(membership__role=Role.PATIENT)
        .select_related("membership")
    )
    context = {
        "members": [row for row in members if row.status == Membership.Status.ACTIVE],
        "former": [row for row in members if row.status == Membership.Status.ENDED],
        "invitations": invitations,
        "now": timezone.now(),
    }
    return render(request, "clinics/staff.html", context)


@page("staff.invite", methods=("GET", "POST"))
def invite(request: MemberRequest) -> HttpResponse:
    """Invite a manager or a therapist."""
    clinic = request.member.clinic
    form = InviteForm(request.POST or None, initial={"role": Role.THERAPIST, "language": clinic.language})
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        try:
            _member, invitation, _key = invite_member(clinic=clinic, by=request.member, now=timezone.now(), **form.cleaned_data)
        except DomainError as error:
            add_errors(form, error)
            status = 429 if error.status_code == 429 else status_of(form, error)
        else:
            tell(request, invitation)
            return redirect("clinics:staff")
    return render(request, "clinics/staff_invite.html", {"form": form}, status=status)


@page("staff.end", methods=("POST",))
def role(request: MemberRequest, pk: str) -> HttpResponse:
    """Give somebody another role."""
    membership = get_visible(Membership.objects.staff().select_related("user", "clinic"), request.member, pk=pk)
    try:
        change_role(membership=membership, role=request.POST.get("role", ""), by=request.member, now=timezone.now())
        messages.success(request, _("The role was changed."))
    except DomainError as error:
        messages.error(request, str(error.message))
    return redirect("clinics:staff")


@page("staff.invite", methods=("POST",))
def renew(request: MemberRequest, pk: str) -> HttpResponse:
    """Send a new key; the old one stops working."""
    found = invitation_of(request, pk)
    try:
        invitation, _key = renew_invitation(invitation=found, by=request.member, now=timezone.now())
        tell(request, invitation)
    except DomainError as error:
        messages.error(request, str(error.message) or _("This address already belongs to somebody in your clinic."))
    return redirect("clinics:staff")


@page("staff.invite", methods=("POST",))
def revoke(request: MemberRequest, pk: str) -> HttpResponse:
    """Take an invitation back."""
    try:
        revoke_invitation(invitation=invitation_of(request, pk), by=request.member, now=timezone.now())
        messages.success(request, _("The invitation was taken back."))
    except DomainError as error:
        messages.error(request, str(error.message))
    return redirect("clinics:staff")
