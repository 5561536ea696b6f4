"""The pages of a clinic and of one's own account: who gets in, what is kept, what stays unseen."""

import re
import time
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clinics.actions.invitations import invite_member
from clinics.emergency import COUNTRIES, number_for, number_in
from clinics.middleware import CLINIC_KEY, SEEN_KEY, STARTED_KEY
from clinics.models import ApiToken, AuditEvent, Clinic, ClosedDay, Invitation, Membership, User
from clinics.tokens import digest_of
from tests.cast import PASSWORD, Cast, sign_in

pytestmark = pytest.mark.django_db

MANAGED = ["/clinic/", "/clinic/closed-days/", "/clinic/staff/", "/clinic/staff/invite/"]
CLINIC = {
    "name": "Riverside Physiotherapy",
    "phone": "+49 30 5550100",
    "address": "",
    "country": "DE",
    "emergency_number": "",
    "time_zone": "Europe/Berlin",
    "language": "en",
    "open_weekdays": ["1", "2", "3"],
    "escalate_minutes": "15",
    "keep_records_years": "10",
    "access_records_per_hour": "40",
    "access_from": "06:00",
    "access_to": "22:00",
}


def who(cast: Cast, name: str) -> Membership:
    someone = getattr(cast, name)
    member: Membership = getattr(someone, "membership", someone)
    return member


def confirm(client: Client) -> None:
    client.post("/accounts/confirm/", {"password": PASSWORD})


@pytest.mark.parametrize("path", MANAGED)
@pytest.mark.parametrize(("name", "status"), [("manager", 200), ("therapist", 403), ("hannah", 403), ("harbour_manager", 200)])
def test_managers_manage(client: Client, cast: Cast, path: str, name: str, status: int) -> None:
    response = sign_in(client, who(cast, name)).get(path)
    assert response.status_code == status
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*(src=|application/json))", response.content.decode())
    if name == "harbour_manager":
        assert b"riverside" not in response.content.lower()


@pytest.mark.parametrize("path", MANAGED)
def test_strangers_are_sent_to_the_log_in(client: Client, path: str) -> None:
    assert client.get(path)["Location"] == f"/accounts/login/?next={path}"
    assert client.post(path).status_code == 302


@pytest.mark.parametrize("name", ["harbour_manager", "therapist", "hannah"])
def test_nobody_else_touches_staff_of_riverside(client: Client, cast: Cast, name: str) -> None:
    _member, invitation, _key = invite_member(
        clinic=cast.riverside, email="n@p.example", role="therapist", name="N", by=cast.manager, now=timezone.now()
    )
    sign_in(client, who(cast, name))
    expected = 404 if name == "harbour_manager" else 403
    for path in (
        f"/clinic/staff/{cast.therapist2.pk}/role/",
        f"/clinic/staff/{cast.therapist2.pk}/end/",
        f"/clinic/invitations/{invitation.pk}/renew/",
        f"/clinic/invitations/{invitation.pk}/revoke/",
        f"/clinic/staff/{cast.hannah.membership_id}/end/",
    ):
        response = client.post(path, {"role": "manager"})
        assert response.status_code == expected, path
    missing = client.post("/clinic/staff/01900000-0000-7000-8000-000000000000/end/")
    assert missing.status_code == expected
    assert Membership.objects.get(pk=cast.therapist2.pk).role == "therapist"
    assert Invitation.objects.get(pk=invitation.pk).revoked_at is None


def test_a_manager_invites_promotes_and_ends(client: Client, cast: Cast) -> None:
    sign_in(client, cast.manager)
    data = {"name": "Nora Weiss", "email": "nora@p.example", "role": "therapist", "language": "de", "clinic": str(cast.harbour.pk)}
    assert client.post("/clinic/staff/invite/", data).status_code == 302
    invitation = Invitation.objects.get(email="nora@p.example")
    assert invitation.clinic_id == cast.riverside.pk
    assert client.post("/clinic/staff/invite/", data).status_code == 409
    assert client.post("/clinic/staff/invite/", {**data, "role": "patient", "email": "x@p.example"}).status_code == 422
    assert "nora@p.example" in client.get("/clinic/staff/").content.decode()
    client.post(f"/clinic/invitations/{invitation.pk}/renew/")
    assert Invitation.objects.filter(email="nora@p.example").count() == 2
    fresh = Invitation.objects.filter(email="nora@p.example", revoked_at=None).get()
    client.post(f"/clinic/invitations/{fresh.pk}/revoke/")
    assert not Invitation.objects.filter(email="nora@p.example", revoked_at=None).exists()
    client.post(f"/clinic/staff/{cast.therapist2.pk}/role/", {"role": "manager"})
    assert Membership.objects.get(pk=cast.therapist2.pk).role == "manager"
    assert client.get(f"/clinic/staff/{cast.therapist2.pk}/end/").status_code == 200
    assert Membership.objects.get(pk=cast.therapist2.pk).status == "active"
    client.post(f"/clinic/staff/{cast.therapist2.pk}/end/", {"target": str(cast.therapist.pk)})
    assert Membership.objects.get(pk=cast.therapist2.pk).status == "ended"
    assert "Amara Diallo" in client.get("/clinic/staff/").content.decode()
    actions = set(AuditEvent.objects.filter(clinic_id=cast.riverside.pk).values_list("action", flat=True))
    assert {"invitation.send", "invitation.revoke", "membership.role", "membership.end"} <= actions


def test_the_list_of_staff_costs_the_same_for_many(client: Client, cast: Cast, django_assert_max_num_queries: Any) -> None:
    sign_in(client, cast.manager)
    for number in range(30):
        user = User.objects.create(email=f"s{number}@riverside.example")
        Membership.objects.create(clinic=cast.riverside, user=user, role="therapist", status="active", name=f"S {number}")
    with django_assert_max_num_queries(8):
        assert client.get("/clinic/staff/").status_code == 200


def test_a_manager_changes_the_clinic(client: Client, cast: Cast) -> None:
    sign_in(client, cast.manager)
    sent = {**CLINIC, "name": "Riverside", "emergency_number": "+49 112", "slug": "stolen", "id": str(cast.harbour.pk)}
    sent |= {"pain_green_max": "1", "pain_amber_max": "9"}  # part of the rule sets, which alone write them
    assert client.post("/clinic/", sent).status_code == 302
    clinic = Clinic.objects.get(pk=cast.riverside.pk)
    assert (clinic.name, clinic.slug, clinic.emergency_number, clinic.open_weekdays) == ("Riverside", "riverside", "+49 112", [1, 2, 3])
    assert (clinic.pain_green_max, clinic.pain_amber_max) == (2, 5)
    noted = AuditEvent.objects.filter(action="clinic.change", clinic_id=clinic.pk).latest("at")
    assert noted.details["fields"] == ["emergency_number", "name", "open_weekdays"]
    assert Clinic.objects.get(pk=cast.harbour.pk).name == "Harbour Physio"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("escalate_minutes", "NaN"),
        ("escalate_minutes", "9" * 400),
        ("keep_records_years", "0"),
        ("keep_records_years", "31"),
        ("access_records_per_hour", "9"),
        ("access_records_per_hour", "501"),
        ("access_from", "22:00"),
        ("access_to", "25:00"),
        ("time_zone", "Mars/Base"),
        ("country", "ZZ"),
        ("open_weekdays", ["8"]),
        ("emergency_number", "call me"),
        ("name", ""),
        ("name", "x" * 1_000_000),
        ("language", "fr"),
    ],
)
def test_wrong_settings_are_refused_beside_their_field(client: Client, cast: Cast, field: str, value: Any) -> None:
    response = sign_in(client, cast.manager).post("/clinic/", {**CLINIC, field: value})
    assert response.status_code == 422
    assert Clinic.objects.get(pk=cast.riverside.pk).name == "Riverside Physiotherapy"
    assert response.context["form"].errors


def test_closed_days(client: Client, cast: Cast) -> None:
    sign_in(client, cast.manager)
    for status in (302, 409):
        assert client.post("/clinic/closed-days/", {"on": "2099-12-25", "name": "Holiday"}).status_code == status
    assert client.post("/clinic/closed-days/", {"on": "not a day"}).status_code == 422
    day = ClosedDay.objects.get()
    other = sign_in(Client(), cast.harbour_manager)
    assert other.post(f"/clinic/closed-days/{day.pk}/remove/").status_code == 404
    assert client.post(f"/clinic/closed-days/{day.pk}/remove/").status_code == 302
    assert not ClosedDay.objects.exists()


def test_own_settings_change_only_what_is_ones_own(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    sent = {"first_name": "Jo", "last_name": "Keller", "language": "de", "theme": "dark", "text_size": "xl"}
    client.post("/settings/", {**sent, "is_superuser": "on", "is_staff": "on", "email": "x@y.example", "id": str(cast.admin.pk)})
    user = User.objects.get(email="therapist@riverside.example")
    assert (user.first_name, user.language, user.theme, user.text_size) == ("Jo", "de", "dark", "xl")
    assert not user.keyboard_shortcuts
    assert not user.is_staff
    assert not user.is_superuser
    page = client.get("/settings/").content.decode()
    assert 'data-theme="dark"' in page
    assert 'data-text="xl"' in page
    assert 'lang="de"' in page
    assert client.post("/settings/", {**sent, "theme": "pink"}).status_code == 422


def test_a_person_sees_and_ends_own_sessions_only(client: Client, cast: Cast) -> None:
    login = {"login": "hannah@patients.example", "password": PASSWORD}
    client.post("/accounts/login/", login)
    phone, tablet, stranger = Client(headers={"user-agent": "Phone <b>"}), Client(), Client()
    for other in (phone, tablet):
        other.post("/accounts/login/", login)
    stranger.post("/accounts/login/", {"login": "marek@patients.example", "password": PASSWORD})
    page = client.get("/settings/sessions/")
    assert "Phone &lt;b&gt;" in page.content.decode()
    rows = page.context["sessions"]
    assert len(rows) == 3
    foreign = stranger.get("/settings/sessions/").context["sessions"][0]
    assert client.post("/settings/sessions/", {"session": foreign.pk}).status_code == 404
    phones = next(row for row in rows if row.session_key == phone.session.session_key)
    client.post("/settings/sessions/", {"session": phones.pk})
    assert phone.get("/settings/").status_code == 302
    assert tablet.get("/settings/").status_code == 200
    client.post("/settings/sessions/")
    assert tablet.get("/settings/").status_code == 302
    assert client.get("/settings/").status_code == 200
    assert stranger.get("/settings/").status_code == 200
    for rubbish in ("-1", "9" * 40, "x", "\u0661"):
        assert client.post("/settings/sessions/", {"session": rubbish}).status_code in {302, 404}


def test_a_token_is_shown_once_and_ended_by_its_owner(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    assert client.get("/settings/tokens/")["Location"].startswith("/accounts/confirm/")
    confirm(client)
    made = client.post("/settings/tokens/", {"name": "Export", "days": "30"})
    assert made.status_code == 201
    assert "no-store" in made["Cache-Control"]
    found = re.search(r"phy_[\w-]{40,}", made.content.decode())
    assert found
    token = ApiToken.objects.get()
    assert token.digest == digest_of(found[0])
    assert token.membership == cast.therapist
    assert found[0] not in client.get("/settings/tokens/").content.decode()
    other = sign_in(Client(), cast.therapist2)
    assert other.post(f"/settings/tokens/{token.pk}/end/").status_code == 404
    assert client.post("/settings/tokens/", {"name": "", "days": "9999"}).status_code == 422
    client.post(f"/settings/tokens/{token.pk}/end/")
    assert ApiToken.objects.get().revoked_at is not None
    assert AuditEvent.objects.filter(action__startswith="token.", clinic_id=cast.riverside.pk).count() == 2


def test_somebody_in_two_clinics_chooses_and_switches(client: Client, cast: Cast) -> None:
    client.force_login(User.objects.get(email="locum@both.example"))
    assert client.get("/clinic/staff/")["Location"] == "/clinics/"
    page = client.get("/clinics/").content.decode()
    assert "Riverside Physiotherapy" in page
    assert "Harbour Physio" in page
    client.post("/clinics/switch/", {"clinic": str(cast.harbour.pk)})
    assert client.session[CLINIC_KEY] == str(cast.harbour.pk)
    assert client.get("/settings/").context["member"] == cast.both_harbour
    assert AuditEvent.objects.filter(action="clinic.switch", clinic_id=cast.harbour.pk).exists()
    for other in ("", "x", str(Clinic.objects.create(name="Third", slug="third").pk)):
        assert client.post("/clinics/switch/", {"clinic": other}).status_code == 404
    assert client.get("/clinics/switch/").status_code == 405


def test_switching_to_a_clinic_one_does_not_belong_to_fails(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    assert client.post("/clinics/switch/", {"clinic": str(cast.harbour.pk)}).status_code == 404
    session = client.session
    session[CLINIC_KEY] = str(cast.harbour.pk)
    session.save()
    assert client.get("/settings/").context["member"] == cast.therapist


@pytest.mark.parametrize(("name", "idle"), [("therapist", 1800), ("hannah", 12 * 3600)])
def test_idle_sessions_end_on_the_server(client: Client, cast: Cast, time_machine: Any, name: str, idle: int) -> None:
    sign_in(client, who(cast, name))
    start = int(time.time())
    time_machine.move_to(start, tick=False)
    assert client.get("/settings/").status_code == 200
    time_machine.move_to(start + idle - 60, tick=False)
    assert client.get("/settings/").status_code == 200
    time_machine.move_to(start + 2 * idle - 120, tick=False)
    assert client.post("/session/keep/").status_code == 200
    time_machine.move_to(start + 3 * idle, tick=False)
    response = client.get("/settings/")
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")
    assert "Clear-Site-Data" not in response


@pytest.mark.parametrize(("name", "absolute", "step"), [("therapist", 12 * 3600, 1500), ("hannah", 14 * 86400, 11 * 3600)])
def test_no_session_lives_for_ever(client: Client, cast: Cast, time_machine: Any, name: str, absolute: int, step: int) -> None:
    sign_in(client, who(cast, name))
    start = int(time.time())
    for at in range(start, start + absolute + step, step):
        time_machine.move_to(at, tick=False)
        if client.get("/settings/").status_code == 302:
            break
    assert start + absolute - step <= at <= start + absolute + step
    assert client.get("/settings/").status_code == 302


def test_the_page_knows_when_to_warn_and_gets_a_fresh_token(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    page = client.get("/settings/").content.decode()
    assert 'name="idle-seconds" content="1740"' in page
    answer = client.post("/session/keep/").json()
    assert answer["signed_in"]
    assert answer["person"] == str(cast.therapist.user_id)
    assert len(answer["token"]) == 64
    assert {STARTED_KEY, SEEN_KEY} <= set(client.session.keys())
    assert Client().post("/session/keep/").status_code == 401
    assert Client().get("/session/keep/").json() == {"signed_in": False}


def test_looking_whether_the_session_lives_does_not_keep_it_alive(client: Client, cast: Cast, time_machine: Any) -> None:
    sign_in(client, cast.therapist)
    start = int(time.time())
    time_machine.move_to(start, tick=False)
    client.get("/settings/")
    for minutes, left in ((10, 1140), (20, 540), (29, 0)):
        time_machine.move_to(start + minutes * 60, tick=False)
        assert client.get("/session/keep/").json()["seconds_left"] == left
    time_machine.move_to(start + 1801, tick=False)
    assert client.get("/session/keep/").status_code == 401


def test_people_without_a_clinic_are_told_so(client: Client, cast: Cast) -> None:
    user = User.objects.create_user("alone@p.example", PASSWORD)
    client.force_login(user)
    assert client.get("/")["Location"] == "/clinics/"
    assert "belongs to no clinic" in client.get("/clinics/").content.decode()
    assert client.get("/settings/tokens/")["Location"] == "/clinics/"


def test_errors_are_plain_pages_with_a_number(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    for path, status in (("/nowhere/", 404), ("/clinic/staff/", 403), ("/%00", 400), ("/api/v1/nowhere/", 404)):
        response = client.get(path)
        assert response.status_code == status
        body = response.content.decode()
        assert "Traceback" not in body
        assert "Django" not in body
        assert "no-store" in response.get("Cache-Control", "no-store")
        if status in {403, 404} and not path.startswith("/api"):
            assert response["X-Request-ID"] in body
    assert client.get("/api/v1/nowhere/").json()["code"] == "not_found"


NUMBERS = {"DE": "112", "at": "112", "SG": "995", "GB": "999", "US": "911", "AU": "000", "NZ": "111", "ZZ": "112"}


@pytest.mark.parametrize(("country", "number"), NUMBERS.items())
def test_emergency_numbers(country: str, number: str) -> None:
    assert number_in(country) == number
    assert number_for(Clinic(country=country)) == number
    assert number_for(Clinic(country=country, emergency_number="144")) == "144"
    assert number_for(None) == "112"
    assert all(len(code) == 2 for code in COUNTRIES)
