"""First steps of a new clinic: what is done, what comes next, each from the real state."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from clinics.emergency import number_for
from clinics.forms.people import WEEKDAYS
from clinics.models import Clinic, ClosedDay, Invitation, Membership, Role
from clinics.permissions import allows
from clinics.second_factor import has_second_factor
from clinics.web import MemberRequest, page, today_of
from patients.models import Patient
from programs.models import ProgramApproval, ProgramVersion

SHOWN_EXERCISES = ("leg_press", "back_extension", "band_antirotation_press", "continuous_run")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: whether it is done, its words, and the link for those who may take it (empty otherwise)."""

    key: str
    is_done: bool
    heading: str | Promise
    text: str
    url: str
    action: str | Promise


def open_days(clinic: Clinic) -> str:
    """Return the opening days in words, empty when none are set."""
    names = dict(WEEKDAYS)
    return ", ".join(str(names[day]) for day in sorted(clinic.open_weekdays) if day in names)


def steps_of(member: Membership) -> list[Step]:
    """Return the four steps with their real state."""
    clinic = member.clinic
    days = open_days(clinic)
    closed = ClosedDay.objects.visible_to(member).filter(on__gte=today_of(clinic)).count()
    versions = list(ProgramVersion.objects.visible_to(member).published().filter(clinic=None).values_list("pk", flat=True))
    approved = ProgramApproval.objects.visible_to(member).filter(version__in=versions).count()
    staff = Membership.objects.visible_to(member).current().staff().count()
    invited = Invitation.objects.visible_to(member).filter(accepted_at=None, revoked_at=None).exclude(membership__role=Role.PATIENT).count()
    patients = Patient.objects.visible_to(member).active().count()
    manages, adds = allows(member, "clinic.change"), allows(member, "patient.create")
    place = _("%(days)s; %(zone)s; closed days: %(closed)s.") % {"days": days or "–", "zone": clinic.time_zone, "closed": closed}
    library = _(
        "Programs in your library: %(total)s, released: %(approved)s. Every exercise and every dose says where it comes from; "
        "a physiotherapist of your clinic releases a program before it can be assigned."
    ) % {"total": len(versions), "approved": approved}
    team = _("In the team: %(staff)s, invited: %(invited)s. Everybody who works here sees the patients of the clinic.")
    return [
        Step(
            "clinic",
            bool(days and clinic.phone),
            _("Clinic and opening days"),
            place if days else _("Name, telephone, opening days and time zone."),
            reverse("clinics:clinic") if manages else "",
            _("Change"),
        ),
        Step("programs", approved > 0, _("Look through the programs"), library, reverse("programs:list"), _("Review")),
        Step(
            "team",
            staff + invited > 1,
            _("Invite your team"),
            team % {"staff": staff, "invited": invited},
            reverse("clinics:staff_invite") if allows(member, "staff.invite") else "",
            _("Invite"),
        ),
        Step(
            "patient",
            patients > 0,
            _("Add the first patient"),
            _("By hand, from a list (CSV), or with a made-up patient for trying things out."),
            reverse("patients:patient_new") if adds else "",
            _("Add"),
        ),
    ]


@page("caseload.list")
def welcome(request: MemberRequest) -> HttpResponse:
    """Show the first steps and what should be settled before real patients come."""
    member = request.member
    steps = steps_of(member)
    following = next((step.key for step in steps if not step.is_done), "")
    checks = [
        (True, _("Emergency number: %(number)s") % {"number": number_for(member.clinic)}),
        (
            Membership.objects.visible_to(member).current().staff().count() > 1,
            _("Two people see stop signs, so that one may be away"),
        ),
        (bool(member.clinic.phone), _("A telephone number patients are told to call")),
        (member.clinic.require_second_factor, _("A second factor for everybody who works here")),
        (has_second_factor(request.user), _("Your own second factor")),
    ]
    context = {
        "steps": steps,
        "following": following,
        "done": sum(step.is_done for step in steps),
        "checks": checks,
        "pictures": SHOWN_EXERCISES,
        "imports": allows(member, "import.run"),
    }
    return render(request, "patients/welcome.html", context)
