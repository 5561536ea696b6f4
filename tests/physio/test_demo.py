"""The demo: everybody of the file is there, the stories show where a therapist looks, and nothing lies in the future."""

import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.test.utils import CaptureQueriesContext

from clinics.localtime import local_day
from clinics.models import AuditEvent, Clinic, Invitation, Job, Membership, User
from patients.actions.replaying import replay_clinic, start_replay
from patients.actions.rules import rules_of, values_of
from patients.figures import Selection, figures_of
from patients.models import Alert, Assignment, CaseloadEntry, CheckIn, ExerciseLog, Patient, Pause, ScheduledSession, SessionLog
from patients.outcomes import read_population
from patients.rules.scores import Instrument
from patients.rules.thresholds import write_rules
from physio.demo.cast import ADMIN, PASSWORD, read_cast
from physio.demo.former import PASTS
from physio.demo.history import History
from programs.actions import load_library
from programs.actions.building import complaints
from programs.models import Exercise, Program, ProgramVersion
from programs.rules.building import restored

NOW = dt.datetime(2026, 11, 18, 9, 30, tzinfo=dt.UTC)
"""A Wednesday, 10:30 at Riverside and 17:30 at Harbour."""
pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.django_db]


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: Any) -> Iterator[dt.datetime]:
    """The demo as it is at a fixed moment; the tests' own people, who share names with it, step aside."""
    with django_db_blocker.unblock(), transaction.atomic():
        if not Program.objects.exists():
            load_library(now=NOW)  # a transactional test emptied the database
        Clinic.objects.update(slug=Concat(Value("cast-"), F("slug")))
        User.objects.update(email=Concat(Value("cast-"), F("email")))
        History(read_cast(), NOW).tell()
        yield NOW
        transaction.set_rollback(True)


def entry(name: str) -> CaseloadEntry:
    """Return the caseload line of a patient."""
    first_name, last_name = name.split()
    found: CaseloadEntry = CaseloadEntry.objects.select_related("patient__clinic", "patient__membership__user").get(
        patient__first_name=first_name, patient__last_name=last_name, clinic__slug__in=("riverside", "harbour")
    )
    return found


def rules(name: str) -> set[str]:
    """Return the rules that speak of a patient."""
    return {reason["rule"] for reason in entry(name).reasons}


def test_both_clinics_have_their_people(demo: dt.datetime) -> None:
    sizes = {slug: Patient.objects.active().filter(clinic__slug=slug).count() for slug in ("riverside", "harbour")}
    assert sizes == {"riverside": 24, "harbour": 6}
    staff = Membership.objects.current().staff().filter(clinic__slug__in=sizes)
    assert staff.count() == 8
    codes = set(Assignment.objects.filter(clinic__slug="riverside").values_list("version__program__code", flat=True))
    assert codes == {"LL", "LE", "LS", "RW", "WP", "FU"}


def test_who_finished_a_program_is_in_the_archive_and_makes_the_outcomes_show_something(demo: dt.datetime) -> None:
    former = Patient.objects.filter(clinic__slug="riverside", status=Patient.Status.ARCHIVED)
    assert former.count() == sum(past.people for past in PASTS)
    assert not former.exclude(membership=None).exists()
    assert not Patient.objects.filter(clinic__slug="harbour", status=Patient.Status.ARCHIVED).exists()
    manager = Membership.objects.select_related("clinic", "user").get(user__email="manager@riverside.example")
    figures = figures_of(read_population(manager, today=demo.date()), Selection(2000, 2100))
    told = {one.line.arm: one for one in figures if one.started.may}
    assert set(told) >= {"LL", "LE", "LS", "RW"}
    for arm in ("LL", "LE"):
        assert all(point.change is not None for point in told[arm].points[Instrument.PSFS_RUN])
    assert told["LL"].ending is not None
    assert told["LL"].ending.reasons


def test_a_therapist_is_building_a_program_and_an_exercise_waits_for_approval(demo: dt.datetime) -> None:
    draft = ProgramVersion.objects.get(clinic__slug="riverside", status="draft")
    assert (draft.revision, draft.forked_from and draft.forked_from.program.key) == (1, "leg")
    assert draft.changed_at is not None
    assert draft.changed_at < demo
    assert complaints(draft, restored(draft.draft, draft.weeks)) == []
    exercise = Exercise.objects.get(clinic__slug="riverside")
    assert (exercise.is_current, exercise.approved_at) == (False, None)


def test_nothing_is_raised_about_people_in_the_archive(demo: dt.datetime) -> None:
    assert not Alert.objects.filter(patient__status=Patient.Status.ARCHIVED).exists()


@pytest.mark.parametrize("email", [ADMIN, "manager@riverside.example", "therapist2@harbour.example", "patient1@riverside.example"])
def test_printed_accounts_open_with_the_printed_password(demo: dt.datetime, email: str) -> None:
    assert User.objects.get(email=email).check_password(PASSWORD)


def test_somebody_works_in_both_clinics(demo: dt.datetime) -> None:
    assert Membership.objects.current().filter(user__email="locum@both.example").count() == 2


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("Ruth Okafor", "stop_sign"),
        ("Marek Novák", "unsettled"),
        ("Marek Novák", "pain_level"),
        ("Tomás Rivera", "pain_weeks"),
        ("Georg Lindner", "missed_sessions"),
        ("Elena Petrova", "silence"),
        ("Noah Fischer", "clearance"),
        ("Aisha Rahman", "assessment_overdue"),
        ("James Carter", "pain_level"),
    ],
)
def test_each_story_shows_in_the_caseload(demo: dt.datetime, name: str, rule: str) -> None:
    assert rule in rules(name)


@pytest.mark.parametrize("name", ["Hannah Brandt", "Oliver Brand", "Sofia Marchetti", "Chiara Romano", "Zofia Kowalska", "Wei Lim"])
def test_who_does_well_gives_no_reason_to_look(demo: dt.datetime, name: str) -> None:
    assert rules(name) == set()


def test_hannah_has_a_session_at_home_today_and_has_not_checked_in(demo: dt.datetime) -> None:
    line = entry("Hannah Brandt")
    today = local_day(demo, "Europe/Berlin")
    session = ScheduledSession.objects.get(patient=line.patient, on=today)
    assert (session.setting, session.status) == ("home", "planned")
    assert not CheckIn.objects.filter(patient=line.patient, on=today).exists()
    assert line.facts["program"]["code"] == "LL"
    assert [tick[0] for tick in line.week_ticks].index("now") == 5
    ready = list(CheckIn.objects.filter(patient=line.patient).order_by("on").values_list("readiness_0_10", flat=True))
    assert sum(ready[-5:]) > sum(ready[:5]) + 5


def test_the_stories_left_their_rows(demo: dt.datetime) -> None:
    assert Assignment.objects.get(patient=entry("Ruth Okafor").patient).status == Assignment.Status.HELD
    assert Pause.objects.get(patient=entry("Chiara Romano").patient).to_on > local_day(demo, "Europe/Berlin")
    stopped = SessionLog.objects.get(patient=entry("Zofia Kowalska").patient, stopped_for_pain=True)
    assert ExerciseLog.objects.filter(session_log=stopped).exists()
    assert Alert.objects.get(patient=stopped.patient, rule="stop_sign").status == Alert.Status.RESOLVED
    assert Alert.objects.filter(status=Alert.Status.ACKNOWLEDGED).exclude(note="").exists()
    assert {status for status, _name in Alert.Status.choices} == set(Alert.objects.values_list("status", flat=True))
    assert Invitation.objects.get(membership__patient=entry("Lena Vogt").patient).is_open(demo)
    assert not Membership.objects.filter(patient=entry("Wilhelm Krause").patient).exists()
    assert set(SessionLog.objects.filter(patient=entry("Wilhelm Krause").patient).values_list("source", flat=True)) == {"paper"}


def test_nothing_happened_later_than_now(demo: dt.datetime) -> None:
    of_demo = {"clinic__slug__in": ("riverside", "harbour")}
    assert not SessionLog.objects.filter(**of_demo, done_at__gt=demo).exists()
    assert not CheckIn.objects.filter(**of_demo, entered_at__gt=demo).exists()
    assert not Alert.objects.filter(**of_demo, raised_at__gt=demo).exists()
    clinics = Clinic.objects.filter(slug__in=("riverside", "harbour"))
    assert not AuditEvent.objects.filter(clinic_id__in=clinics.values("pk"), at__gt=demo).exists()


@pytest.mark.parametrize("slug", ["riverside", "harbour"])
def test_the_replay_gives_exactly_the_alerts_of_the_demo_and_other_numbers_others(demo: dt.datetime, slug: str) -> None:
    clinic = Clinic.objects.get(slug=slug)
    manager = Membership.objects.current().filter(clinic=clinic, role="manager").select_related("user")[0]
    numbers = write_rules(values_of(rules_of(clinic, now=demo).pk))

    def result(**changes: Any) -> dict[str, Any]:
        job = start_replay(clinic=clinic, data=numbers | changes, by=manager, now=demo)
        return replay_clinic(Job.objects.select_related("clinic").get(pk=job.pk), lambda done, total: None)

    same = result()
    raised = Alert.objects.filter(patient__clinic=clinic, patient__status="active", raised_at__gt=demo - dt.timedelta(days=89))
    assert (same["counts"]["not_found"], same["counts"]["not_raised"]) == (0, 0)
    assert same["counts"]["raised"] == raised.count() > 3
    assert same["now"] == same["proposed"]
    assert (same["added"], same["missed"]) == ([], [])
    changed = result(silence_days=4, missed_in_row=2, amber_max=4)
    before, after = (sum(sum(days) for days in changed[side].values()) for side in ("now", "proposed"))
    assert after > before == same["counts"]["raised"]
    assert changed["counts"]["added_patients"] >= 2


def test_loads_grow_over_the_weeks(demo: dt.datetime) -> None:
    of_hannah = ExerciseLog.objects.filter(patient=entry("Hannah Brandt").patient, prescription__exercise__key="leg_press")
    ordered = [row.load_kg for row in of_hannah.order_by("session_log__on") if row.load_kg is not None]
    assert ordered == sorted(ordered)
    assert ordered[-1] > ordered[0]


def test_a_second_run_changes_nothing_and_asks_once(demo: dt.datetime) -> None:
    out = io.StringIO()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        call_command("load_demo", stdout=out)
    assert len(asked) == 1
    assert "nothing was changed" in out.getvalue()
    assert "patient1@riverside.example" in out.getvalue()


def test_the_short_list_names_who_may_sign_in(demo: dt.datetime) -> None:
    out = io.StringIO()
    call_command("load_demo", accounts=True, stdout=out)
    assert PASSWORD in out.getvalue()
    assert "therapist@riverside.example" in out.getvalue()
    assert len(out.getvalue().splitlines()) < 20


def test_a_reachable_installation_is_not_filled_by_mistake(demo: dt.datetime, settings: Any) -> None:
    settings.SECURE = True
    with pytest.raises(CommandError, match="https"):
        call_command("load_demo", stdout=io.StringIO())
