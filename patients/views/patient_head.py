"""What every page about one patient shows on top: who it is, the program, where it stands, and the tabs."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Case, Value, When
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinics import audit
from clinics.localtime import local_day
from clinics.models import Membership
from clinics.web import MemberRequest, get_visible
from patients.actions.consents import standings_of
from patients.actions.messages import unread_for_clinic
from patients.actions.suggestion_switch import switched_on
from patients.charts import Tick
from patients.models import Assignment, Patient
from patients.models.assignment import RUNNING
from patients.rules.consents import Purpose, has_withdrawn

TICK_STATES: dict[str, Any] = {"full": "done", "part": "part", "none": "none", "now": "now", "to_come": "soon", "paused": "soon"}
TABS = ("patient", "patient_plan", "patient_sessions", "patient_assessments", "patient_messages", "patient_record")


@dataclass(frozen=True, slots=True)
class Shown:
    """The record that is open: patient, the program shown (None: none yet), and the moment of looking."""

    patient: Patient
    assignment: Assignment | None
    assignments: list[Assignment]
    now: dt.datetime
    today: dt.date
    has_suggestions: bool = False

    @property
    def ticks(self) -> list[Tick]:
        """The weeks of the program as they are drawn."""
        return ticks_of(self.patient.caseload.week_ticks)

    @property
    def week(self) -> int | None:
        """The program week it is; None before and after."""
        return next((place for place, tick in enumerate(self.ticks, 1) if tick.state == "now"), None)


def ticks_of(stored: Sequence[Sequence[Any]]) -> list[Tick]:
    """Turn the stored weeks of a caseload line into what is drawn; a paused week looks like one to come."""
    return [Tick(TICK_STATES.get(one[0], "soon"), one[1], one[2], one[3]) for one in stored]


def open_record(request: MemberRequest, pk: UUID, part: str) -> Shown:
    """Load a patient with everything the head shows, in two queries, and note who opened which part; 404 for others' patients."""
    patient: Any = get_visible(
        Patient.objects.select_related("clinic", "caseload", "draft", "membership__user", "therapist__user").annotate(
            has_suggestions=switched_on()
        ),
        request.member,
        pk=pk,
    )
    now = timezone.now()
    assignments = assignments_of(patient, request.member)
    audit.record("patient.view", row=patient, patient_id=patient.pk, part=part)
    first = assignments[0] if assignments else None
    return Shown(patient, first, assignments, now, local_day(now, patient.zone), has_suggestions=patient.has_suggestions)


def assignments_of(patient: Patient, member: Membership) -> list[Assignment]:
    """Return the patient's programs, the running one first, then the latest; those taken back are left out."""
    rows = Assignment.objects.visible_to(member).filter(patient=patient).exclude(status=Assignment.Status.WITHDRAWN)
    order = Case(When(status__in=RUNNING, then=Value(0)), default=Value(1))
    found: list[Assignment] = list(rows.select_related("version__program", "assigned_by__user").order_by(order, "-created_at"))
    for row in found:
        row.patient, row.clinic = patient, patient.clinic
    return found


def head_of(shown: Shown, tab: str) -> dict[str, Any]:
    """Return the context of head and tabs."""
    patient = shown.patient
    entry = patient.caseload
    labels = (_("Overview"), _("Plan"), _("Sessions"), _("Assessments"), _("Messages"), _("Record"))
    standings = standings_of(patient)
    unread = unread_for_clinic(entry)
    return {
        "patient": patient,
        "withdrawn_on": standings[Purpose.RECORD].on if has_withdrawn(standings) else None,
        "assignment": shown.assignment,
        "now": shown.now,
        "today": shown.today,
        "zone": patient.zone,
        "clinic_zone": patient.clinic.time_zone,
        "age": age_of(patient.born_on, shown.today),
        "program": shown.assignment.version.program if shown.assignment else None,
        "week": shown.week,
        "ticks": shown.ticks,
        "done_percent": round(100 * entry.done_share) if entry.due_sessions else None,
        "tabs": [
            {
                "label": label,
                "url": reverse(f"patients:{name}", args=[patient.pk]),
                "current": name == tab,
                "count": unread if name == "patient_messages" else 0,
            }
            for name, label in zip(TABS, labels, strict=True)
        ],
    }


def age_of(born_on: dt.date | None, today: dt.date) -> int | None:
    """Return the age in full years; None when the date of birth is not known."""
    if born_on is None:
        return None
    return today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))
