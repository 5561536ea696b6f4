"""Giving a program: the preview, the dates, and how it ends."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.errors import Conflict, Invalid, NotAllowed
from clinics.localtime import local_day, to_utc
from clinics.models import Clinic, ClosedDay, Membership
from clinics.transitions import advance
from patients.actions.caseload import refresh_entry
from patients.actions.places import check_places, count_taken
from patients.actions.symptoms import record_is_withdrawn
from patients.models import Assessment, Assignment, AssignmentDraft, Patient, ScheduledSession, SessionLog, SymptomReport
from patients.rules import schedule
from patients.rules.trajectory import has_model_line
from patients.states import ASSIGNMENT
from programs.models import ProgramApproval, ProgramVersion, SessionPlan

PROBLEMS: dict[str, tuple[str, Any]] = {
    schedule.ProblemCode.NOT_ENOUGH_SUPERVISED_DAYS: ("supervised_weekdays", _("Choose %(needed)s days in the clinic.")),
    schedule.ProblemCode.TOO_MANY_SUPERVISED_DAYS: ("supervised_weekdays", _("Choose only %(needed)s days in the clinic.")),
    schedule.ProblemCode.NOT_ENOUGH_HOME_DAYS: ("home_weekdays", _("Choose %(needed)s days at home.")),
    schedule.ProblemCode.TOO_MANY_HOME_DAYS: ("home_weekdays", _("Choose only %(needed)s days at home.")),
    schedule.ProblemCode.OVERLAP: ("home_weekdays", _("A day is either in the clinic or at home, not both.")),
    schedule.ProblemCode.START_IN_PAST: ("starts_on", _("The start cannot be in the past.")),
    schedule.ProblemCode.INVALID_WEEKDAY: ("home_weekdays", _("This is not a day of the week.")),
}


@dataclass(frozen=True, slots=True)
class Preview:
    """The dates an assignment would have."""

    sessions: list[schedule.PlannedSession]
    assessments: list[tuple[str, int, dt.date]]
    closed_days: dict[dt.date, str] = field(default_factory=dict)
    taken: dict[dt.date, int] = field(default_factory=dict)
    """How many others come at the same time, by day in the clinic; empty without such days."""

    @property
    def moved(self) -> list[schedule.PlannedSession]:
        """Sessions that a closed day moved."""
        return [session for session in self.sessions if session.original_on is not None]

    @property
    def unplaced(self) -> list[schedule.PlannedSession]:
        """Sessions that stand on a closed day because their week has no free one."""
        return [session for session in self.sessions if session.reason == schedule.Placement.UNPLACED]


def slots_of(plans: Sequence[SessionPlan]) -> list[schedule.PlanSlot]:
    """Turn session plans into what the schedule rule reads."""
    return [
        schedule.PlanSlot(
            plan_id=str(plan.pk),
            week_from=plan.week_from,
            week_to=plan.week_to,
            setting=schedule.Setting(plan.setting),
            times_a_week=plan.times_a_week,
            order=plan.position,
            fixed_days=tuple(plan.days),
        )
        for plan in plans
    ]


def preview_assignment(
    *,
    clinic: Clinic,
    version: ProgramVersion,
    starts_on: dt.date,
    supervised_weekdays: Sequence[int],
    home_weekdays: Sequence[int],
    today: dt.date,
    plans: Sequence[SessionPlan] | None = None,
    supervised_time: dt.time | None = None,
) -> Preview:
    """Return every date of the program and its assessments; raises Invalid beside the field that is wrong, or where a group is full."""
    slots = slots_of(list(version.session_plans.all()) if plans is None else plans)
    problems = schedule.validate_days(
        starts_on=starts_on, today=today, slots=slots, supervised_weekdays=supervised_weekdays, home_weekdays=home_weekdays
    )
    if starts_on > today + dt.timedelta(days=366):
        raise Invalid(fields={"starts_on": [_("The start is more than a year away.")]})
    if problems:
        fields: dict[str, list[Any]] = {}
        for problem in problems:
            name, sentence = PROBLEMS[problem.code]
            fields.setdefault(name, []).append(sentence % {"needed": problem.needed})
        raise Invalid(fields=fields)
    last = starts_on + dt.timedelta(days=7 * version.weeks + 28)
    closed = dict(ClosedDay.objects.filter(clinic=clinic, on__gte=starts_on, on__lte=last).values_list("on", "name"))
    sessions = schedule.plan_sessions(
        starts_on,
        slots,
        supervised_weekdays,
        home_weekdays,
        version.weeks,
        closed_days=frozenset(closed),
        open_weekdays=clinic.open_weekdays or range(1, 8),
    )
    weeks = {item["key"]: int(item["week"]) for item in version.assessments}
    days = schedule.assessment_days(starts_on, version.weeks, list(weeks.items()))
    taken = taken_at(clinic, sessions, supervised_time)
    check_places(clinic, taken)
    return Preview(sessions, [(key, weeks[key], on) for key, on in days], closed, taken)


def taken_at(clinic: Clinic, sessions: Sequence[schedule.PlannedSession], at_time: dt.time | None) -> dict[dt.date, int]:
    """Return how many others come on the days in the clinic at this time; empty without a time or without such days."""
    in_clinic = [one.on for one in sessions if one.setting == schedule.Setting.SUPERVISED]
    return count_taken(clinic, in_clinic, at_time) if at_time is not None and in_clinic else {}


def assign_program(
    *,
    patient: Patient,
    version: ProgramVersion,
    starts_on: dt.date,
    supervised_weekdays: Sequence[int],
    home_weekdays: Sequence[int],
    supervised_time: dt.time | None,
    by: Membership,
    now: dt.datetime,
) -> Assignment:
    """Give a published, approved version to a patient and set every date.

    The assignment is held until a symptom check is clear or a therapist cleared it, and while the patient's agreement to the record is
    taken back. Raises Invalid, NotAllowed or Conflict.
    """
    clinic = patient.clinic
    if by.clinic_id != clinic.pk or (version.clinic_id is not None and version.clinic_id != clinic.pk):
        raise NotAllowed(_("This program belongs to another clinic."))
    if version.status != ProgramVersion.Status.PUBLISHED:
        raise Invalid(fields={"version": [_("This version is not published.")]})
    if not ProgramApproval.objects.filter(clinic=clinic, version=version).exists():
        raise Invalid(fields={"version": [_("A physiotherapist of your clinic has to approve this program first.")]})
    if patient.status != Patient.Status.ACTIVE:
        raise Invalid(_("This record is in the archive."))
    plans = list(version.session_plans.all())
    if supervised_time is None and any(plan.setting == "supervised" for plan in plans):
        raise Invalid(fields={"supervised_time": [_("Choose the time in the clinic.")]})
    today = local_day(now, clinic.time_zone)
    preview = preview_assignment(
        clinic=clinic,
        version=version,
        starts_on=starts_on,
        supervised_weekdays=supervised_weekdays,
        home_weekdays=home_weekdays,
        today=today,
        plans=plans,
    )
    try:
        with transaction.atomic():
            if clinic.group_places is not None:
                # The last place is given once, however many ask for it at the same time.
                Clinic.objects.select_for_update().get(pk=clinic.pk)
            check_places(clinic, taken_at(clinic, preview.sessions, supervised_time))
            assignment = Assignment.objects.create(
                clinic=clinic,
                patient=patient,
                version=version,
                status=Assignment.Status.RUNNING if is_clear(patient) and not record_is_withdrawn(patient) else Assignment.Status.HELD,
                starts_on=starts_on,
                ends_on=starts_on + dt.timedelta(days=7 * version.weeks - 1),
                supervised_weekdays=sorted(set(supervised_weekdays)),
                supervised_time=supervised_time,
                home_weekdays=sorted(set(home_weekdays)),
                assigned_by=by,
                created_at=now,
                changed_at=now,
            )
            ScheduledSession.objects.bulk_create(session_rows(assignment, preview.sessions, now=now))
            Assessment.objects.bulk_create(
                Assessment(clinic=clinic, patient=patient, assignment=assignment, key=key, week=week, due_on=on)
                for key, week, on in preview.assessments
            )
            AssignmentDraft.objects.filter(patient=patient, clinic=clinic).delete()
            audit.record("assignment.create", row=assignment, by=by, at=now, version=str(version.pk), sessions=len(preview.sessions))
            refresh_entry(patient, now=now)
    except IntegrityError as error:
        raise Conflict(_("A program is already running. End it before you assign another one.")) from error
    return assignment


def session_rows(assignment: Assignment, planned: Sequence[schedule.PlannedSession], *, now: dt.datetime) -> list[ScheduledSession]:
    """Turn planned dates into rows; sessions in the clinic get their instant from the clinic's wall clock."""
    zone = assignment.clinic.time_zone
    time = assignment.supervised_time
    return [
        ScheduledSession(
            clinic=assignment.clinic,
            patient=assignment.patient,
            assignment=assignment,
            session_plan_id=one.plan_id,
            week=one.week,
            setting=one.setting.value,
            on=one.on,
            original_on=one.original_on,
            starts_at=to_utc(one.on, time, zone) if time is not None and one.setting == schedule.Setting.SUPERVISED else None,
            changed_at=now,
        )
        for one in planned
    ]


def is_clear(patient: Patient) -> bool:
    """Tell whether the last symptom check before a program allows training and nothing is open."""
    blocking = SymptomReport.objects.filter(patient=patient, clinic_id=patient.clinic_id).filter(
        Q(status__in=[SymptomReport.Status.OPEN, SymptomReport.Status.WITHDRAWN])
    )
    if blocking.exists():
        return False
    return SymptomReport.objects.filter(
        patient=patient, clinic_id=patient.clinic_id, status__in=[SymptomReport.Status.CLEAR, SymptomReport.Status.CLEARED]
    ).exists()


@transaction.atomic
def end_assignment(
    *, assignment: Assignment, reason: str, by: Membership, now: dt.datetime, outcome: str = Assignment.Outcome.OTHER
) -> None:
    """End a program early, with how it came (`outcome`): what was planned is cancelled, assessments after the end go on.

    Raises Invalid without a reason or for an unknown outcome, Conflict when it is not running any more.
    """
    if not reason.strip():
        raise Invalid(fields={"reason": [_("Please say why the program ends.")]})
    if outcome not in Assignment.Outcome.values:
        raise Invalid(fields={"outcome": [_("Please choose how the program ended.")]})
    advance(assignment, Assignment.Status.ENDED, table=ASSIGNMENT, now=now, end_outcome=outcome, end_reason=reason.strip()[:500])
    cancel_rest(assignment, now=now)
    audit.record("assignment.end", row=assignment, by=by, at=now)
    refresh_entry(assignment.patient, now=now)


@transaction.atomic
def withdraw_assignment(*, assignment: Assignment, by: Membership, now: dt.datetime) -> None:
    """Take an assignment back as if it had not been given; raises Conflict once something was logged."""
    if SessionLog.objects.filter(session__assignment=assignment, clinic_id=assignment.clinic_id).exists():
        raise Conflict(_("Something was already logged. End the program instead."))
    advance(assignment, Assignment.Status.WITHDRAWN, table=ASSIGNMENT, now=now)
    cancel_rest(assignment, now=now)
    Assessment.objects.filter(assignment=assignment, status=Assessment.Status.PLANNED).update(status=Assessment.Status.CANCELLED)
    audit.record("assignment.withdraw", row=assignment, by=by, at=now)
    refresh_entry(assignment.patient, now=now)


@transaction.atomic
def show_model_line(*, assignment: Assignment, is_shown: bool, by: Membership, now: dt.datetime) -> None:
    """Show the patient the study's model line, or hide it again; only where slopes were published. Setting it twice is the same."""
    if is_shown and not has_model_line(assignment.version.program.code):
        raise Invalid(_("No slopes were published for this program."))
    rows = Assignment.objects.filter(pk=assignment.pk, clinic_id=assignment.clinic_id)
    if rows.exclude(shows_model_line=is_shown).update(shows_model_line=is_shown, changed_at=now):
        audit.record("assignment.model_line", row=assignment, by=by, at=now, is_shown=is_shown)
    assignment.shows_model_line = is_shown


def cancel_rest(assignment: Assignment, *, now: dt.datetime) -> int:
    """Cancel every session still planned; return how many."""
    rest = ScheduledSession.objects.planned().filter(assignment=assignment, clinic_id=assignment.clinic_id)
    return int(rest.update(status=ScheduledSession.Status.CANCELLED, changed_at=now))
