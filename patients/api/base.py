"""What the resources of a record share: whose record it is, and reading one person's rows along the index."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from django.utils.translation import gettext as _
from django_filters.rest_framework import DateFilter, UUIDFilter
from rest_framework import exceptions
from rest_framework.request import Request

from clinics.errors import Invalid
from clinics.fields import Body, ScopedField
from clinics.models import ApiToken, Membership
from clinics.rest import Filters, Keyed, ScopedViewSet
from patients.models import Patient, SessionLog
from patients.record import find_own_record

PATIENT_TEXT = "Id of the patient. Staff must send it; for a patient it is the own record, and no other is found."


class RecordViewSet(ScopedViewSet):
    """Rows of patients' records; those of one patient come newest day first, those of a whole clinic in the order they were made."""

    recent: ClassVar[Sequence[str]] = ("-on", "-id")

    def get_page_order(self) -> Sequence[str]:
        """Return the order of the list."""
        one = self.member.is_patient or "patient" in self.request.query_params
        return self.recent if one else self.page_order


class RecordFilters(Filters):
    """Every list of a record can be narrowed to one patient."""

    patient = UUIDFilter(field_name="patient_id", label="Id of the patient.")


class DayFilters(RecordFilters):
    """Lists by day."""

    on_from = DateFilter(field_name="on", lookup_expr="gte", input_formats=["%Y-%m-%d"], label="First day, YYYY-MM-DD.")
    on_to = DateFilter(field_name="on", lookup_expr="lte", input_formats=["%Y-%m-%d"], label="Last day, YYYY-MM-DD.")


class PatientBody(Body):
    """A body about one patient."""

    patient = ScopedField(queryset=Patient.objects.select_related("clinic", "caseload"), required=False, help_text=PATIENT_TEXT)


class KeyedPatientBody(PatientBody, Keyed):
    """A body about one patient with the key of the entry."""


def patient_for(member: Membership, data: Mapping[str, Any]) -> Patient:
    """Return the patient a body is about, with clinic and caseload line; raises Invalid (staff named none) or NotFound."""
    given = cast("Patient | None", data.get("patient"))
    if given is not None:
        return given
    if member.is_staff:
        raise Invalid(fields={"patient": [_("This field is required.")]})
    own = find_own_record(member)
    if own is None:
        raise exceptions.NotFound
    return own


def source_of(request: Request, member: Membership) -> str:
    """Return how an entry got here: by the clinic, by the patient's own browser, or by another program of theirs."""
    if member.is_staff:
        return SessionLog.Source.CLINIC
    return SessionLog.Source.API if isinstance(request.auth, ApiToken) else SessionLog.Source.APP


class NothingBody(Body):
    """A body without content."""
