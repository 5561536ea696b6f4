"""The administration: for administrators only, themed, read without secrets, and every look at a patient noted."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from clinics.actions.invitations import invite_member
from clinics.models import AuditEvent, Clinic, Membership, User
from tests.cast import Cast, sign_in

pytestmark = pytest.mark.django_db

INLINE = re.compile(r"<style|<script(?![^>]*(src=|application/json))|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)


@pytest.fixture
def as_admin(client: Client, cast: Cast) -> Client:
    client.force_login(cast.admin)
    return client


def addresses_of_lists() -> list[str]:
    return sorted(f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry)


def test_only_our_own_pages_are_registered() -> None:
    names = set(addresses_of_lists())
    assert {"clinics_user", "clinics_clinic", "clinics_auditevent", "patients_patient", "reminders_delivery", "programs_program"} <= names
    assert not names & {"auth_group", "account_emailaddress", "usersessions_usersession"}


@pytest.mark.parametrize("name", addresses_of_lists())
def test_every_list_and_record_opens_without_inline_code(as_admin: Client, cast: Cast, name: str) -> None:
    response = as_admin.get(reverse(f"admin:{name}_changelist"))
    assert response.status_code == 200
    assert not INLINE.search(response.content.decode()), INLINE.findall(response.content.decode())
    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"]
    row = response.context["cl"].result_list[:1]
    if row:
        page = as_admin.get(reverse(f"admin:{name}_change", args=[row[0].pk]))
        assert page.status_code == 200
        assert not INLINE.search(page.content.decode())
        assert "css/admin.css" in page.content.decode()


@pytest.mark.parametrize("who", ["manager", "therapist", "hannah", None])
def test_nobody_else_gets_in(client: Client, cast: Cast, who: str | None) -> None:
    if who:
        person = getattr(cast, who)
        sign_in(client, getattr(person, "membership", person))
    for path in ("/admin/", reverse("admin:clinics_user_changelist"), reverse("admin:patients_patient_changelist")):
        response = client.get(path, follow=False)
        assert response.status_code in {302, 403}
        assert b"Hannah" not in response.content
    if not who:
        login = client.get("/admin/login/")
        assert login.status_code == 302
        assert login["Location"].startswith(reverse("account_login"))


def test_a_staff_flag_alone_opens_nothing(client: Client, cast: Cast) -> None:
    User.objects.filter(email="manager@riverside.example").update(is_staff=True)
    sign_in(client, cast.manager)
    assert client.get("/admin/").status_code in {302, 403}


def test_opening_a_record_and_a_list_is_noted_with_the_patient(as_admin: Client, cast: Cast) -> None:
    as_admin.get(reverse("admin:patients_patient_changelist"))
    as_admin.get(reverse("admin:patients_patient_change", args=[cast.hannah.pk]))
    seen = AuditEvent.objects.get(action="admin.patients.patient.view")
    assert (seen.patient_id, seen.clinic_id, seen.actor_id, seen.role) == (
        cast.hannah.pk,
        cast.riverside.pk,
        cast.admin.pk,
        "administrator",
    )
    listed = AuditEvent.objects.get(action="admin.patients.patient.list")
    assert str(cast.hannah.pk) in listed.details["ids"]


def test_the_trail_and_records_cannot_be_changed_there(as_admin: Client, cast: Cast) -> None:
    as_admin.get(reverse("admin:patients_patient_changelist"))
    row = AuditEvent.objects.first()
    assert row is not None
    for action in ("change", "delete"):
        response = as_admin.post(reverse(f"admin:clinics_auditevent_{action}", args=[row.pk]), {"post": "yes", "action": "x"})
        assert response.status_code == 403
    assert as_admin.post(reverse("admin:patients_patient_change", args=[cast.hannah.pk]), {"first_name": "X"}).status_code == 403
    assert as_admin.get(reverse("admin:clinics_auditevent_add")).status_code == 403


@pytest.mark.parametrize("term", ["login", "not-an-id", "01900000-0000-7000-8000-000000000000", "%", "\\", "a" * 500])
def test_the_trail_can_be_searched_by_anything(as_admin: Client, cast: Cast, term: str) -> None:
    assert as_admin.get(reverse("admin:clinics_auditevent_changelist"), {"q": term}).status_code == 200


def test_closing_an_account_ends_its_session_at_the_next_click(as_admin: Client, cast: Cast) -> None:
    other = sign_in(Client(), cast.therapist)
    assert other.get(reverse("clinics:settings")).status_code == 200
    data = {"action": "close_accounts", "_selected_action": [str(cast.therapist.user_id), str(cast.admin.pk)]}
    as_admin.post(reverse("admin:clinics_user_changelist"), data)
    assert other.get(reverse("clinics:settings")).status_code == 302
    assert User.objects.get(pk=cast.admin.pk).is_active


def test_digests_of_keys_are_not_shown(as_admin: Client, cast: Cast) -> None:
    _member, invitation, _key = invite_member(
        clinic=cast.riverside, email="new@riverside.example", role="therapist", name="New", by=cast.manager, now=cast.now
    )
    page = as_admin.get(reverse("admin:clinics_invitation_change", args=[invitation.pk]))
    assert invitation.digest not in page.content.decode()


def test_a_new_person_gets_a_password_and_a_changed_address_opens_nothing_any_more(as_admin: Client, cast: Cast) -> None:
    secret = "seven-quiet-hills-42"
    data = {"email": "New@Riverside.Example ", "first_name": "N", "last_name": "N", "password1": secret, "password2": secret}
    data |= {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    assert as_admin.post(reverse("admin:clinics_user_add"), data).status_code == 302
    person = User.objects.get(email="new@riverside.example")
    assert person.check_password(secret)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    data = {"email": "other@riverside.example", "first_name": "N", "last_name": "N", "is_active": "on", "language": "", "theme": ""}
    data |= {"text_size": "", "memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    assert as_admin.post(reverse("admin:clinics_user_change", args=[person.pk]), data).status_code == 302
    assert not EmailAddress.objects.filter(email="new@riverside.example").exists()


def test_text_of_users_is_escaped(as_admin: Client, cast: Cast) -> None:
    User.objects.filter(email="therapist@riverside.example").update(first_name="<script>alert(1)</script>")
    for name in ("clinics_user", "clinics_membership"):
        assert b"<script>alert(1)" not in as_admin.get(reverse(f"admin:{name}_changelist")).content


# --- what only the clinic itself changes ------------------------------------------------------


def test_access_does_not_end_here_but_where_patients_are_handed_over(as_admin: Client, cast: Cast) -> None:
    path = reverse("admin:clinics_membership_change", args=[cast.therapist.pk])
    page = as_admin.get(path).content.decode()
    assert "Access ends in the clinic, on its page “Staff”" in page
    assert 'name="status"' not in page
    sent = {"name": "Jonas K.", "role": "therapist", "status": "ended", "ended_at_0": "2020-01-01", "ended_at_1": "00:00"}
    assert as_admin.post(path, sent).status_code == 302
    cast.therapist.refresh_from_db()
    assert (cast.therapist.name, cast.therapist.status, cast.therapist.ended_at) == ("Jonas K.", "active", None)
    assert as_admin.post(reverse("admin:clinics_membership_delete", args=[cast.therapist.pk]), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(("who", "role"), [("therapist", "patient"), ("manager", "therapist"), ("manager", "patient")])
def test_staff_stay_staff_and_a_clinic_keeps_a_manager(as_admin: Client, cast: Cast, who: str, role: str) -> None:
    row = getattr(cast, who)
    page = as_admin.post(reverse("admin:clinics_membership_change", args=[row.pk]), {"name": row.name, "role": role})
    assert page.status_code == 200
    assert "errorlist" in page.content.decode()
    row.refresh_from_db()
    assert row.role == who


def test_a_membership_is_still_begun_here(as_admin: Client, cast: Cast) -> None:
    sent = {"clinic": cast.harbour.pk, "user": cast.admin.pk, "role": "manager", "status": "active", "name": "Ada"}
    assert as_admin.post(reverse("admin:clinics_membership_add"), sent).status_code == 302
    assert Membership.objects.current().filter(user=cast.admin, clinic=cast.harbour, role="manager").exists()


def test_pain_bands_are_looked_at_here_and_changed_with_a_rule_set(as_admin: Client, cast: Cast) -> None:
    path = reverse("admin:clinics_clinic_change", args=[cast.riverside.pk])
    page = as_admin.get(path)
    assert "they change with the clinic's triage rules" in page.content.decode()
    form = page.context["adminform"].form
    assert not {"pain_green_max", "pain_amber_max", "logo"} & set(form.fields)
    sent = {name: value for name, value in form.initial.items() if value not in (None, False)}
    sent |= {"name": "Riverside Physio", "open_weekdays": "[1, 2, 3]", "pain_green_max": 0, "pain_amber_max": 9}
    answer = as_admin.post(path, sent)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    clinic = Clinic.objects.get(pk=cast.riverside.pk)
    assert (clinic.name, clinic.pain_green_max, clinic.pain_amber_max) == ("Riverside Physio", 2, 5)
    assert {"pain_green_max", "pain_amber_max"} <= set(as_admin.get(reverse("admin:clinics_clinic_add")).context["adminform"].form.fields)
