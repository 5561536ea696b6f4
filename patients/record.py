"""The record of the person who asks: the row that nearly every request of a patient begins with."""

from clinics.models import Membership
from clinics.prepared import PreparedOwn
from patients.models import Patient

_own = PreparedOwn(lambda member: Patient.objects.visible_to(member).select_related("caseload").order_by()[:1])


def find_own_record(member: Membership) -> Patient | None:
    """Return the member's own record with clinic and caseload line, None for staff and where there is none."""
    for patient in _own.own_rows(member):
        patient.clinic = member.clinic
        return patient
    return None
