"""Invitations: one key, one address, one clinic, one use; and no word to anybody else."""

import datetime as dt
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from clinics.actions.invitations import (
    PER_CLINIC_AND_HOUR,
    accept_invitation,
    find_open,
    invite_member,
    invite_to,
    join_url,
    renew_invitation,
    revoke_invitation,
)
from clinics.actions.members import change_role, end_membership
from clinics.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound, TooMany
from clinics.models import ApiToken, AuditEvent, Clinic, Invitation, Membership, Role, User
from clinics.tokens import digest_of, new_key
from tests.cast import PASSWORD, Cast, person, sign_in

pytestmark = pytest.mark.django_db

NEW = "new@people.example"


def invite(
    cast: Cast, email: str = NEW, role: str = Role.THERAPIST, by: Membership | None = None, **more: Any
) -> tuple[Membership, Invitation, str]:
    values = {"clinic": cast.riverside, "email": email, "role": role, "name": "Nora Weiss", "by": by or cast.manager, "now": timezone.now()}
    return invite_member(**{**values, **more})


def answers(client: Client, key: str) -> tuple[int, str]:
    response = client.get(f"/join/{key}/", follow=True)
    return response.status_code, re.sub(
        r'(csrfmiddlewaretoken" value=|X-CSRFToken": |name="next" value=)"[^"]*"', "", response.content.decode()
    )


def test_the_mail_holds_a_link_of_ours_and_nothing_else_does(cast: Cast, settings: Any) -> None:
    membership, invitation, key = invite(cast, " New@People.Example ", language="de")
    sent = mail.outbox[0]
    assert sent.to == [NEW]
    assert join_url(key) in str(sent.body)
    assert key not in sent.subject
    assert join_url(key).startswith(settings.BASE_URL)
    assert invitation.digest == digest_of(key)
    assert len(key) >= 43
    assert not Invitation.objects.filter(digest=key).exists()
    assert (membership.status, membership.user, membership.name) == ("invited", None, "Nora Weiss")
    assert dt.timedelta(days=6, hours=23) < invitation.expires_at - timezone.now() <= dt.timedelta(days=7)
    assert "Content-Language: de" in str(sent.message())


@pytest.mark.parametrize("password", ["", "a-new-quiet-hill-77"])
def test_a_new_person_comes_in_and_the_link_is_used_up(client: Client, cast: Cast, password: str) -> None:
    membership, _invitation, key = invite(cast)
    page = client.get(f"/join/{key}/", follow=True)
    assert page.status_code == 200
    assert page.redirect_chain == [("/join/", 302)]
    assert "no-store" in page["Cache-Control"]
    assert "Riverside Physiotherapy" in page.content.decode()
    assert Membership.objects.get(pk=membership.pk).status == "invited"
    before = client.session.session_key
    done = client.post("/join/", {"first_name": "Nora", "last_name": "Weiss", "password": password})
    assert done.status_code == 302
    assert client.session.session_key != before
    user = User.objects.get(email=NEW)
    assert user.has_usable_password() is bool(password)
    assert Membership.objects.get(pk=membership.pk).user == user
    assert client.get("/settings/").status_code == 200
    assert answers(Client(), key)[0] == 404
    assert AuditEvent.objects.filter(action="invitation.accept", clinic_id=cast.riverside.pk, actor_id=user.pk).exists()


@pytest.mark.parametrize(("first", "password"), [("", ""), ("Nora", "password"), ("Nora", "Nora-Weiss-1"), ("x" * 81, "")])
def test_a_refused_form_keeps_the_link_open(client: Client, cast: Cast, first: str, password: str) -> None:
    _membership, _invitation, key = invite(cast)
    client.get(f"/join/{key}/")
    assert client.post("/join/", {"first_name": first, "last_name": "Weiss", "password": password}).status_code == 422
    assert not User.objects.filter(email=NEW).exists()
    assert find_open(key, timezone.now()) is not None


def test_used_expired_taken_back_replaced_and_invented_keys_look_the_same(cast: Cast, time_machine: Any) -> None:
    _m, _i, used = invite(cast, "used@people.example")
    accept_invitation(key=used, now=timezone.now(), first_name="U", last_name="V")
    _m, back, revoked = invite(cast, "back@people.example")
    revoke_invitation(invitation=back, by=cast.manager, now=timezone.now())
    _m, old, replaced = invite(cast, "old@people.example")
    _new, fresh = renew_invitation(invitation=old, by=cast.manager, now=timezone.now())
    _m, _i, expired = invite(cast, "late@people.example")
    Invitation.objects.filter(digest=digest_of(expired)).update(expires_at=timezone.now())
    found = {answers(Client(), key) for key in (used, revoked, replaced, expired, "invented", "x" * 500)}
    assert {status for status, _body in found} == {404}
    assert len({body for _status, body in found}) == 1
    assert answers(Client(), fresh)[0] == 200


def test_opening_the_link_ever_so_often_uses_nothing_up(cast: Cast) -> None:
    _m, _i, key = invite(cast)
    for _ in range(5):
        assert answers(Client(), key)[0] == 200
        Client().head(f"/join/{key}/")
    assert find_open(key, timezone.now()) is not None


def test_an_account_must_sign_in_first_and_nobody_takes_it_over(client: Client, cast: Cast) -> None:
    _m, _i, key = invite(cast, "therapist@harbour.example")
    client.get(f"/join/{key}/")
    page = client.get("/join/").content.decode()
    assert "already an account" in page
    assert 'name="password"' not in page
    taken = client.post("/join/", {"first_name": "E", "last_name": "V", "password": "a-new-quiet-hill-77"})
    assert taken.status_code == 200
    assert User.objects.get(email="therapist@harbour.example").check_password(PASSWORD)
    with pytest.raises(NotAllowed):
        accept_invitation(key=key, now=timezone.now(), first_name="E", last_name="V")
    client.post("/accounts/login/", {"login": "therapist@harbour.example", "password": PASSWORD, "next": "/join/"})
    assert "Accept the invitation" in client.get("/join/").content.decode()
    assert client.post("/join/").status_code == 302
    assert Membership.objects.current().filter(user__email="therapist@harbour.example").count() == 2


def test_an_invitation_is_bound_to_its_address(client: Client, cast: Cast) -> None:
    _m, _i, key = invite(cast, "therapist@harbour.example")
    sign_in(client, cast.harbour_manager)
    client.get(f"/join/{key}/")
    page = client.get("/join/").content.decode()
    assert "another address" in page
    assert "therapist@harbour.example" not in page
    client.post("/join/")
    assert not Membership.objects.filter(user=cast.harbour_manager.user, clinic=cast.riverside).exists()
    assert find_open(key, timezone.now()) is not None


@pytest.mark.parametrize("who", ["therapist", "harbour_manager", "hannah"])
def test_only_managers_invite_staff_and_only_to_their_clinic(cast: Cast, who: str) -> None:
    someone = getattr(cast, who)
    with pytest.raises(NotAllowed):
        invite(cast, by=getattr(someone, "membership", someone))
    assert mail.outbox == []


def test_therapists_invite_patients(cast: Cast) -> None:
    membership, _i, _key = invite(cast, role=Role.PATIENT, by=cast.therapist)
    assert membership.is_patient


@pytest.mark.parametrize(
    "email", ["", "no-address", "a@b", "x@y.example\r\nBcc: z@y.example", "a" * 300 + "@x.example", "x@y.example, z@y.example"]
)
def test_what_is_no_address_is_refused(cast: Cast, email: str) -> None:
    with pytest.raises(Invalid):
        invite(cast, email)
    assert mail.outbox == []


def test_nobody_is_invited_twice_or_who_is_here_already(cast: Cast) -> None:
    invite(cast)
    for address in (NEW, "Therapist@Riverside.example", "hannah@patients.example"):
        with pytest.raises(Conflict):
            invite(cast, address)
    assert len(mail.outbox) == 1


def test_an_account_elsewhere_is_not_given_away(cast: Cast) -> None:
    _m, one, _key = invite(cast, "therapist@harbour.example")
    _m, two, _key = invite(cast, "unknown@people.example")
    assert [one.clinic, one.language] == [two.clinic, two.language]
    bodies = {re.sub(r"/join/\S+/", "/join/", str(sent.body)) for sent in mail.outbox}
    assert len(bodies) == 1


def test_a_name_cannot_forge_a_header_or_markup(cast: Cast) -> None:
    Clinic.objects.filter(pk=cast.riverside.pk).update(name="Evil\r\nBcc: x@y.example <b>")
    membership, _i, _k = invite(cast, name="Nora\r\nWeiss  <script>", clinic=Clinic.objects.get(pk=cast.riverside.pk))
    sent: Any = mail.outbox[0]
    assert membership.name == "Nora Weiss <script>"
    assert "\n" not in sent.subject
    assert not sent.bcc
    assert "<b>" not in sent.alternatives[0][0]


def test_a_clinic_sends_only_so_many_in_an_hour(cast: Cast) -> None:
    for number in range(PER_CLINIC_AND_HOUR):
        invite(cast, f"p{number}@people.example")
    with pytest.raises(TooMany):
        invite(cast, "one-more@people.example")
    invite(cast, clinic=cast.harbour, by=cast.harbour_manager)
    later = timezone.now() + dt.timedelta(hours=1, minutes=1)
    invite(cast, "one-more@people.example", now=later)


def test_one_address_is_not_flooded(cast: Cast) -> None:
    _m, invitation, _k = invite(cast)
    for _ in range(4):
        invitation, _k = renew_invitation(invitation=invitation, by=cast.manager, now=timezone.now())
    with pytest.raises(TooMany):
        renew_invitation(invitation=invitation, by=cast.manager, now=timezone.now())


def test_a_mail_server_away_is_told_to_the_inviter(client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_args: Any, **_more: Any) -> int:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.message.EmailMessage.send", away)
    sign_in(client, cast.manager)
    data = {"name": "Nora", "email": NEW, "role": "therapist", "language": "en"}
    page = client.post("/clinic/staff/invite/", data, follow=True).content.decode()
    assert "could not be sent" in page
    assert Invitation.objects.filter(email=NEW).exists()


def test_somebody_who_comes_back_gets_a_new_membership(cast: Cast) -> None:
    now = timezone.now()
    end_membership(membership=cast.therapist2, by=cast.manager, now=now)
    membership, _i, key = invite(cast, "therapist2@riverside.example")
    user = User.objects.get(email="therapist2@riverside.example")
    assert accept_invitation(key=key, user=user, now=now).pk == membership.pk
    old = Membership.objects.get(pk=cast.therapist2.pk)
    assert (old.status, old.user, old.name) == ("ended", None, "Amara Diallo")


def test_ending_access_ends_tokens_and_sessions_at_once(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    assert client.get("/settings/").context["member"] == cast.therapist
    key = new_key()
    token = ApiToken.objects.create(
        clinic=cast.riverside,
        membership=cast.therapist,
        name="x",
        digest=digest_of(key),
        hint="x",
        expires_at=cast.now + dt.timedelta(days=9),
    )
    end_membership(membership=cast.therapist, by=cast.manager, now=timezone.now())
    assert client.get("/settings/").context["member"] is None
    assert ApiToken.objects.get(pk=token.pk).revoked_at is not None
    with pytest.raises(Conflict):
        end_membership(membership=cast.therapist, by=cast.manager, now=timezone.now())


@pytest.mark.parametrize("by", ["therapist", "harbour_manager"])
def test_only_the_own_manager_ends_and_promotes(cast: Cast, by: str) -> None:
    with pytest.raises(NotAllowed):
        end_membership(membership=cast.therapist2, by=getattr(cast, by), now=timezone.now())
    with pytest.raises(NotAllowed):
        change_role(membership=cast.therapist2, role=Role.MANAGER, by=getattr(cast, by), now=timezone.now())


def test_a_clinic_keeps_a_manager(cast: Cast) -> None:
    now = timezone.now()
    with pytest.raises(Invalid):
        end_membership(membership=cast.manager, by=cast.manager, now=now)
    with pytest.raises(Invalid):
        change_role(membership=cast.manager, role=Role.THERAPIST, by=cast.manager, now=now)
    change_role(membership=cast.therapist, role=Role.MANAGER, by=cast.manager, now=now)
    end_membership(membership=cast.manager, by=cast.therapist, now=now)
    with pytest.raises(DomainError):
        end_membership(membership=cast.therapist, by=cast.therapist, now=now)


def test_a_patient_cannot_be_made_staff(cast: Cast) -> None:
    assert cast.hannah.membership is not None
    with pytest.raises(Invalid):
        change_role(membership=cast.hannah.membership, role=Role.MANAGER, by=cast.manager, now=timezone.now())


def test_an_accepted_membership_is_not_invited_again(cast: Cast) -> None:
    with pytest.raises(Conflict):
        invite_to(membership=cast.therapist, email=NEW, by=cast.manager, now=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_accept_once() -> None:
    clinic = Clinic.objects.create(name="C", slug="c")
    manager = person(clinic, Role.MANAGER, "m@c.example", "M", "N")
    _m, _i, key = invite_member(clinic=clinic, email=NEW, role=Role.THERAPIST, name="N", by=manager, now=timezone.now())

    def accept(_number: int) -> str:
        try:
            accept_invitation(key=key, now=timezone.now(), first_name="N", last_name="W")
        except (NotFound, NotAllowed, Conflict) as error:
            return error.code
        except Exception as error:
            return type(error).__name__
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(max_workers=4) as pool:
        outcomes = list(pool.map(accept, range(4)))
    assert outcomes.count("done") == 1
    assert User.objects.filter(email=NEW).count() == 1
