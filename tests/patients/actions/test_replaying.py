"""The replay of the rules in force gives exactly the alerts that were raised, however a course was lived; others are held against it."""

import datetime as dt
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from clinics.errors import DomainError, Invalid
from clinics.jobs import run_job
from clinics.localtime import local_day, to_utc
from clinics.models import Job, Membership
from patients.actions.alerts import acknowledge_alert, resolve_alert, snooze_alert
from patients.actions.caseload import close_past_days
from patients.actions.consents import give_consents, withdraw_consent
from patients.actions.diary import check_in, correct_entry
from patients.actions.looks import KEPT, read_looks, thin_looks
from patients.actions.messages import mark_read, send_message
from patients.actions.planning import move_session, pause_plan, skip_session
from patients.actions.replaying import replay_clinic, start_replay
from patients.actions.rules import rules_of, save_rules, values_of
from patients.actions.runs import delete_run, log_run
from patients.actions.sessions import log_session
from patients.actions.symptoms import clear_report, report_symptoms, withdraw_report
from patients.models import Alert, Assignment, CaseloadEntry, CaseloadLook, CheckIn, Patient, Run, ScheduledSession, SymptomReport
from patients.rules.facts import VALUES, applied, difference, for_rules
from patients.rules.thresholds import write_rules
from tests.cast import Cast, patient_with_account, start_program

DAY = dt.timedelta(days=1)
ZONE = "Asia/Singapore"


def result_of(cast: Cast, by: Membership, now: dt.datetime, **numbers: Any) -> dict[str, Any]:
    """Return what a replay of the rules in force with other numbers finds."""
    data = write_rules(values_of(rules_of(by.clinic, now=now).pk)) | numbers
    job = start_replay(clinic=by.clinic, data=data, by=by, now=now)
    told: list[tuple[int, int]] = []
    result = replay_clinic(Job.objects.select_related("clinic").get(pk=job.pk), lambda done, total: told.append((done, total)))
    assert told[0][0] == 0
    assert told[-1][0] == told[-1][1] == result["patients"]
    return result


class Life:
    """Somebody at Harbour whose days are made up, with everything that may happen to a record."""

    def __init__(self, cast: Cast, name: str, chance: random.Random, starts_at: dt.datetime) -> None:
        """Give a program that began then."""
        self.cast, self.chance = cast, chance
        self.by = cast.harbour_therapist
        patient = patient_with_account(cast.harbour, self.by, f"{name}@patients.example", name, "Tan", starts_at)
        start_program(patient, chance.choice(["leg", "stabiliser"]), self.by, cast.version("leg"), 0, starts_at)
        self.pk = patient.pk

    def patient(self) -> Patient:
        return Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=self.pk)

    def one(self, rows: Any) -> Any:
        """Return any of the rows; Invalid where there is none, as when a person presses on nothing."""
        found = list(rows.filter(patient=self.pk)[:30])
        if not found:
            raise Invalid("nothing there")
        return self.chance.choice(found)

    def session(self, **which: Any) -> ScheduledSession:
        return self.cast.loaded(self.one(ScheduledSession.objects.filter(**which)))

    def alert(self) -> Alert:
        return self.one(Alert.objects.unresolved().select_related("patient__clinic", "patient__caseload", "seen_by__user"))  # type: ignore[no-any-return]

    def steps(self) -> list[Callable[[dt.datetime, dt.date], Any]]:
        """Return what may happen, the usual things more often."""
        chance, by = self.chance, self.by
        pain = chance.choice([1, 2, 3, 4, 5, 6, 7, 8])

        def own() -> Membership | None:
            return self.patient().membership

        usual: list[Callable[[dt.datetime, dt.date], Any]] = [
            lambda now, today: check_in(patient=self.patient(), pain_0_10=pain, readiness_0_10=10 - pain, by=own(), now=now),
            lambda now, today: log_session(
                session=self.session(on=today, status="planned"), by=own(), now=now, as_prescribed=True, pain_during_0_10=pain
            ),
        ]
        rare: list[Callable[[dt.datetime, dt.date], Any]] = [
            lambda now, today: check_in(
                patient=self.patient(), pain_0_10=pain, readiness_0_10=4, by=own(), now=now, on=today - chance.randint(1, 9) * DAY
            ),
            lambda now, today: correct_entry(
                row=self.one(CheckIn.objects.select_related("patient__clinic")), changes={"pain_0_10": pain}, by=by, now=now, reason="told"
            ),
            lambda now, today: log_session(
                session=self.session(status="missed"), by=own(), now=now, as_prescribed=True, pain_during_0_10=pain, on=today
            ),
            lambda now, today: skip_session(session=self.session(on__lte=today, status="planned"), reason="ill", by=by, now=now),
            lambda now, today: move_session(
                session=self.session(status__in=["planned", "missed"]), to_on=today + chance.randint(0, 9) * DAY, by=by, now=now
            ),
            lambda now, today: pause_plan(
                assignment=Assignment.objects.running().select_related("patient__clinic", "clinic").get(patient=self.pk),
                from_on=today,
                to_on=today + chance.randint(1, 6) * DAY,
                reason="ill",
                by=by,
                now=now,
            ),
            lambda now, today: log_run(
                patient=self.patient(), pain_worst_0_10=pain, leg_pain_0_10=10 - pain, distance_km=Decimal(4), by=own(), now=now
            ),
            lambda now, today: delete_run(run=self.one(Run.objects.select_related("patient__clinic")), by=by, now=now),
            lambda now, today: report_symptoms(
                patient=self.patient(), signs=[chance.choice(["night_pain", "sharp_pain"])], context="check_in", by=own(), now=now
            ),
            lambda now, today: withdraw_report(
                report=self.one(SymptomReport.objects.filter(status="open").select_related("patient__clinic")), by=by, now=now
            ),
            lambda now, today: clear_report(
                report=self.one(SymptomReport.objects.exclude(status="clear").select_related("patient__clinic")), note="ok", by=by, now=now
            ),
            lambda now, today: send_message(patient=self.patient(), body="A question", by=own() or by, now=now),
            lambda now, today: mark_read(patient=self.patient(), by=by, now=now),
            lambda now, today: acknowledge_alert(alert=self.alert(), by=by, now=now, note="seen"),
            lambda now, today: snooze_alert(alert=self.alert(), until=today + 2 * DAY, reason="agreed", by=by, now=now),
            lambda now, today: resolve_alert(alert=self.alert(), by=by, now=now, note="done"),
            lambda now, today: withdraw_consent(patient=self.patient(), purpose="record", by=own() or by, now=now),
            lambda now, today: give_consents(patient=self.patient(), purposes=["record"], by=own() or by, now=now),
        ]
        return [*usual, *usual, *chance.sample(rare, 3)] if chance.random() < 0.8 else []


def live(cast: Cast, chance: random.Random, days: int) -> tuple[list[Life], dt.datetime]:
    """Let days pass for two people, with new rules half way, and a night now and then without a tick."""
    today = local_day(cast.now, ZONE) + DAY
    starts_at = to_utc(today, dt.time(8, 0), ZONE)
    lives = [Life(cast, name, chance, starts_at) for name in ("ann", "bo")]
    for number in range(days):
        day = today + number * DAY
        if chance.random() < 0.9:
            close_past_days(now=to_utc(day, dt.time(0, 10), ZONE))
        if number == days // 2:
            numbers = write_rules(values_of(rules_of(cast.harbour, now=cast.now).pk)) | {
                "silence_days": 3,
                "amber_max": 4,
                "missed_in_row": 2,
            }
            saw = rules_of(cast.harbour, now=cast.now).pk
            now = to_utc(day, dt.time(7, 0), ZONE)
            save_rules(clinic=cast.harbour, data=numbers, saw=saw, reason="Sooner", by=cast.harbour_manager, now=now)
            close_past_days(now=now + dt.timedelta(minutes=5))
        for life in lives:
            steps = life.steps()
            chance.shuffle(steps)
            for place, step in enumerate(steps[:4]):
                try:
                    with transaction.atomic():
                        step(to_utc(day, dt.time(9 + 3 * place, chance.randint(0, 59)), ZONE), day)
                except DomainError:
                    continue
    return lives, to_utc(today + days * DAY, dt.time(8, 0), ZONE)


@pytest.mark.parametrize("seed", [3, 11])
def test_the_replay_gives_exactly_the_alerts_that_were_raised(cast: Cast, seed: int) -> None:
    lives, now = live(cast, random.Random(seed), 40)
    keys = [life.pk for life in lives]
    rules = set(Alert.objects.filter(patient__in=keys).values_list("rule", flat=True))
    result = result_of(cast, cast.harbour_manager, now)
    counts = result["counts"]
    assert (counts["not_found"], counts["not_raised"]) == (0, 0)
    assert counts["raised"] == Alert.objects.filter(patient__clinic=cast.harbour).count() > 15
    assert len(rules) >= 5
    assert (counts.get("added"), counts.get("missed"), counts["earlier"], counts["later"]) == (None, None, 0, 0)
    assert result["now"] == result["proposed"]
    # The looks lead to the very facts the line holds.
    for life in lives:
        facts: dict[str, Any] = {}
        for _number, _at, look in read_looks(cast.harbour.pk, [life.pk])[life.pk]:
            facts = applied(facts, look.change)
        stored = CaseloadEntry.objects.get(patient=life.pk).facts
        assert difference(facts, stored) == {}
        assert all(for_rules(facts, name) == for_rules(stored, name) for name in VALUES)


def silent(cast: Cast) -> tuple[Patient, dt.datetime]:
    """Give somebody a program and twelve days without an entry; returns the day after."""
    starts_at = to_utc(local_day(cast.now, ZONE) + DAY, dt.time(8, 0), ZONE)
    patient = patient_with_account(cast.harbour, cast.harbour_therapist, "cy@patients.example", "Cy", "Goh", starts_at)
    start_program(patient, "leg", cast.harbour_therapist, cast.version("leg"), 0, starts_at)
    for number in range(1, 13):
        close_past_days(now=to_utc(local_day(starts_at, ZONE) + number * DAY, dt.time(0, 10), ZONE))
    return patient, starts_at + 12 * DAY


def of(rows: list[dict[str, Any]], patient: Patient) -> list[tuple[str, str]]:
    """Return rule and day of what is told of a patient."""
    return [(one["rule"], one["on"]) for row in rows if row["patient"] == str(patient.pk) for one in row["alerts"]]


def test_other_numbers_say_who_would_be_added_and_who_would_be_missing(cast: Cast) -> None:
    patient, now = silent(cast)
    first = local_day(now, ZONE) - 12 * DAY
    raised = Alert.objects.get(patient=patient, rule="silence")
    assert local_day(raised.raised_at, ZONE) == first + 7 * DAY
    longer = result_of(cast, cast.harbour_manager, now, silence_days=20, missed_in_row=20)
    assert ("silence", (first + 7 * DAY).isoformat()) in of(longer["missed"], patient)
    assert next(row["alone"] for row in longer["missed"] if row["patient"] == str(patient.pk)), "nobody would see this patient"
    assert of(longer["added"], patient) == []
    sooner = result_of(cast, cast.harbour_manager, now, silence_days=4)
    assert of(sooner["added"], patient) == of(sooner["missed"], patient) == []
    assert sooner["counts"]["earlier"] >= 1
    therapist = str(cast.harbour_therapist.pk)
    place = (first - dt.date.fromisoformat(sooner["from_on"])).days
    assert sooner["proposed"][therapist][place + 4] >= 1
    assert sum(longer["proposed"][therapist]) < sum(longer["now"][therapist])


def test_what_would_be_raised_at_once_is_told(cast: Cast) -> None:
    patient, now = silent(cast)
    assert of(result_of(cast, cast.harbour_manager, now)["at_once"], patient) == []
    check_in(
        patient=Patient.objects.select_related("clinic", "caseload").get(pk=patient.pk), pain_0_10=4, readiness_0_10=5, by=None, now=now
    )
    assert of(result_of(cast, cast.harbour_manager, now, green_max=2, amber_max=3)["at_once"], patient) == [
        ("pain_level", local_day(now, ZONE).isoformat())
    ]


def test_the_replay_asks_the_database_as_often_for_many_as_for_few(cast: Cast) -> None:
    def queries() -> int:
        job = start_replay(clinic=cast.riverside, data={}, by=cast.manager, now=cast.now)
        job = Job.objects.select_related("clinic").get(pk=job.pk)
        with CaptureQueriesContext(connection) as seen:
            replay_clinic(job, lambda done, total: None)
        return len(seen)

    few = queries()
    for number in range(20):
        patient_with_account(cast.riverside, cast.therapist, f"p{number}@patients.example", "Pat", str(number), cast.now)
    assert queries() == few <= 5


def test_wrong_numbers_are_refused_before_a_job_begins(cast: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        start_replay(clinic=cast.riverside, data={"silence_days": 1}, by=cast.manager, now=cast.now)
    assert list(refused.value.fields) == ["silence_days"]
    assert not Job.objects.exists()


def test_the_job_runs_to_its_end_and_keeps_no_name(cast: Cast) -> None:
    job = start_replay(clinic=cast.riverside, data={"silence_days": 2}, by=cast.manager, now=cast.now)
    assert run_job(job.pk, now=cast.now)
    job.refresh_from_db()
    assert (job.status, job.result["patients"]) == (Job.Status.DONE, 3)
    assert all(name not in str(job.result) for name in ("Hannah", "Brandt", "Marek", "Lena"))


# --- looks that are kept --------------------------------------------------------------------


def test_a_look_that_sees_the_same_on_the_same_day_is_not_kept(cast: Cast) -> None:
    patient, now = silent(cast)
    before = CaseloadLook.objects.filter(patient=patient).count()
    close_past_days(now=now)
    mark_read(patient=Patient.objects.select_related("clinic", "caseload").get(pk=patient.pk), by=cast.harbour_therapist, now=now)
    assert CaseloadLook.objects.filter(patient=patient).count() == before
    close_past_days(now=now + DAY)
    last = CaseloadLook.objects.filter(patient=patient).latest("number")
    assert (last.number, last.on) == (before + 1, local_day(now + DAY, ZONE))


def test_old_looks_become_one_and_the_replay_finds_the_same(cast: Cast) -> None:
    patient, now = silent(cast)
    for number in range(110):
        close_past_days(now=now + number * DAY)
    later = now + 109 * DAY + dt.timedelta(hours=1)
    before = result_of(cast, cast.harbour_manager, later, silence_days=4)
    assert thin_looks(now=later - KEPT) == 0
    gone = thin_looks(now=later + 30 * DAY)
    assert gone > 0
    rows = CaseloadLook.objects.filter(patient=patient).order_by("number")
    assert rows[0].number > 1
    assert rows[0].on < (later + 30 * DAY - KEPT).date() <= rows[1].on
    assert result_of(cast, cast.harbour_manager, later, silence_days=4)["counts"]["not_found"] == before["counts"]["not_found"] == 0
    assert thin_looks(now=later + 30 * DAY) == 0


def test_an_erased_person_leaves_no_looks(cast: Cast) -> None:
    assert CaseloadLook.goes_with_person
    assert CaseloadLook.objects.filter(patient=cast.hannah).exists()
    Patient.objects.filter(pk=cast.hannah.pk).update(erased_at=cast.now)
    CaseloadLook.objects.filter(patient=cast.hannah).delete()
    close_past_days(now=cast.now + 2 * DAY)
    assert not CaseloadLook.objects.filter(patient=cast.hannah).exists()
