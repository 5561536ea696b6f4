"""What a clinic sets: kinds, channels, hours, silence; refused addresses; figures; test mails; who may see them."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinics.localtime import local_day
from clinics.models import AuditEvent, Membership
from patients.models import CaseloadEntry, Patient
from reminders.actions.figures import figures_of
from reminders.actions.ledger import coming
from reminders.actions.outbox import NOTICES, Clock, drain
from reminders.actions.planning import plan_deliveries
from reminders.actions.wishes import keep_wishes, wishes_for
from reminders.channels.webpush import public_key
from reminders.links import stop_token
from reminders.models import Channel, Contact, Delivery, Kind, Preference, PushSubscription, ReminderPolicy, StaffNotice
from reminders.rules.bounces import is_gone
from reminders.rules.channels import Channel as Way
from reminders.rules.channels import channel_for
from reminders.rules.policy import Policy, quiet_with
from reminders.rules.timing import QuietHours
from tests.cast import Cast, sign_in
from tests.reminders.actions.test_outbox import DUE, TUESDAY, due_patients, post_office, send
from tests.reminders.post_office import PostOffice
from tests.reminders.push_service import Browser
from tests.reminders.scene import rows_of

__all__ = ["post_office"]
Status = Delivery.Status
FORM = {"kinds": list(Kind.values), "channels": ["push"], "earliest_at": "", "latest_at": "", "most_unanswered": "6", "shown_as": ""}


def time(text: str) -> dt.time:
    return dt.time.fromisoformat(text)


# --- rules as tables ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "night", "both"),
    [
        (None, None, None),
        (("21:00", "08:00"), None, ("21:00", "08:00")),
        (None, ("22:00", "06:00"), ("22:00", "06:00")),
        (("21:00", "05:00"), ("22:00", "06:00"), ("21:00", "06:00")),
        (("00:00", "07:00"), ("22:00", "06:00"), ("22:00", "07:00")),
        (("00:00", "07:00"), ("00:00", "06:00"), ("00:00", "07:00")),
        (("12:00", "14:00"), ("22:00", "06:00"), ("12:00", "14:00")),
        (("12:00", "12:00"), ("22:00", "06:00"), ("22:00", "06:00")),
    ],
)
def test_the_quiet_hours_of_patient_and_clinic_are_one(own: Any, night: Any, both: Any) -> None:
    def hours(pair: Any) -> QuietHours | None:
        return QuietHours(time(pair[0]), time(pair[1])) if pair else None

    assert quiet_with(hours(own), hours(night)) == hours(both)


@pytest.mark.parametrize(("wish", "sent"), [("05:30", "07:00"), ("07:00", "07:00"), ("12:00", "12:00"), ("23:00", "20:00")])
def test_a_wish_is_brought_into_the_hours_of_the_clinic(wish: str, sent: str) -> None:
    assert Policy(earliest=time("07:00"), latest=time("20:00")).within(time(wish)) == time(sent)


@pytest.mark.parametrize(
    ("wished", "is_on", "reaches", "attempts", "error", "taken"),
    [
        ("email", True, False, 1, "", "email"),
        ("push", True, True, 1, "", "push"),
        ("push", False, True, 1, "", "email"),
        ("push", True, False, 1, "", "email"),
        ("push", True, True, 3, "503", "push"),
        ("push", True, True, 4, "503", "email"),
        ("push", True, True, 2, "push 403", "email"),
        ("sms", True, True, 2, "push 403", "sms"),
    ],
)
def test_what_the_chosen_channel_cannot_do_comes_by_mail(
    wished: str, is_on: bool, reaches: bool, attempts: int, error: str, taken: str
) -> None:
    assert channel_for(Way(wished), is_on=is_on, reaches=reaches, attempts=attempts, error=error) == taken


@pytest.mark.parametrize(
    ("answer", "gone"),
    [
        ("550", True),
        ("550 5.1.1", True),
        ("551", True),
        ("553 5.1.3", True),
        ("550 5.2.1", True),
        ("552 5.2.2", False),
        ("550 5.7.1", False),
        ("554", False),
        ("554 5.7.1", False),
        ("451 4.1.1", False),
        ("TimeoutError", False),
        ("", False),
    ],
)
def test_only_what_is_said_about_the_address_closes_it(answer: str, gone: bool) -> None:
    assert is_gone(answer) is gone


# --- refused addresses --------------------------------------------------------------------


def staff_of(patient: Patient) -> Membership:
    """Let a therapist work in the patient's clinic."""
    from clinics.models import User

    return Membership.objects.create(
        clinic_id=patient.clinic_id,
        role="therapist",
        status="active",
        user=User.objects.create_user(f"{patient.pk}@here.example"),
        name="Jonas Keller",
    )


def again(patient: Patient, days: int) -> dt.datetime:
    """Let the same reminder be due some days later, and return when."""
    from patients.models import ScheduledSession

    now = DUE + dt.timedelta(days=days)
    session = ScheduledSession.objects.get(patient=patient, on=TUESDAY)
    session.pk, session.on, session._state.adding = None, TUESDAY + dt.timedelta(days=days), True
    session.id = type(session)._meta.pk.get_default()
    session.save()
    plan_deliveries(now=now - dt.timedelta(hours=2), patients=[patient.pk])
    return now


@pytest.mark.django_db
def test_an_address_that_is_gone_gets_nothing_more_until_it_changes_and_the_therapist_is_told(post_office: PostOffice) -> None:
    patient = due_patients()[0]
    therapist = staff_of(patient)
    post_office.answer = lambda _address: "550 5.1.1 unknown"
    assert send().failed == 1
    notice = StaffNotice.objects.get(patient=patient)
    assert (notice.kind, notice.member_id) == (StaffNotice.Kind.UNREACHABLE, therapist.pk)
    post_office.answer = lambda _address: ""
    assert drain(clock=Clock(DUE + dt.timedelta(minutes=1)), seconds=30, queue=NOTICES).sent == 1
    text = str(post_office.to(f"{patient.pk}@here.example"))
    assert "could not be delivered" in text
    assert patient.email not in text
    now = again(patient, 1)
    assert send(now).held == 1
    assert rows_of(patient)[1].hold_reason == "refused"
    assert patient.membership is not None
    assert patient.membership.user is not None
    patient.membership.user.email = "another@patients.example"
    patient.membership.user.save()
    assert send(again(patient, 2)).sent == 1


@pytest.mark.django_db
@pytest.mark.parametrize("answer", ["550 5.7.1 relaying denied", "554 no", "552 5.2.2 full"])
def test_a_refusal_for_another_reason_closes_no_address(post_office: PostOffice, answer: str) -> None:
    due_patients()
    post_office.answer = lambda _address: answer
    assert send().failed == 1
    assert not Contact.objects.exists()
    assert not StaffNotice.objects.exists()


@pytest.mark.django_db
def test_a_domain_that_puts_us_off_is_not_hammered(post_office: PostOffice) -> None:
    patients = due_patients(30)
    tried: list[str] = []

    def busy(address: str) -> str:
        tried.append(address)
        return "451 4.7.1 greylisted"

    post_office.answer = busy
    tally = send()
    assert (len(tried), tally.later) == (5, 30)
    assert all(rows_of(patient)[0].status == Status.QUEUED for patient in patients)


def test_patient_and_clinic_read_what_to_do_and_may_try_again(cast: Cast, client: Client) -> None:
    Contact.objects.create(
        clinic=cast.riverside, patient=cast.hannah, channel=Channel.EMAIL, refused_address="hannah@patients.example", refused_at=cast.now
    )
    sign_in(client, cast.hannah.membership)
    therapist = sign_in(Client(), cast.therapist)
    for who, url in ((client, reverse("reminders:mine")), (therapist, reverse("reminders:ledger", args=[cast.hannah.pk]))):
        text = who.get(url).content.decode()
        assert "hannah@patients.example was refused for good" in text
        assert "address refused" in text
    assert sign_in(Client(), cast.harbour_therapist).post(reverse("reminders:patient_again", args=[cast.hannah.pk])).status_code == 404
    assert Contact.objects.exclude(refused_address="").count() == 1
    assert therapist.post(reverse("reminders:patient_again", args=[cast.hannah.pk])).status_code == 302
    assert not Contact.objects.exclude(refused_address="").exists()


# --- silence ------------------------------------------------------------------------------


@pytest.mark.django_db
def test_after_so_many_without_an_answer_the_therapist_is_told_once_and_the_patient_left_alone() -> None:
    patient = due_patients()[0]
    staff_of(patient)
    ReminderPolicy.objects.create(clinic_id=patient.clinic_id, most_unanswered=2)
    Preference.objects.filter(patient=patient).update(changed_at=DUE - dt.timedelta(days=9))
    assert send().sent == 1
    assert send(again(patient, 1)).sent == 1
    for days in (2, 3):
        assert send(again(patient, days)).held == 1
    assert rows_of(patient)[2].hold_reason == "unanswered"
    assert StaffNotice.objects.filter(patient=patient, kind=StaffNotice.Kind.UNANSWERED).count() == 1
    CaseloadEntry.objects.update_or_create(
        patient=patient, defaults={"clinic_id": patient.clinic_id, "last_entry_at": DUE + dt.timedelta(days=3, hours=1)}
    )
    assert send(again(patient, 4)).sent == 1


@pytest.mark.django_db
def test_who_says_anew_what_they_want_has_answered() -> None:
    patient = due_patients()[0]
    ReminderPolicy.objects.create(clinic_id=patient.clinic_id, most_unanswered=2)
    Preference.objects.filter(patient=patient).update(changed_at=DUE - dt.timedelta(days=9))
    for days in (0, 1):
        assert send(again(patient, days) if days else DUE).sent == 1
    keep_wishes(patient=patient, wishes=wishes_for(patient), by=None, now=DUE + dt.timedelta(days=1, hours=3))
    assert send(again(patient, 2)).sent == 1


# --- the rules at work --------------------------------------------------------------------


@pytest.mark.django_db
def test_a_kind_the_clinic_switched_off_is_held_and_not_planned() -> None:
    patient = due_patients()[0]
    ReminderPolicy.objects.create(clinic_id=patient.clinic_id, kinds_off=[Kind.SESSION_TODAY])
    assert send().held == 1
    assert rows_of(patient)[0].hold_reason == "clinic_off"
    again(patient, 3)
    assert len(rows_of(patient)) == 1
    assert mail.outbox == []


@pytest.mark.django_db
def test_nothing_is_planned_outside_the_hours_of_the_clinic() -> None:
    patient = due_patients()[0]
    ReminderPolicy.objects.create(clinic_id=patient.clinic_id, earliest_at=time("09:30"), latest_at=time("20:00"))
    plan_deliveries(now=DUE - dt.timedelta(hours=2), patients=[patient.pk])
    row = rows_of(patient)[0]
    assert row.due_at == DUE + dt.timedelta(minutes=90)
    assert row.expires_at <= DUE + dt.timedelta(hours=12)


@pytest.mark.django_db
def test_the_sender_a_clinic_chose_stands_on_the_mail() -> None:
    patient = due_patients()[0]
    ReminderPolicy.objects.create(clinic_id=patient.clinic_id, shown_as="Training")
    assert send().sent == 1
    assert mail.outbox[0].from_email == "Training <no-reply@physio.example>"
    assert mail.outbox[0].subject == "A reminder from Training"


# --- pages --------------------------------------------------------------------------------


def test_a_manager_sets_the_rules_and_nobody_else(cast: Cast, client: Client) -> None:
    url = reverse("reminders:policy")
    sign_in(client, cast.manager)
    assert client.get(url).status_code == 200
    assert client.post(url, FORM | {"earliest_at": "09:00", "latest_at": "08:00"}).status_code == 422
    assert client.post(url, FORM | {"most_unanswered": "1"}).status_code == 422
    changes = {"kinds": [Kind.SESSION_TODAY, Kind.ASSESSMENT_DUE], "earliest_at": "07:00", "most_unanswered": "", "shown_as": "  Training "}
    assert client.post(url, FORM | changes).status_code == 302
    row = ReminderPolicy.objects.get(clinic=cast.riverside)
    assert set(row.kinds_off) == set(Kind) - {Kind.SESSION_TODAY, Kind.ASSESSMENT_DUE}
    assert (row.channels, row.earliest_at, row.most_unanswered, row.shown_as) == (["push"], time("07:00"), None, "Training")
    assert AuditEvent.objects.filter(action="clinic.reminders", object_type="clinics.clinic").count() == 1
    form = sign_in(Client(), cast.hannah.membership).get(reverse("reminders:preferences")).content.decode()
    assert "On days with a session" in form
    assert "A summary of the week" not in form
    for who in (cast.therapist, cast.hannah.membership):
        assert sign_in(Client(), who).post(url, FORM).status_code == 403


def test_the_page_behind_the_link_chooses_a_channel_without_signing_in(cast: Cast) -> None:
    Contact.objects.create(clinic=cast.riverside, patient=cast.hannah, channel=Channel.SMS, number="+4915123456789", confirmed_at=cast.now)
    ReminderPolicy.objects.create(clinic=cast.riverside, channels=["push", "sms"])
    url, client = reverse("reminders:stop", args=[stop_token(cast.hannah.pk)]), Client()
    page = client.get(f"{url}?choose=1").content.decode()
    assert "as a text message" in page
    assert "as a notification" not in page, "no device was switched on"
    assert "15123456789" not in page
    sent = {"session_today_on": "on", "session_today_at": "08:00", "session_today_by": "sms", "assessment_due_at": "09:00"}
    assert client.post(url, sent).status_code == 302
    assert Preference.objects.get(patient=cast.hannah, kind=Kind.SESSION_TODAY).channel == Channel.SMS
    assert client.post(url, sent | {"session_today_by": "push"}).status_code == 422


def test_a_test_mail_comes_to_oneself_and_once_more_when_asked_again(cast: Cast, client: Client) -> None:
    sign_in(client, cast.therapist)
    for _time in range(2):
        assert client.post(reverse("reminders:test"), {"kind": Kind.ASSESSMENT_DUE}).status_code == 302
        assert drain(clock=Clock(dt.datetime.now(dt.UTC)), seconds=30, queue=NOTICES).sent == 1
    assert [one.to for one in mail.outbox] == [["therapist@riverside.example"]] * 2
    assert "This is a test." in str(mail.outbox[0].body)
    assert "a few questions" in str(mail.outbox[0].body)
    assert StaffNotice.objects.get().sample == Kind.ASSESSMENT_DUE
    client.post(reverse("reminders:test"), {"kind": "other"})
    assert StaffNotice.objects.count() == 1
    assert sign_in(Client(), cast.hannah.membership).post(reverse("reminders:test"), {"kind": "session_today"}).status_code == 403


def row(cast: Cast, days: int, **fields: Any) -> Delivery:
    """Return a delivery of some days ago."""
    due = cast.now - dt.timedelta(days=days, hours=1)
    usual = {"kind": Kind.SESSION_TODAY, "status": Status.SENT, "sent_at": due, "attempts": 1}
    slot = local_day(cast.now, "Europe/Berlin") - dt.timedelta(days=days)
    return Delivery(
        clinic=cast.riverside, patient=cast.hannah, slot_on=slot, due_at=due, expires_at=due + dt.timedelta(hours=9), **(usual | fields)
    )


def test_the_figures_count_what_became_of_reminders_in_constant_queries(cast: Cast, client: Client) -> None:
    sign_in(client, cast.manager)
    Delivery.objects.filter(clinic=cast.riverside).delete()
    due = cast.now - dt.timedelta(days=1, hours=1)
    Delivery.objects.bulk_create(
        [
            row(cast, 0),
            row(cast, 1, sent_at=due + dt.timedelta(minutes=9)),
            row(cast, 2, attempts=2),
            row(cast, 3, status=Status.HELD, hold_reason="already_done", sent_at=None),
            row(cast, 4, status=Status.FAILED, hold_reason="refused", sent_at=None),
            row(cast, 5, status=Status.MISSED, sent_at=None),
            row(cast, 0, kind=Kind.ASSESSMENT_DUE, channel=Channel.PUSH),
            row(cast, 20),
        ]
    )
    found = figures_of(cast.manager, days=7, now=cast.now)
    assert [(line.kind, line.channel, line.sent, line.late, line.held, line.missed, line.failed) for line in found.lines] == [
        ("session_today", "email", 3, 2, 1, 1, 1),
        ("assessment_due", "push", 1, 0, 0, 0, 0),
    ]
    assert found.reasons == [("already done", 1)]
    assert figures_of(cast.manager, days=30, now=cast.now).totals["sent"] == 5
    assert figures_of(cast.harbour_manager, days=30, now=cast.now).lines == []
    client.get(reverse("reminders:figures"))
    counts = []
    for _size in (8, 0):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("reminders:figures") + "?days=30").status_code == 200
        counts.append(len(queries))
        Delivery.objects.filter(clinic=cast.riverside).delete()
    assert counts[0] == counts[1]
    assert sign_in(Client(), cast.therapist).get(reverse("reminders:figures")).status_code == 403


def closed_by(patient: Patient) -> None:
    """Refuse the patient's address."""
    Contact.objects.create(
        clinic_id=patient.clinic_id, patient=patient, channel=Channel.EMAIL, refused_address="hannah@patients.example", refused_at=DUE
    )


def switched_off(patient: Patient) -> None:
    """Let the clinic send no session reminders."""
    ReminderPolicy.objects.create(clinic_id=patient.clinic_id, kinds_off=[Kind.SESSION_TODAY])


@pytest.mark.parametrize(("change", "reason"), [(closed_by, "refused"), (switched_off, "clinic_off")])
def test_the_coming_days_say_what_will_not_come(cast: Cast, change: Callable[[Patient], None], reason: str) -> None:
    change(cast.hannah)
    days = coming(cast.hannah, cast.therapist, now=cast.now)
    items = [item for day in days for item in day.items if item.kind == Kind.SESSION_TODAY]
    assert items
    assert {item.hold_reason for item in items} == {reason}


# --- devices on the page ------------------------------------------------------------------


def test_a_device_is_switched_on_and_off_from_the_page(cast: Cast, client: Client) -> None:
    browser, url = Browser(), reverse("reminders:device")
    sent = {"endpoint": "https://fcm.googleapis.com/fcm/send/abc", "p256dh": browser.p256dh, "auth": browser.auth}
    sign_in(client, cast.hannah.membership)
    assert f'data-push="{public_key()}"' in client.get(reverse("reminders:mine")).content.decode()
    wrong = client.post(url, sent | {"endpoint": "https://example.org/x"}, follow=True).content.decode()
    assert "cannot be used" in wrong
    assert not PushSubscription.objects.exists()
    client.post(url, sent)
    device = PushSubscription.objects.get(patient=cast.hannah)
    assert Preference.objects.get(patient=cast.hannah, kind=Kind.SESSION_TODAY).channel == Channel.PUSH
    page = client.get(reverse("reminders:mine")).content.decode()
    assert "Notifications on 1 device" in page
    for secret in (sent["endpoint"], browser.p256dh, browser.auth):
        assert secret not in page
        assert secret not in sign_in(Client(), cast.therapist).get(reverse("reminders:ledger", args=[cast.hannah.pk])).content.decode()
    marek = sign_in(Client(), cast.marek.membership)
    marek.post(url, {"off": str(device.pk)})
    assert PushSubscription.objects.filter(pk=device.pk).exists()
    client.post(url, {"off": str(device.pk)})
    assert not PushSubscription.objects.exists()
    assert Preference.objects.get(patient=cast.hannah, kind=Kind.SESSION_TODAY).channel == Channel.EMAIL


def test_a_clinic_without_notifications_takes_no_device(cast: Cast, client: Client) -> None:
    ReminderPolicy.objects.create(clinic=cast.riverside, channels=[])
    browser = Browser()
    sign_in(client, cast.hannah.membership)
    assert "data-push" not in client.get(reverse("reminders:mine")).content.decode()
    client.post(
        reverse("reminders:device"),
        {"endpoint": "https://fcm.googleapis.com/fcm/send/abc", "p256dh": browser.p256dh, "auth": browser.auth},
    )
    assert not PushSubscription.objects.exists()
