"""The people every test knows: two clinics, every role, somebody who works in both, and somebody who may see nothing."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.test import Client
from django.utils import timezone

from clinics.localtime import local_day
from clinics.middleware import CLINIC_KEY
from clinics.models import Clinic, Membership, Role, User
from patients.actions.assessments import answer_assessment
from patients.actions.assigning import assign_program
from patients.actions.consents import give_consents
from patients.actions.diary import check_in
from patients.actions.people import create_patient
from patients.actions.sessions import log_session
from patients.actions.symptoms import report_symptoms
from patients.models import Assessment, Assignment, Patient, ScheduledSession, SymptomReport
from patients.rules.consents import Purpose
from programs.actions import approve_version
from programs.models import ProgramVersion

PASSWORD = "a-long-walk-by-the-river-7"


@dataclass
class Cast:
    """Who is who; every person is their membership."""

    now: dt.datetime
    riverside: Clinic = field(init=False)
    harbour: Clinic = field(init=False)
    admin: User = field(init=False)
    manager: Membership = field(init=False)
    therapist: Membership = field(init=False)
    therapist2: Membership = field(init=False)
    harbour_manager: Membership = field(init=False)
    harbour_therapist: Membership = field(init=False)
    both_riverside: Membership = field(init=False)
    both_harbour: Membership = field(init=False)
    hannah: Patient = field(init=False)
    marek: Patient = field(init=False)
    lena: Patient = field(init=False)
    wei: Patient = field(init=False)

    def version(self, key: str) -> ProgramVersion:
        """Return the published version of a library program."""
        version: ProgramVersion = ProgramVersion.objects.published().get(program__key=key, program__clinic=None)
        return version

    def session_today(self, patient: Patient, setting: str = "home") -> ScheduledSession:
        """Move one planned session of the patient to today and return it, loaded as actions want it."""
        session = ScheduledSession.objects.planned().filter(patient=patient, setting=setting).order_by("on").first()
        assert session is not None
        today = local_day(self.now, patient.zone)
        ScheduledSession.objects.filter(assignment=session.assignment, on=today).exclude(pk=session.pk).delete()
        ScheduledSession.objects.filter(pk=session.pk).update(on=today)
        return self.loaded(session)

    @staticmethod
    def loaded(session: ScheduledSession) -> ScheduledSession:
        """Return the session with everything actions look at."""
        found: ScheduledSession = ScheduledSession.objects.select_related(
            "patient__clinic", "patient__caseload", "patient__membership__user", "assignment__version", "session_plan"
        ).get(pk=session.pk)
        return found


def person(clinic: Clinic, role: str, email: str, first_name: str, last_name: str, **fields: Any) -> Membership:
    """Create an account and its active membership."""
    user = User.objects.create_user(email, PASSWORD, first_name=first_name, last_name=last_name, **fields)
    return Membership.objects.create(clinic=clinic, user=user, role=role, status=Membership.Status.ACTIVE, name=f"{first_name} {last_name}")


def patient_with_account(clinic: Clinic, by: Membership, email: str, first_name: str, last_name: str, now: dt.datetime) -> Patient:
    """Open a record and give the person an account, with every agreement given."""
    patient = create_patient(clinic=clinic, by=by, now=now, first_name=first_name, last_name=last_name, email=email)
    user = User.objects.create_user(email, PASSWORD, first_name=first_name, last_name=last_name)
    Membership.objects.filter(pk=member_of(patient).id).update(user=user, status=Membership.Status.ACTIVE)
    give_consents(patient=patient, purposes=list(Purpose), by=member_of(patient), now=now)
    return Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=patient.id)


def member_of(patient: Patient) -> Membership:
    """Return the patient's own membership, which everybody in the cast has."""
    assert patient.membership is not None
    return patient.membership


def start_program(patient: Patient, key: str, by: Membership, version: ProgramVersion, days_ago: int, now: dt.datetime) -> Assignment:
    """Assign a program that began `days_ago` days before now, with a clear symptom check and a baseline."""
    then = now - dt.timedelta(days=days_ago)
    supervised = version.supervised_per_week
    assignment = assign_program(
        patient=patient,
        version=version,
        starts_on=local_day(then, patient.zone),
        supervised_weekdays=[1, 4][:supervised],
        home_weekdays=[2, 5, 7][: version.home_per_week],
        supervised_time=dt.time(17, 0) if supervised else None,
        by=by,
        now=then,
    )
    report_symptoms(patient=patient, signs=(), context=SymptomReport.Context.ONBOARDING, by=patient.membership, now=then)
    baseline = Assessment.objects.select_related("patient__clinic", "patient__caseload").get(assignment=assignment, key="baseline")
    answer_assessment(
        assessment=baseline,
        running_capability_0_10=4,
        running_pain_0_10=6,
        no_run_this_week=False,
        by=by,
        now=then,
        running_described="10 km easy",
    )
    return Assignment.objects.select_related("patient__clinic", "version__program", "clinic").get(pk=assignment.pk)


MEMBERS = {
    "manager": ("riverside", "manager@riverside.example"),
    "therapist": ("riverside", "therapist@riverside.example"),
    "therapist2": ("riverside", "therapist2@riverside.example"),
    "harbour_manager": ("harbour", "manager@harbour.example"),
    "harbour_therapist": ("harbour", "therapist@harbour.example"),
    "both_riverside": ("riverside", "locum@both.example"),
    "both_harbour": ("harbour", "locum@both.example"),
}


def recall_cast(now: dt.datetime) -> Cast:
    """Load everybody afresh from the database, as `build_cast` left them at `now`; three queries."""
    cast = Cast(now)
    members = {
        (member.clinic.slug, member.user.email): member
        for member in Membership.objects.filter(user__isnull=False).select_related("clinic", "user")
        if member.user is not None
    }
    for name, place in MEMBERS.items():
        setattr(cast, name, members[place])
    cast.riverside, cast.harbour = cast.therapist.clinic, cast.harbour_therapist.clinic
    cast.admin = User.objects.get(email="admin@physio.example")
    patients = Patient.objects.select_related("clinic", "caseload", "membership__user", "membership__clinic", "therapist")
    for patient in patients:
        setattr(cast, patient.first_name.lower(), patient)
    return cast


def build_cast(now: dt.datetime | None = None) -> Cast:
    """Create everybody; Hannah is in week 3 of the leg program with some entries, Marek begins, Lena is only invited."""
    cast = Cast(now or timezone.now())
    then = cast.now - dt.timedelta(days=60)
    cast.riverside = Clinic.objects.create(
        name="Riverside Physiotherapy", slug="riverside", time_zone="Europe/Berlin", country="DE", phone="+49 30 5550100"
    )
    cast.harbour = Clinic.objects.create(name="Harbour Physio", slug="harbour", time_zone="Asia/Singapore", country="SG")
    cast.admin = User.objects.create_superuser("admin@physio.example", PASSWORD)
    cast.manager = person(cast.riverside, Role.MANAGER, "manager@riverside.example", "Mia", "Sommer")
    cast.therapist = person(cast.riverside, Role.THERAPIST, "therapist@riverside.example", "Jonas", "Keller")
    cast.therapist2 = person(cast.riverside, Role.THERAPIST, "therapist2@riverside.example", "Amara", "Diallo")
    cast.harbour_manager = person(cast.harbour, Role.MANAGER, "manager@harbour.example", "Li", "Tan")
    cast.harbour_therapist = person(cast.harbour, Role.THERAPIST, "therapist@harbour.example", "Raj", "Nair")
    cast.both_riverside = person(cast.riverside, Role.THERAPIST, "locum@both.example", "Eva", "Brandt")
    cast.both_harbour = Membership.objects.create(
        clinic=cast.harbour, user=cast.both_riverside.user, role=Role.THERAPIST, status=Membership.Status.ACTIVE, name="Eva Brandt"
    )
    for clinic, by in ((cast.riverside, cast.therapist), (cast.harbour, cast.harbour_therapist)):
        for version in ProgramVersion.objects.published().filter(clinic=None):
            approve_version(version=version, clinic=clinic, by=by, now=then)
    cast.hannah = patient_with_account(cast.riverside, cast.therapist, "hannah@patients.example", "Hannah", "Brandt", then)
    cast.marek = patient_with_account(cast.riverside, cast.therapist2, "marek@patients.example", "Marek", "Novák", then)
    cast.lena = create_patient(
        clinic=cast.riverside, by=cast.therapist, now=then, first_name="Lena", last_name="Vogt", email="lena@patients.example"
    )
    cast.wei = patient_with_account(cast.harbour, cast.harbour_therapist, "wei@patients.example", "Wei", "Lim", then)
    assignment = start_program(cast.hannah, "leg", cast.therapist, cast.version("leg"), 16, cast.now)
    start_program(cast.wei, "stabiliser", cast.harbour_therapist, cast.version("stabiliser"), 16, cast.now)
    cast.hannah = Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=cast.hannah.pk)
    today = local_day(cast.now, "Europe/Berlin")
    past = list(ScheduledSession.objects.filter(assignment=assignment, on__lt=today).order_by("on"))
    for session in [one for place, one in enumerate(past) if place != 2]:
        loaded = cast.loaded(session)
        at = cast.now - (today - session.on)
        log_session(
            session=loaded,
            by=cast.hannah.membership if session.setting == "home" else cast.therapist,
            now=at,
            as_prescribed=True,
            pain_during_0_10=3,
            effort_rpe_0_10=6,
        )
    cast.hannah = Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=cast.hannah.pk)
    for days, pain, ready in ((3, 3, 5), (2, 3, 6), (1, 2, 6)):
        at = cast.now - dt.timedelta(days=days)
        check_in(patient=cast.hannah, pain_0_10=pain, readiness_0_10=ready, by=cast.hannah.membership, now=at)
    return cast


def sign_in(client: Client, member: Membership | None) -> Client:
    """Sign a person in, under the clinic of this membership; a record without an account has nobody to sign in."""
    assert member is not None
    assert member.user is not None
    client.force_login(member.user)
    session = client.session
    session[CLINIC_KEY] = str(member.clinic_id)
    session.save()
    return client
