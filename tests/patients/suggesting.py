"""A plan with something to suggest: Marek in week 2 of the leg program, with sessions whose days do not hang on the weekday of the test."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from clinics.localtime import local_day
from patients.actions.sessions import Done, log_session
from patients.actions.suggesting import Standing, refresh_suggestions
from patients.actions.suggestion_switch import turn_on
from patients.models import Assignment, CheckIn, ScheduledSession, SessionLog, SuggestionSwitch
from programs.models import Prescription, SessionPlan
from tests.cast import Cast, start_program

BASIS = "Study of the clinic, approved by the ethics committee on 2 March"


@dataclass
class Scene:
    """The plan, and its sessions by days from today."""

    cast: Cast
    assignment: Assignment

    def session(self, week: int, days: int, setting: str = "supervised") -> ScheduledSession:
        """Plan a session of a week on a day counted from today, as the version in force says."""
        version = Assignment.objects.values_list("version", flat=True).get(pk=self.assignment.pk)
        plan = SessionPlan.objects.get(version=version, setting=setting, week_from__lte=week, week_to__gte=week)
        row, _new = ScheduledSession.objects.get_or_create(
            clinic=self.cast.riverside,
            patient=self.cast.marek,
            assignment=self.assignment,
            setting=setting,
            on=local_day(self.cast.now, "Europe/Berlin") + dt.timedelta(days=days),
            defaults={"session_plan": plan, "week": week},
        )
        return self.cast.loaded(row)

    def log(self, week: int, days: int, setting: str = "supervised", settled: bool | None = True, **said: Any) -> SessionLog:
        """Log a session `days` from today: `extra` repetitions with `kg` of the leg press, everything else as prescribed."""
        session = self.session(week, days, setting)
        extra, kg, press_pain = said.pop("extra", 0), said.pop("kg", Decimal(40)), said.pop("press_pain", None)
        rows = Prescription.objects.filter(session_plan=session.session_plan_id, block="main").select_related("exercise")
        done = [
            Done(
                row.pk,
                sets_done=row.sets,
                reps_done=(row.reps_high or 0) + (extra if row.exercise.key == "leg_press" else 0) if row.reps_high else None,
                hold_seconds_done=row.hold_seconds,
                load_kg=kg if row.exercise.key == "leg_press" else None,
                pain_0_10=press_pain if row.exercise.key == "leg_press" else None,
            )
            for row in rows
        ]
        at = self.cast.now + dt.timedelta(days=days, minutes=-5)
        usual = {"pain_during_0_10": 1, "effort_rpe_0_10": 6}
        log, _new = log_session(session=session, by=self.cast.therapist, now=at, as_prescribed=False, exercises=done, **{**usual, **said})
        if settled is not None and days < 0:
            CheckIn.objects.create(
                clinic=session.clinic,
                patient=session.patient,
                on=log.on + dt.timedelta(days=1),
                pain_0_10=1,
                readiness_0_10=7,
                morning_after=log,
                is_settled=settled,
                done_at=at + dt.timedelta(hours=12),
            )
        return log

    def look(self, now: dt.datetime | None = None) -> Standing:
        """Work the suggestions out as a page does."""
        found = Assignment.objects.select_related("patient__clinic", "version__program", "clinic").get(pk=self.assignment.pk)
        return refresh_suggestions(assignment=found, now=now or self.cast.now)

    def two_for_two(self) -> None:
        """Log two sessions with two repetitions more on the leg press, three days ago and yesterday; one more comes tomorrow."""
        self.log(1, -4, extra=2)
        self.log(1, -1, extra=2)
        self.session(2, 1)


def open_scene(cast: Cast, key: str = "leg", days_ago: int = 8) -> Scene:
    """Give Marek a program that began some days ago, whose sessions are planned one by one."""
    assignment = start_program(cast.marek, key, cast.therapist, cast.version(key), days_ago, cast.now)
    ScheduledSession.objects.filter(assignment=assignment).delete()
    return Scene(cast, assignment)


def switch_on(cast: Cast) -> SuggestionSwitch:
    """Turn suggestions on for Riverside."""
    return turn_on(clinic=cast.riverside, basis=BASIS, confirmed=True, by=cast.admin, now=cast.now)
