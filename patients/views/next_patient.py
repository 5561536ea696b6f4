"""Who is next on the caseload after something was done about one patient: in the order of the list the person last looked at."""

from typing import Any

from django.http import QueryDict

from clinics.web import MemberRequest
from patients.forms.caseload import CaseloadFilter
from patients.models import CaseloadEntry, Patient
from patients.views.caseload import LIST_KEY, filtered, in_order, listed

AFTER = "after"
"""What the address of a patient's page says when something was just done there."""


def next_patient(request: MemberRequest, patient: Patient) -> dict[str, Any] | None:
    """Return the first other patient of the list with an alert that nobody has taken: id, name and level; None when there is none."""
    if AFTER not in request.GET:
        return None
    query = QueryDict(mutable=True)
    query.update({name: str(value) for name, value in request.session.get(LIST_KEY, {}).items()})
    chosen = CaseloadFilter(query).chosen()
    chosen["who"] = chosen["who"] or ("mine" if request.member.role == "therapist" else "clinic")
    waiting = listed(request.member).filter(filtered(request.member, chosen), caseload__level__gte=CaseloadEntry.Level.ATTENTION)
    rows = in_order(waiting.filter(caseload__alerts_since_at__isnull=False).exclude(pk=patient.pk), chosen)
    found = rows.values("pk", "first_name", "last_name", "caseload__level").first()
    if found is None:
        return None
    level = CaseloadEntry.Level(found["caseload__level"])
    return {
        "pk": found["pk"],
        "name": f"{found['first_name']} {found['last_name']}".strip(),
        "level": level.label,
        "is_stop": level == CaseloadEntry.Level.STOP,
    }
