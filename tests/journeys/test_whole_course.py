"""A whole course of eight weeks and six months after it, with every number of three days worked out by hand.

Nora trains Monday and Thursday in the clinic (C), Tuesday, Friday and Sunday at home (H), from Monday 2 March 2026. What happens:

    week  days               sessions                                                   done    due
    1     2–8 March          all five                                                   5       5
    2     9–15 March         Friday left out (no time)                                  4       5
    3     16–22 March        change from the 19th: wall sit one set at home;
                             Friday moved to Saturday 21st; Sunday two of four
                             exercises (0.5)                                            4.5     5
    –     23–29 March        pause, holiday: everything after it one week later         –       –
    4     30 March–5 April   Tuesday flare-up: one of four exercises, stopped (0.25);
                             Thursday, Friday, Sunday missed                            1.25    5
    5     6–12 April         all five                                                   5       5
    6     13–19 April        all five                                                   5       5
    7     20–26 April        Sunday missed                                              4       5
    8     27 April–3 May     all five                                                   5       5
                                                                                        33.75   40

Summer time begins on 29 March: 17:00 is 16:00 UTC before it and 15:00 UTC after it.
"""

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.test import Client

from clinics.localtime import to_utc
from patients.actions.alerts import acknowledge_alert
from patients.actions.assessments import answer_assessment
from patients.actions.assigning import assign_program
from patients.actions.caseload import close_past_days
from patients.actions.diary import check_in
from patients.actions.planning import move_session, pause_plan, skip_session
from patients.actions.sessions import Done, log_session
from patients.actions.stopping import stop_session
from patients.actions.symptoms import report_symptoms
from patients.actions.tailoring import tailor_plan
from patients.models import Alert, Assessment, Assignment, CaseloadEntry, Patient, ScheduledSession, SymptomReport
from programs.models import Prescription
from programs.rules.tailoring import Edit
from tests.cast import Cast, patient_with_account, sign_in

ZONE = "Europe/Berlin"
LEFT_OUT = dt.date(2026, 3, 13)
MISSED = {dt.date(2026, 4, 2), dt.date(2026, 4, 3), dt.date(2026, 4, 5), dt.date(2026, 4, 26)}
FLARE_UP, HALF = dt.date(2026, 3, 31), dt.date(2026, 3, 22)

# Back pain at the check-ins; readiness is always 10 minus pain. The mean of a week stands at the right.
PAIN = {
    dt.date(2026, 3, 2): 6,
    dt.date(2026, 3, 4): 6,
    dt.date(2026, 3, 6): 5,
    dt.date(2026, 3, 8): 5,  # week 1: 22 / 4 = 5.5
    dt.date(2026, 3, 9): 5,
    dt.date(2026, 3, 11): 4,
    dt.date(2026, 3, 13): 4,
    dt.date(2026, 3, 15): 5,  # week 2: 18 / 4 = 4.5
    dt.date(2026, 3, 16): 4,
    dt.date(2026, 3, 18): 4,
    dt.date(2026, 3, 19): 3,  # week 3 until here: 11 / 3 = 3.7
    dt.date(2026, 3, 22): 3,
    dt.date(2026, 3, 30): 3,
    dt.date(2026, 4, 1): 7,
    dt.date(2026, 4, 2): 6,
    dt.date(2026, 4, 4): 5,
    dt.date(2026, 4, 6): 4,
    dt.date(2026, 4, 8): 3,  # the week of 6 April until here: 7 / 2 = 3.5
    dt.date(2026, 4, 29): 2,
    dt.date(2026, 5, 3): 2,
}
# Day of the assessment: running capability, worst pain when running (None: no run this week). A week later from the middle on.
ANSWERS = {
    dt.date(2026, 3, 2): ("baseline", 4, 6),
    dt.date(2026, 4, 6): ("middle", 5, 5),
    dt.date(2026, 5, 4): ("end", 7, 3),
    dt.date(2026, 8, 3): ("month_3", 8, 2),
    dt.date(2026, 11, 2): ("month_6", 8, None),
}

FULL, TO_COME = ["full", 1.0, 5, 5], ["to_come", 0.0, 0, 5]
EXPECTED: dict[dt.date, dict[str, Any]] = {
    # weeks 1 and 2 ten sessions, nine done; of week 3 Monday, Tuesday, Thursday: 12 of 13 = 92 %
    dt.date(2026, 3, 19): {
        "due": 13,
        "done": 12.0,
        "percent": 92,
        "calendar": "12</b> of 13",
        "ticks": [FULL, ["part", 0.8, 4, 5], ["now", 0.6, 3, 5], *[TO_COME] * 5],
        "last": (3, 7),
        "next_supervised": dt.datetime(2026, 3, 23, 16, 0, tzinfo=dt.UTC),
        "next_assessment": dt.date(2026, 3, 30),
        "pain": ("3.7", "5.5", "1.8 points less", False),
        "running": ("4", "", "", False),
    },
    # 20 sessions of four weeks and two of week 5: 5 + 4 + 4.5 + 1.25 + 2 = 16.75 of 22 = 76 %
    dt.date(2026, 4, 8): {
        "due": 22,
        "done": 16.75,
        "percent": 76,
        "calendar": "17</b> of 22",
        "ticks": [FULL, ["part", 0.8, 4, 5], ["part", 0.9, 4.5, 5], ["part", 0.25, 1.25, 5], ["now", 0.4, 2, 5], *[TO_COME] * 3],
        "last": (3, 7),
        "next_supervised": dt.datetime(2026, 4, 9, 15, 0, tzinfo=dt.UTC),
        "next_assessment": dt.date(2026, 5, 4),
        "pain": ("3.5", "5.5", "2 points less", True),
        "running": ("5", "4", "1 point more", False),
    },
    # the whole: 33.75 of 40 = 84 %; nothing is planned any more
    dt.date(2026, 11, 2): {
        "due": 40,
        "done": 33.75,
        "percent": 84,
        "calendar": "34</b> of 40",
        "ticks": [
            *(FULL, ["part", 0.8, 4, 5], ["part", 0.9, 4.5, 5], ["part", 0.25, 1.25, 5]),
            *(FULL, FULL, ["part", 0.8, 4, 5], FULL),
        ],
        "last": (None, None),  # the last check-in is more than 60 days ago
        "next_supervised": None,
        "next_assessment": None,
        "pain": ("2", "5.5", "3.5 points less", True),
        "running": ("8", "4", "4 points more", True),
    },
}


def at(on: dt.date, hour: int) -> dt.datetime:
    """Return the moment of an hour in Nora's day."""
    return to_utc(on, dt.time(hour, 0), ZONE)


class Course:
    """Nora, and what happens to her day by day."""

    def __init__(self, cast: Cast) -> None:
        """Open the record and give the leg program on Sunday 1 March."""
        before = at(dt.date(2026, 3, 1), 12)
        self.cast = cast
        self.nora = patient_with_account(cast.riverside, cast.therapist, "nora@patients.example", "Nora", "Jensen", before)
        assign_program(
            patient=self.nora,
            version=cast.version("leg"),
            starts_on=dt.date(2026, 3, 2),
            supervised_weekdays=[1, 4],
            home_weekdays=[2, 5, 7],
            supervised_time=dt.time(17, 0),
            by=cast.therapist,
            now=before,
        )
        report_symptoms(patient=self.nora, signs=(), context=SymptomReport.Context.ONBOARDING, by=self.nora.membership, now=before)
        Patient.objects.filter(pk=self.nora.pk).update(running_described="10 km easy")

    @property
    def patient(self) -> Patient:
        """Nora as she is now."""
        return Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=self.nora.pk)

    @property
    def assignment(self) -> Assignment:
        """Her program as it is now."""
        found: Assignment = Assignment.objects.select_related("patient__clinic", "patient__caseload", "version__program", "clinic").get(
            patient=self.nora
        )
        return found

    def session(self, on: dt.date) -> ScheduledSession | None:
        """Return the session of a day, loaded as actions want it."""
        row = ScheduledSession.objects.exclude(status="cancelled").filter(patient=self.nora, on=on).first()
        return self.cast.loaded(row) if row else None

    def live(self, on: dt.date) -> None:
        """Let one day pass: the clock, an assessment, the check-in, the session, and what belongs to this day alone."""
        me = self.nora.membership
        assert me is not None
        if on.isoweekday() == 1 or on in EXPECTED or on in ANSWERS:  # the clock of the other days would only repeat this
            close_past_days(now=at(on, 1))
        if on in ANSWERS:
            key, capability, pain = ANSWERS[on]
            row = Assessment.objects.select_related("patient__clinic", "patient__caseload").get(assignment=self.assignment, key=key)
            assert row.due_on == on
            no_run = pain is None
            answer_assessment(
                assessment=row, running_capability_0_10=capability, running_pain_0_10=pain, no_run_this_week=no_run, by=me, now=at(on, 7)
            )
        if on in PAIN:
            check_in(patient=self.patient, pain_0_10=PAIN[on], readiness_0_10=10 - PAIN[on], by=me, now=at(on, 8))
        self.happen(on)
        session = self.session(on)
        if session is None or on in MISSED:
            return
        if on == LEFT_OUT:
            skip_session(session=session, reason="time", by=me, now=at(on, 20))
            return
        by = self.cast.therapist if session.setting == "supervised" else me
        shared: dict[str, Any] = {"session": session, "by": by, "now": at(on, 18), "effort_rpe_0_10": 6}
        if on == FLARE_UP:
            stop_session(**shared, signs=(), exercises=self.first_exercises(session, 1), pain_during_0_10=7)
        elif on == HALF:
            log_session(**shared, as_prescribed=False, exercises=self.first_exercises(session, 2), pain_during_0_10=3)
        else:
            log_session(**shared, as_prescribed=True, pain_during_0_10=3)

    @staticmethod
    def first_exercises(session: ScheduledSession, count: int) -> list[Done]:
        """Return the first exercises of the session with all their sets."""
        rows = Prescription.objects.filter(session_plan=session.session_plan_id, block="main").order_by("position")
        assert len(rows) == 4
        return [Done(row.pk, sets_done=row.sets) for row in rows[:count]]

    def happen(self, on: dt.date) -> None:
        """Let happen what is not of every day: the change, the moved session, the pause, a look at the alert."""
        me, now = self.nora.membership, at(on, 12)
        assert me is not None
        if on == dt.date(2026, 3, 18):
            one_set = [Edit("home", 0, "wall_sit", dose={"sets": 1})]
            tailor_plan(
                assignment=self.assignment,
                changes=one_set,
                reason="Knee sore on Tuesday",
                from_on=dt.date(2026, 3, 19),
                by=self.cast.therapist,
                now=now,
            )
        elif on == dt.date(2026, 3, 20):
            session = self.session(on)
            assert session is not None
            move_session(session=session, to_on=dt.date(2026, 3, 21), by=me, now=now)
        elif on == dt.date(2026, 3, 21):
            first, last = dt.date(2026, 3, 23), dt.date(2026, 3, 29)
            pause_plan(assignment=self.assignment, from_on=first, to_on=last, reason="holiday", by=me, now=now)
        elif on == dt.date(2026, 4, 1):
            for alert in Alert.objects.select_related("patient__clinic", "patient__caseload").filter(patient=self.nora, status="open"):
                acknowledge_alert(alert=alert, by=self.cast.therapist, now=now, note="Called her")


def look(client: Client, course: Course, on: dt.date) -> None:
    """Hold every number of the caseload line and of Progress on this day against the table."""
    want = EXPECTED[on]
    entry = CaseloadEntry.objects.get(patient=course.nora)
    assert (entry.due_sessions, round(entry.done_share * entry.due_sessions, 4)) == (want["due"], want["done"])
    assert entry.week_ticks == want["ticks"]
    assert (entry.last_pain, entry.last_readiness) == want["last"]
    assert (entry.next_supervised_at, entry.next_assessment_on) == (want["next_supervised"], want["next_assessment"])
    known = [pain for day, pain in PAIN.items() if day <= on and (on - day).days <= 60]
    assert entry.pain_series == known[-14:]
    assert (entry.level, entry.reasons) == (0, [])  # on none of the three days is there anything worth a look
    sign_in(client, course.cast.therapist)
    listed = client.get("/patients/?q=Nora").content.decode()
    assert f"<b>{want['percent']}</b> <i>%</i>" in listed
    sign_in(client, course.nora.membership)
    for shown in ("pain", "running"):
        page = client.get(f"/me/progress/?show={shown}").content.decode()
        assert want["calendar"] in page
        now, start, change, is_better = want[shown]
        assert f'<span class="bigstat">{now}</span>' in page
        assert (f"was {start} at the start" in page) == bool(start)
        chip = re.search(r'<span class="chip( chip--ok)?"><svg.*?</svg>([^<]*)</span>', page)
        assert (chip[2] if chip else "", bool(chip and chip[1])) == (change, is_better)


@pytest.mark.django_db
def test_a_course_from_the_first_day_to_six_months_after(client: Client, cast: Cast) -> None:
    with time_machine.travel(at(dt.date(2026, 3, 1), 12), tick=False) as clock:
        course = Course(cast)
        on = dt.date(2026, 3, 2)
        last = max(EXPECTED)
        while on <= last:
            clock.move_to(at(on, 12))
            course.live(on)
            if on in EXPECTED:
                clock.move_to(at(on, 21))
                look(client, course, on)
            # After the end only the days of the assessments are lived.
            on = on + dt.timedelta(days=1) if on <= dt.date(2026, 5, 4) else min(day for day in [*ANSWERS, dt.date.max] if day > on)

        # the program ended a week later, and every session stands under the version of its day
        assert (course.assignment.status, course.assignment.ends_on) == ("completed", dt.date(2026, 5, 3))
        rows = Prescription.objects.filter(exercise__key="wall_sit", block="main").values_list("session_plan_id", "sets")
        sets = dict(rows)
        home = ScheduledSession.objects.filter(patient=course.nora, setting="home").exclude(status="cancelled")
        one_set = {one.on for one in home if sets[one.session_plan_id] == 1}
        # the change holds to the end of the phase: weeks 3 and 4, from 19 March
        assert one_set == {dt.date(2026, 3, 21), dt.date(2026, 3, 22), FLARE_UP, dt.date(2026, 4, 3), dt.date(2026, 4, 5)}

        # what was reached, in words: 4 to 8 is beyond chance answers, 6 to 2 is what most people notice
        page = client.get("/me/").content.decode()
        for words in ("34 of 40", "from 4 to 8", "from 6 to 2", "(3 points)", "(2 points or 30 percent)"):
            assert words in page
        assert Alert.objects.filter(patient=course.nora, rule="pain_level", status="acknowledged").exists()
