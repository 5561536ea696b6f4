"""The rule workshop: numbers beside their limits, a replay before anything changes, saving once, and the history."""

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinics.errors import Conflict, Invalid, NotAllowed
from clinics.jobs import run_job
from clinics.localtime import local_day
from clinics.models import AuditEvent, Clinic, Job
from patients.actions.caseload import close_past_days
from patients.actions.diary import check_in
from patients.actions.replaying import start_replay
from patients.actions.rules import rules_in_force, rules_of, save_rules, values_of
from patients.models import Alert, CaseloadEntry, CaseloadLook, Patient, RuleSet, ScheduledSession
from patients.rules.thresholds import CAN_BE_OFF, DEFAULTS, NUMBERS, read_rules, write_rules
from tests.caller import Caller
from tests.cast import Cast, sign_in

RULES, TRY, HISTORY = "/clinic/rules/", "/clinic/rules/replay/", "/clinic/rules/history/"


def entered(**changes: Any) -> dict[str, Any]:
    """Return the form as a manager sends it; a rule given as False is off."""
    sent: dict[str, Any] = {name: f"{one.default:g}" for name, one in NUMBERS.items()}
    sent |= {f"on_{rule.value}": "on" for rule in CAN_BE_OFF}
    sent |= changes
    return {name: value for name, value in sent.items() if value is not False}


def replayed(cast: Cast, **numbers: Any) -> Job:
    """Return the finished replay of other numbers."""
    job = start_replay(clinic=cast.riverside, data=numbers, by=cast.manager, now=timezone.now())
    assert run_job(job.pk, now=timezone.now())
    job.refresh_from_db()
    return job


def change(cast: Cast, *, saw: uuid.UUID | None = None, reason: str = "Sooner", **numbers: Any) -> RuleSet:
    """Put other numbers in force."""
    standing = rules_of(cast.riverside, now=timezone.now())
    return save_rules(clinic=cast.riverside, data=numbers, saw=saw or standing.pk, reason=reason, by=cast.manager, now=timezone.now())


# --- rule sets ------------------------------------------------------------------------------


def test_every_clinic_has_exactly_one_rule_set_in_force(cast: Cast) -> None:
    assert set(RuleSet.objects.in_force().values_list("clinic", "number")) == {(cast.riverside.pk, 1), (cast.harbour.pk, 1)}
    change(cast, silence_days=5)
    assert set(RuleSet.objects.in_force().values_list("clinic", "number")) == {(cast.riverside.pk, 2), (cast.harbour.pk, 1)}
    new = Clinic.objects.create(name="New", slug="new", pain_green_max=3)
    first = rules_of(new, now=timezone.now())
    assert (first.number, values_of(first.pk).bands.green_max) == (1, 3)
    assert rules_of(new, now=timezone.now()) == first


def test_a_rule_set_is_never_changed_and_its_number_is_given_once(cast: Cast) -> None:
    row = rules_of(cast.riverside, now=timezone.now())
    with pytest.raises(ValueError, match="never changed"):
        row.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        RuleSet.objects.create(clinic=cast.riverside, number=1, thresholds={}, in_force_at=timezone.now())


def test_new_rules_hold_for_every_line_and_alert_at_once_and_pages_read_the_bands(cast: Cast) -> None:
    row = change(cast, amber_max=4, silence_days=5, off=["readiness_drop"])
    assert set(CaseloadEntry.objects.filter(clinic=cast.riverside).values_list("rule_set", flat=True)) == {row.pk}
    assert row.pk not in CaseloadEntry.objects.filter(clinic=cast.harbour).values_list("rule_set", flat=True)
    clinic = Clinic.objects.get(pk=cast.riverside.pk)
    assert (clinic.pain_green_max, clinic.pain_amber_max) == (2, 4)
    patient = Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=cast.hannah.pk)
    with CaptureQueriesContext(connection) as seen:
        check_in(patient=patient, pain_0_10=5, readiness_0_10=4, by=patient.membership, now=timezone.now())
    assert not [one for one in seen.captured_queries if "patients_ruleset" in one["sql"] and one["sql"].startswith("SELECT")]
    alert = Alert.objects.get(patient=cast.hannah, rule="pain_level")
    assert alert.rule_set == row
    noted = AuditEvent.objects.get(action="rules.change")
    assert (noted.details["number"], noted.details["fields"]) == (2, ["amber_max", "off", "silence_days"])


def test_lines_are_looked_at_anew_after_a_change_of_rules(cast: Cast) -> None:
    close_past_days(now=timezone.now())
    assert close_past_days(now=timezone.now()) == 0
    ScheduledSession.objects.filter(patient=cast.hannah, on__lt=local_day(timezone.now(), "Europe/Berlin")).update(status="missed")
    row = change(cast, missed_in_row=20)
    assert close_past_days(now=timezone.now()) == Patient.objects.active().filter(clinic=cast.riverside).count()
    row = change(cast, missed_in_row=2)
    assert close_past_days(now=timezone.now()) == Patient.objects.active().filter(clinic=cast.riverside).count()
    assert set(CaseloadLook.objects.filter(rule_set=row).values_list("patient__clinic", flat=True)) <= {cast.riverside.pk}
    assert Alert.objects.filter(patient=cast.hannah, rule="missed_sessions", rule_set=row).exists()
    assert close_past_days(now=timezone.now()) == 0


def test_the_rules_of_many_clinics_are_one_query(cast: Cast) -> None:
    with CaptureQueriesContext(connection) as seen:
        found = rules_in_force([cast.riverside.pk, cast.harbour.pk], now=timezone.now())
    assert len(seen) == 1
    assert set(found) == {cast.riverside.pk, cast.harbour.pk}


@pytest.mark.parametrize(
    ("numbers", "reason", "field"),
    [({"silence_days": 1}, "Sooner", "silence_days"), ({"silence_days": 5}, "  ", "reason"), ({"silence_days": 5}, "x" * 501, "reason")],
)
def test_wrong_numbers_or_no_reason_are_refused(cast: Cast, numbers: dict[str, Any], reason: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        change(cast, reason=reason, **numbers)
    assert list(refused.value.fields) == [field]
    with pytest.raises(Invalid, match="Nothing is different"):
        change(cast)
    assert RuleSet.objects.filter(clinic=cast.riverside).count() == 1


def test_two_at_once_cannot_both_save_and_strangers_cannot_at_all(cast: Cast) -> None:
    seen = rules_of(cast.riverside, now=timezone.now()).pk
    change(cast, silence_days=5)
    with pytest.raises(Conflict):
        change(cast, saw=seen, silence_days=6)
    for stranger in (cast.harbour_manager, cast.hannah.membership):
        assert stranger is not None
        with pytest.raises(NotAllowed):
            save_rules(clinic=cast.riverside, data={}, saw=seen, reason="x", by=stranger, now=timezone.now())


# --- pages ----------------------------------------------------------------------------------


def test_a_manager_sees_every_rule_with_its_numbers_and_a_therapist_may_look(client: Client, cast: Cast) -> None:
    page = sign_in(client, cast.manager).get(RULES)
    text = page.content.decode()
    assert page.status_code == 200
    assert "A program runs and nothing was entered for 7 days." in text
    assert len(re.findall(r'type="number"', text)) == len(NUMBERS)
    assert text.count("Default ") == len(NUMBERS)
    assert text.count("Source: ") == 13
    looked = sign_in(client, cast.therapist).get(RULES).content.decode()
    assert "A program runs and nothing was entered for 7 days." in looked
    assert 'type="number"' not in looked
    assert TRY not in re.sub(r'action="[^"]*"', "", looked)
    assert sign_in(client, cast.therapist).post(TRY, entered(silence_days="5")).status_code == 403
    assert sign_in(client, cast.hannah.membership).get(RULES).status_code == 403


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("silence_days", "1", "Enter a number from 2 to 60."),
        ("silence_days", "", "Please enter a whole number."),
        ("silence_days", "2.5", "Please enter a whole number."),
        ("unsettled_points", "NaN", "Please enter a number."),
        ("unsettled_points", "9", "Enter a number from 1.5 to 6."),
        ("unsettled_points", "1.7", "Enter a number in steps of 0.5."),
        ("amber_max", "2", "Amber must end above green."),
    ],
)
def test_a_wrong_number_is_refused_beside_its_field_and_nothing_typed_is_lost(
    client: Client, cast: Cast, field: str, value: str, words: str
) -> None:
    page = sign_in(client, cast.manager).post(TRY, entered(**{field: value, "message_days": "3", "on_pain_weeks": False}))
    assert page.status_code == 422
    form = page.context["form"]
    assert list(form.errors) == [field]
    assert form.errors[field] == [words]
    assert (form["message_days"].value(), form["on_pain_weeks"].value()) == ("3", False)
    assert not Job.objects.exists()


def test_numbers_as_they_are_start_no_replay(client: Client, cast: Cast) -> None:
    page = sign_in(client, cast.manager).post(TRY, entered())
    assert (page.status_code, Job.objects.count()) == (422, 0)
    assert "Nothing is different" in page.content.decode()


def test_numbers_are_replayed_shown_and_saved_once(client: Client, cast: Cast) -> None:
    sign_in(client, cast.manager)
    sent = client.post(TRY, entered(silence_days="2", on_readiness_drop=False))
    job = Job.objects.get()
    assert (sent.status_code, sent["Location"]) == (302, f"/jobs/{job.pk}/")
    assert job.params["numbers"]["off"] == ["readiness_drop"]
    place = f"/clinic/rules/replays/{job.pk}/"
    assert client.get(place)["Location"] == f"/jobs/{job.pk}/", "not done yet"
    assert run_job(job.pk, now=timezone.now())
    text = client.get(place).content.decode()
    assert "Silence – Days without an entry: 2 instead of 7." in text
    assert "Falling readiness: off." in text
    assert "Jonas Keller" in text
    assert "gives exactly the" in text
    back = client.get(f"{RULES}?from={job.pk}").context["form"]
    assert (back["silence_days"].value(), back["on_readiness_drop"].value()) == ("2", False)
    empty = client.post(f"{place}save/", {"reason": ""})
    assert (empty.status_code, list(empty.context["form"].errors)) == (422, ["reason"])
    for _press in range(2):
        assert client.post(f"{place}save/", {"reason": "We want to hear sooner."})["Location"] == HISTORY
    row = RuleSet.objects.filter(clinic=cast.riverside).latest("number")
    assert (row.number, row.made_by, row.reason) == (2, cast.manager, "We want to hear sooner.")
    history = client.get(HISTORY).content.decode()
    assert 'id="set-2"' in history
    assert "We want to hear sooner." in history
    assert "Silence – Days without an entry: 2 instead of 7." in history


def test_a_replay_of_older_rules_is_not_saved(client: Client, cast: Cast) -> None:
    job = replayed(cast, silence_days=5)
    change(cast, silence_days=6)
    page = sign_in(client, cast.manager).post(f"/clinic/rules/replays/{job.pk}/save/", {"reason": "Mine"})
    assert page.status_code == 409
    assert page.context["form"]["reason"].value() == "Mine"
    assert "Somebody has changed the rules in the meantime." in page.content.decode()
    assert RuleSet.objects.filter(clinic=cast.riverside).count() == 2


def test_patients_who_differ_are_told_with_their_reasons(client: Client, cast: Cast) -> None:
    patient = Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=cast.hannah.pk)
    check_in(patient=patient, pain_0_10=5, readiness_0_10=5, by=patient.membership, now=timezone.now())
    job = replayed(cast, amber_max=4)
    text = sign_in(client, cast.therapist).get(f"/clinic/rules/replays/{job.pk}/").content.decode()
    assert "Hannah Brandt" in text
    assert "Pain 5, " in text
    assert "not seen at all now" in text or "Would be added" in text
    assert "save/" not in text, "a therapist looks"


@pytest.mark.parametrize("path", ["/clinic/rules/replays/{}/", "/clinic/rules/replays/{}/save/"])
def test_a_replay_of_another_clinic_is_not_there(client: Client, cast: Cast, path: str) -> None:
    job = replayed(cast, silence_days=5)
    sign_in(client, cast.harbour_manager)
    answer = client.post(path.format(job.pk), {"reason": "x"}) if "save" in path else client.get(path.format(job.pk))
    assert answer.status_code == 404
    assert client.get(f"{RULES}?from={job.pk}").context["form"]["silence_days"].value() == "7"


def test_the_fields_can_begin_with_the_defaults_or_an_earlier_rule_set(client: Client, cast: Cast) -> None:
    first = rules_of(cast.riverside, now=timezone.now())
    change(cast, silence_days=5)
    sign_in(client, cast.manager)
    for begin, days in (("", "5"), ("?from=defaults", "7"), (f"?from={first.pk}", "7"), ("?from=nonsense", "5")):
        assert client.get(RULES + begin).context["form"]["silence_days"].value() == days
    assert "nothing was entered for 5 days" in client.get(RULES + "?from=defaults").content.decode(), "the sentence says what holds"


def test_an_alert_names_its_rule_set(client: Client, cast: Cast) -> None:
    row = change(cast, amber_max=4)
    patient = Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=cast.hannah.pk)
    check_in(patient=patient, pain_0_10=5, readiness_0_10=4, by=patient.membership, now=timezone.now())
    sign_in(client, cast.therapist)
    alert = Alert.objects.get(patient=cast.hannah, rule="pain_level")
    for place in (f"/patients/{cast.hannah.pk}/", f"/patients/alerts/{alert.pk}/"):
        assert f"{HISTORY}#set-{row.number}" in client.get(place).content.decode(), place


def test_the_pages_ask_the_database_as_often_for_many_rule_sets(client: Client, cast: Cast) -> None:
    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(path).status_code == 200
        return len(seen)

    sign_in(client, cast.manager)
    for path in (RULES, HISTORY):
        client.get(path)
    few = [queries(path) for path in (RULES, HISTORY)]
    for days in range(8, 28):
        change(cast, silence_days=days)
    assert [queries(path) for path in (RULES, HISTORY)] == few


def test_programs_read_the_rule_sets_of_their_clinic(cast: Cast) -> None:
    change(cast, silence_days=5, reason="Sooner")
    rows = Caller(cast.therapist).get("rule-sets/").json()["results"]
    assert [(row["number"], row["thresholds"]["silence_days"], row["reason"]) for row in rows] == [(2, 5, "Sooner"), (1, 7, "")]
    one = Caller(cast.therapist).get(f"rule-sets/{rows[0]['id']}/").json()
    assert read_rules(one["thresholds"]) == read_rules(write_rules(DEFAULTS) | {"silence_days": 5})
    assert Caller(cast.harbour_therapist).get(f"rule-sets/{rows[0]['id']}/").status_code == 404
    assert Caller(cast.hannah.membership).get("rule-sets/").status_code == 403
    assert dt.datetime.fromisoformat(rows[0]["in_force_at"]).tzinfo is not None
