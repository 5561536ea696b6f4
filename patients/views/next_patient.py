"""Who is next on the caseload after something was done about one patient: in the order of the list the person last looked at."""

from typing import Any

from django.http import QueryDict

from clinics.web import MemberRequest, today_of
from patients.forms.caseload import CaseloadFilter
from patients.models import CaseloadEntry, Patient
from patients.views.caseload import LIST_COOKIE, chosen_lines, chosen_therapists, order_of

LONGEST = 200
AFTER = "after"
"""What the address of a patient's page says when something was just done there."""


def next_patient(request: MemberRequest, patient: Patient) -> dict[str, Any] | None:
    """Return the first other patient of the list with an alert that nobody has taken: id, name and level; None when there is none."""
    if AFTER not in request.GET:
        return None
    chosen = CaseloadFilter(QueryDict(request.COOKIES.get(LIST_COOKIE, "")[:LONGEST])).chosen()
    chosen["who"] = chosen["who"] or ("mine" if request.member.role == "therapist" else "clinic")
    chosen_therapists(request.member, chosen, today_of(request.member.clinic))
    waiting = chosen_lines(request.member, chosen).filter(section__gte=CaseloadEntry.Section.ATTENTION, alerts_since_at__isnull=False)
    rows = waiting.exclude(patient=patient).order_by(*order_of(chosen))
    found = rows.values("patient", "patient__first_name", "patient__last_name", "section").first()
    if found is None:
        return None
    section = CaseloadEntry.Section(found["section"])
    name = f"{found['patient__first_name']} {found['patient__last_name']}".strip()
    return {"pk": found["patient"], "name": name, "level": section.label, "is_stop": section == CaseloadEntry.Section.STOP}
