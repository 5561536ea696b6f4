"""One patient of the demo, and what they and their therapist do: every step is one of the product's own actions."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

from django.utils import translation

from clinics import audit
from clinics.actions.invitations import invite_to
from clinics.localtime import local_day, to_utc
from clinics.models import Clinic, Membership, Role
from patients.actions.assessments import answer_assessment
from patients.actions.assigning import assign_program
from patients.actions.consents import give_consents
from patients.actions.diary import check_in, correct_entry
from patients.actions.letters import write_letter
from patients.actions.messages import mark_read, send_message
from patients.actions.people import create_patient
from patients.actions.planning import move_session, pause_plan, skip_session
from patients.actions.sessions import Done, log_session
from patients.actions.stopping import stop_session
from patients.actions.symptoms import clear_report, report_symptoms
from patients.actions.tailoring import tailor_plan
from patients.models import Assessment, Assignment, CheckIn, Patient, ScheduledSession, SessionLog, SymptomReport
from patients.rules.letters import FROM_THE_RECORD
from physio.demo.cast import Cast, Person
from physio.demo.course import Course, station
from physio.demo.opening import come_in, working_day
from programs.models import Prescription, Program, ProgramVersion, Setting
from programs.rules.tailoring import Edit

DAY = dt.timedelta(days=1)
STRENGTH_DAYS = (((1, 4), (2, 5, 7)), ((2, 5), (1, 3, 6)), ((1, 3), (2, 5, 7)), ((2, 4), (1, 3, 6)), ((2, 5), (1, 4, 6)))
DAYS = {
    Program.Kind.STRENGTH: STRENGTH_DAYS,
    Program.Kind.RUN_WALK: (((), (1, 3, 6)), ((), (2, 4, 7))),
    Program.Kind.WALK: (((), (1, 2, 3, 5, 6, 7)),),
    Program.Kind.FLARE_UP: (((), ()),),
}
"""Weekdays in the clinic and at home, to choose from."""
APPOINTMENTS = (dt.time(8, 30), dt.time(9, 30), dt.time(11), dt.time(16), dt.time(17), dt.time(18))
EFFORT = (5, 6, 6, 7)
LOADED_SESSION = ("patient__clinic", "patient__caseload", "patient__membership", "assignment__clinic", "session_plan")


@cache
def main_part(plan_id: uuid.UUID) -> list[Prescription]:
    """Return the main exercises of a session plan, in order."""
    rows = Prescription.objects.filter(session_plan_id=plan_id, block=Prescription.Block.MAIN)
    return list(rows.select_related("exercise").order_by("position"))


@dataclass(slots=True)
class Life:
    """A patient while the demo is told."""

    person: Person
    clinic: Clinic
    staff: list[Membership]
    cast: Cast
    now: dt.datetime
    course: Course = field(init=False)
    today: dt.date = field(init=False)
    starts_on: dt.date = field(init=False)
    created_on: dt.date = field(init=False)
    key: uuid.UUID | None = None
    member: Membership | None = None
    ends_on: dt.date | None = None
    was_stopped: bool = False

    def __post_init__(self) -> None:
        person = self.person
        self.today = local_day(self.now, self.clinic.time_zone)
        self.starts_on = person.starts_on(self.today) if person.program else self.today
        self.course = Course(person, self.starts_on, self.today)
        is_new = not person.program or person.starts_in is not None
        self.created_on = self.today - DAY if is_new else working_day(self.starts_on - 3 * DAY)

    # --- who and when

    @property
    def therapist(self) -> Membership:
        """Who treats the patient."""
        return [one for one in self.staff if one.role == Role.THERAPIST][self.person.therapist - 1]

    @property
    def patient_id(self) -> uuid.UUID:
        """The key of the record; raises LookupError before it is opened."""
        if self.key is None:
            raise LookupError(f"no record of {self.person.name} yet")
        return self.key

    @property
    def source(self) -> str:
        """How entries come in."""
        return SessionLog.Source.APP if self.member else SessionLog.Source.PAPER

    @property
    def by(self) -> Membership:
        """Who types the patient's entries."""
        return self.member or self.therapist

    def patient(self) -> Patient:
        """Return the record as it is now."""
        found: Patient = Patient.objects.select_related("clinic", "caseload", "membership").get(pk=self.patient_id)
        return found

    def session(self, pk: uuid.UUID) -> ScheduledSession:
        """Return a session as actions want it."""
        found: ScheduledSession = ScheduledSession.objects.select_related(*LOADED_SESSION).get(pk=pk)
        return found

    def moment(self, day: dt.date, time: dt.time, *, surely: bool = False) -> dt.datetime:
        """Return the instant of a wall-clock time; `surely` brings one that is still to come today before now."""
        at = to_utc(day, time, self.clinic.time_zone)
        if surely and day == self.today and at >= self.now:
            begin = to_utc(day, dt.time.min, self.clinic.time_zone)
            at = begin + (self.now - begin) * 0.9
        return at

    # --- writing

    def write(self, one: dict[str, Any], at: dt.datetime) -> None:
        """Write a message from one side to the other; whoever answers has read what came before."""
        member = self.member
        if member is None:
            return
        by = member if one["by"] == "patient" else self.therapist
        mark_read(patient=self.patient(), by=by, now=at)
        send_message(patient=self.patient(), body=one["text"], by=by, now=at)
        if one.get("read"):
            other = self.therapist if by is member else member
            mark_read(patient=self.patient(), by=other, now=at + dt.timedelta(minutes=40))

    def write_letter(self, at: dt.datetime) -> None:
        """Write to the referring doctor."""
        one = self.person.letter
        write_letter(
            patient=self.patient(),
            by=self.therapist,
            now=at,
            language=self.clinic.language,
            recipient_name=one["to"],
            recipient_address=one["address"],
            parts=[part.value for part in FROM_THE_RECORD],
            findings=one["findings"],
            outlook=one["outlook"],
            keeps_doctor=True,
        )

    # --- coming in

    def open_record(self, at: dt.datetime) -> None:
        """Create the record, give the program, invite."""
        person = self.person
        patient = create_patient(
            clinic=self.clinic,
            by=self.therapist,
            now=at,
            first_name=person.first_name,
            last_name=person.last_name,
            email=person.email,
            born_on=person.born,
            sex=person.sex,
            language=person.language,
        )
        self.key = patient.pk
        if patient.membership is not None:
            Membership.objects.filter(pk=patient.membership.pk).update(created_at=at)
        if person.program:
            self.assign(patient, at + dt.timedelta(minutes=6))
        if patient.membership is not None and person.account == "invited":
            by, language = self.therapist, person.language
            invite_to(membership=patient.membership, email=person.email, by=by, now=at + dt.timedelta(minutes=9), language=language)

    def assign(self, patient: Patient, at: dt.datetime) -> None:
        """Give the program on weekdays that suit the story."""
        version = ProgramVersion.objects.published().select_related("program").get(program__key=self.person.program, program__clinic=None)
        choices = DAYS[Program.Kind(version.program.kind)]
        if self.person.today:
            choices = tuple(one for one in choices if self.today.isoweekday() in one[1])
        supervised, home = choices[self.course.chance.randrange(len(choices))]
        assignment = assign_program(
            patient=patient,
            version=version,
            starts_on=self.starts_on,
            supervised_weekdays=supervised,
            home_weekdays=home,
            supervised_time=self.course.chance.choice(APPOINTMENTS) if supervised else None,
            by=self.therapist,
            now=at,
        )
        self.ends_on = assignment.ends_on

    def accept(self, at: dt.datetime) -> None:
        """Accept the invitation, agree, and answer the symptom check."""
        membership = self.patient().membership
        person = self.person
        if membership is not None:
            self.member = come_in(
                membership,
                person.email,
                person.first_name,
                person.last_name,
                person.language,
                by=self.therapist,
                invited_at=at - dt.timedelta(hours=3),
                at=at,
            )
            with translation.override(person.language):
                give_consents(patient=self.patient(), purposes=person.agrees, by=self.member, now=at + dt.timedelta(minutes=2))
        self.report(person.onboarding_signs, SymptomReport.Context.ONBOARDING, at + dt.timedelta(minutes=4))

    def report(self, signs: Sequence[str], context: str, at: dt.datetime) -> None:
        """Answer a symptom list, in the person's language."""
        with translation.override(self.person.language):
            report_symptoms(patient=self.patient(), signs=signs, context=context, by=self.by, now=at)

    # --- the days

    def check_in(self, day: dt.date, at: dt.datetime) -> None:
        """Answer the morning's questions."""
        pain, ready = self.course.answers(day)
        notes = self.cast.check_in_notes[self.person.language]
        with translation.override(self.person.language):
            check_in(
                patient=self.patient(),
                pain_0_10=pain,
                readiness_0_10=ready,
                signs=self.person.signs_today if day == self.today else (),
                by=self.by,
                now=at,
                source=self.source,
                note=self.course.chance.choice(notes) if self.course.often(0.06) else "",
            )

    def train(self, pk: uuid.UUID, at: dt.datetime) -> None:
        """Do a session, all of it or a part, or say why not."""
        session = self.session(pk)
        if session.on != local_day(at, self.clinic.time_zone):
            return  # moved away this morning
        supervised = session.setting == Setting.SUPERVISED
        if not self.course.is_done(self.person.done):
            if self.course.often(0.4):
                skip_session(session=session, reason=self.course.chance.choice(("time", "ill", "pain", "other")), by=self.by, now=at)
            return
        pain = self.course.during(session.on)
        partly = self.course.often(self.person.partly)
        as_prescribed = not partly and not supervised
        notes = self.cast.session_notes[self.person.language]
        log_session(
            session=session,
            by=self.therapist if supervised else self.by,
            now=at,
            as_prescribed=as_prescribed,
            exercises=() if as_prescribed else self.done(session, partly=partly),
            pain_during_0_10=pain,
            effort_rpe_0_10=self.course.chance.choice(EFFORT),
            soreness_0_10=self.course.chance.randint(0, 4),
            source=SessionLog.Source.CLINIC if supervised else self.source,
            note=self.course.chance.choice(notes) if self.course.often(0.08) and not supervised else "",
        )
        if supervised:
            audit.record("patient.view", row=session.patient, patient_id=session.patient_id, by=self.therapist, at=at)

    def stop(self, pk: uuid.UUID, at: dt.datetime) -> None:
        """Stop a session because of a sign."""
        self.was_stopped = True
        session = self.session(pk)
        signs = self.person.stopped["signs"]
        with translation.override(self.person.language):
            stop_session(session=session, signs=signs, exercises=self.done(session, partly=True), by=self.by, now=at, pain_during_0_10=6)

    def done(self, session: ScheduledSession, *, partly: bool) -> list[Done]:
        """Return what was done of each exercise: all sets with growing loads, or one exercise short and one left out."""
        rows = main_part(session.session_plan_id)
        short = self.course.chance.randrange(len(rows)) if partly else -1
        left_out = (short + 1) % len(rows) if partly and len(rows) > 2 else -1
        found = []
        for place, row in enumerate(rows):
            load = self.cast.loads_kg.get(row.exercise.key)
            sets = max(row.sets - 1, 1) if place == short else row.sets
            if place == left_out:
                found.append(Done(row.pk, sets_done=0, skip_reason=self.course.chance.choice(("time", "pain"))))
                continue
            found.append(
                Done(
                    row.pk,
                    sets_done=sets,
                    reps_done=row.reps_high,
                    hold_seconds_done=row.hold_seconds,
                    load_kg=Decimal(str(load[0] + load[1] * (session.week - 1))) if load else None,
                )
            )
        return found

    def measure(self, pk: uuid.UUID, at: dt.datetime) -> None:
        """Answer an assessment along the course."""
        row = Assessment.objects.select_related("patient__clinic", "patient__caseload", "assignment__version").get(pk=pk)
        weeks = row.assignment.version.weeks
        answer_assessment(
            assessment=row,
            running_capability_0_10=round(station(self.person.capability, row.week / weeks)),
            running_pain_0_10=min(10, round(station(self.person.pain, self.course.share(row.due_on))) + 1),
            no_run_this_week=False,
            by=self.by,
            now=at,
            running_described=self.person.described,
        )

    def pause(self, at: dt.datetime) -> None:
        """Pause the program from this day on."""
        assignment = Assignment.objects.select_related("patient__clinic", "patient__caseload", "clinic").get(patient_id=self.patient_id)
        day = local_day(at, self.clinic.time_zone)
        until = day + (self.person.pause["days"] - 1) * DAY
        pause_plan(assignment=assignment, from_on=day, to_on=until, reason=self.person.pause["reason"], by=self.by, now=at)

    def tailor(self, at: dt.datetime) -> None:
        """Let the therapist change the sets of one exercise at home, from the next day to the end of the program."""
        assignment = Assignment.objects.select_related("patient__clinic", "patient__caseload", "version__program", "clinic").get(
            patient_id=self.patient_id
        )
        story = self.person.tailored
        tailor_plan(
            assignment=assignment,
            changes=[Edit(Setting.HOME, 0, story["exercise"], dose={"sets": story["sets"]})],
            reason=story["reason"],
            from_on=local_day(at, self.clinic.time_zone) + DAY,
            until="end",
            by=self.therapist,
            now=at,
        )

    def move(self, at: dt.datetime) -> None:
        """Move the next session at home by a day."""
        day = local_day(at, self.clinic.time_zone)
        coming = ScheduledSession.objects.planned().filter(patient_id=self.patient_id, on__gt=day, setting=Setting.HOME)
        session = coming.select_related(*LOADED_SESSION).order_by("on").first()
        if session is not None:
            move_session(session=session, to_on=session.on + DAY, by=self.by, now=at)

    def correct(self, at: dt.datetime) -> None:
        """Correct the readiness of the last check-in by a point."""
        row = CheckIn.objects.filter(patient_id=self.patient_id).select_related("patient__clinic", "patient__caseload").latest("on")
        changes = {"readiness_0_10": min(row.readiness_0_10 + 1, 10)}
        correct_entry(row=row, changes=changes, by=self.by, now=at, reason=self.cast.correction_reason)

    def clear(self, at: dt.datetime) -> None:
        """Let the therapist write the clearance of what stopped a session."""
        open_reports = SymptomReport.objects.filter(patient_id=self.patient_id, status=SymptomReport.Status.OPEN)
        for report in open_reports.select_related("patient__clinic", "patient__caseload"):
            audit.record("patient.view", row=report.patient, patient_id=self.patient_id, by=self.therapist, at=at)
            clear_report(report=report, note=self.cast.clearance_note, by=self.therapist, now=at)
