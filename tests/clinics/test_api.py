"""People, clinics and keys by the API: who gets in, with what, and how the door is closed again."""

import datetime as dt
from typing import Any

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret, hotp_value, yield_hotp_counters_from_time
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinics.models import ApiToken, AuditEvent, Membership, User
from clinics.tokens import digest_of
from tests.caller import Caller
from tests.cast import PASSWORD, Cast, sign_in

STRANGER = Caller(None)


def ask(**body: Any) -> Any:
    return STRANGER.post("tokens/", body)


def test_address_and_password_give_a_key_that_is_shown_once_and_kept_as_a_digest(cast: Cast) -> None:
    answer = ask(email="Therapist@Riverside.example ", password=PASSWORD, name="Export", days=30)
    assert answer.status_code == 201
    key, token = answer.json()["key"], ApiToken.objects.get(pk=answer.json()["id"])
    assert (token.digest, token.membership, token.name) == (digest_of(key), cast.therapist, "Export")
    assert key not in str(ApiToken.objects.filter(pk=token.pk).values().get())
    assert token.expires_at - token.created_at == dt.timedelta(days=30)
    caller = Caller(None)
    caller.headers = {"Authorization": f"Bearer {key}"}
    assert caller.get("me/").json()["role"] == "therapist"
    assert "key" not in caller.get("tokens/").json()["results"][0]
    assert answer.headers["Cache-Control"] == "no-store, private"


def test_a_key_expires_after_90_days_unless_said_otherwise(cast: Cast) -> None:
    token = ApiToken.objects.get(pk=ask(email="therapist@riverside.example", password=PASSWORD).json()["id"])
    assert token.expires_at - token.created_at == dt.timedelta(days=90)
    for days in (0, 366, -1, "30", 10**30, 1.5):
        refused = ask(email="therapist@riverside.example", password=PASSWORD, days=days)
        assert (refused.status_code, list(refused.json()["fields"])) == (400, ["days"])


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(cast: Cast) -> None:
    wrong = ask(email="therapist@riverside.example", password="not this one")
    unknown = ask(email="nobody@riverside.example", password="not this one")
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())
    assert wrong.status_code == 403
    assert not ApiToken.objects.exists()


def test_ten_wrong_passwords_lock_the_account_also_for_the_right_one_and_nobody_else(cast: Cast) -> None:
    for n in range(10):
        assert ask(email=f"{'T' if n % 2 else 't'}herapist@riverside.example", password="wrong").status_code == 403
    locked = ask(email="therapist@riverside.example", password=PASSWORD)
    assert (locked.status_code, locked.json()["code"]) == (429, "too_many")
    assert ask(email="manager@riverside.example", password=PASSWORD).status_code == 201


def test_tries_from_one_address_are_limited(cast: Cast) -> None:
    answers = [ask(email=f"nobody{n}@x.example", password="wrong") for n in range(21)]
    assert [one.status_code for one in answers[:20]] == [403] * 20
    assert answers[20].status_code == 429
    assert "Retry-After" in answers[20].headers
    assert Caller(cast.therapist).get("me/").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "therapist@riverside.example"},
        {"password": PASSWORD},
        {"email": 5, "password": PASSWORD},
        {"email": "a" * 300, "password": PASSWORD},
        {"email": "therapist@riverside.example", "password": PASSWORD, "clinic": "x"},
        {"email": "therapist@riverside.example", "password": PASSWORD, "name": "x" * 81},
        {"email": "therapist@riverside.example", "password": PASSWORD, "role": "manager"},
        {"email": "therapist@riverside.example", "password": PASSWORD, "membership": "x"},
        {"email": "therapist@riverside.example", "password": "x" * 2000},
    ],
)
def test_what_is_missing_or_unknown_makes_no_key(cast: Cast, body: dict[str, Any]) -> None:
    assert ask(**body).status_code in {400, 401}
    assert not ApiToken.objects.exists()


def test_who_belongs_to_two_clinics_names_one(cast: Cast) -> None:
    assert ask(email="locum@both.example", password=PASSWORD).json()["fields"].keys() == {"clinic"}
    answer = ask(email="locum@both.example", password=PASSWORD, clinic=cast.harbour.pk)
    assert ApiToken.objects.get(pk=answer.json()["id"]).membership == cast.both_harbour
    caller = Caller(None)
    caller.headers = {"Authorization": f"Bearer {answer.json()['key']}"}
    assert [one["id"] for one in caller.get("clinics/").json()["results"]] == [str(cast.harbour.pk)]
    assert {one["id"] for one in caller.every("patients/")} == {str(cast.wei.pk)}
    assert ask(email="therapist@riverside.example", password=PASSWORD, clinic=cast.harbour.pk).status_code == 403


def set_up_totp(user: User) -> str:
    secret = generate_totp_secret()
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": get_adapter().encrypt(secret)})
    return str(secret)


def code_of(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return f"{hotp_value(secret, counter):06d}"


def test_the_second_factor_is_asked_for_and_a_code_works_once(cast: Cast) -> None:
    assert cast.therapist.user is not None
    secret = set_up_totp(cast.therapist.user)
    body = {"email": "therapist@riverside.example", "password": PASSWORD}
    assert ask(**body).status_code == 403
    assert ask(**body, code="000000").status_code == 403
    code = code_of(secret)
    assert ask(**body, code=code).status_code == 201
    assert ask(**body, code=code).status_code == 403


def test_a_clinic_that_asks_for_a_second_factor_gives_no_keys_without_one(cast: Cast) -> None:
    caller = Caller(cast.therapist)
    cast.riverside.require_second_factor = True
    cast.riverside.save()
    assert ask(email="therapist@riverside.example", password=PASSWORD).status_code == 403
    assert caller.get("me/").status_code == 401
    assert ask(email="hannah@patients.example", password=PASSWORD).status_code == 201


def browser_of(member: Membership, *, careful: bool = False) -> Client:
    """A browser in which the person has just confirmed the password, under the clinic of the membership."""
    client = sign_in(Client(), member)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.handler.enforce_csrf_checks = careful
    return client


def test_a_browser_that_just_confirmed_makes_a_key_with_its_token_against_forgery(cast: Cast) -> None:
    browser = browser_of(cast.therapist, careful=True)
    refused = browser.post("/api/v1/tokens/", {"name": "x"}, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    browser.cookies["csrf"] = "a" * 32
    made = browser.post("/api/v1/tokens/", {"name": "x"}, content_type="application/json", headers={"X-CSRFToken": "a" * 32})
    assert made.status_code == 201
    foreign = browser_of(cast.therapist).post("/api/v1/tokens/", {"clinic": str(cast.harbour.pk)}, content_type="application/json")
    assert foreign.status_code == 400


def test_a_browser_that_signed_in_long_ago_has_to_confirm_first(cast: Cast) -> None:
    browser = sign_in(Client(), cast.therapist)
    assert browser.post("/api/v1/tokens/", {"name": "x"}, content_type="application/json").status_code == 403
    assert not ApiToken.objects.exists()
    assert browser_of(cast.therapist).post("/api/v1/tokens/", {"name": "x"}, content_type="application/json").status_code == 201


def test_a_key_makes_no_keys(cast: Cast) -> None:
    caller = Caller(cast.therapist)
    assert caller.post("tokens/", {"name": "another"}).status_code == 403
    assert ApiToken.objects.count() == 1


def test_a_key_is_ended_by_its_owner_alone_and_at_once(cast: Cast) -> None:
    owner, colleague, foreign = Caller(cast.therapist), Caller(cast.manager), Caller(cast.harbour_manager)
    [own] = owner.every("tokens/")
    for other in (colleague, foreign):
        assert own["id"] not in {one["id"] for one in other.every("tokens/")}
        assert other.delete(f"tokens/{own['id']}/").status_code == 404
    assert owner.get("me/").status_code == 200
    assert owner.delete(f"tokens/{own['id']}/").status_code == 204
    refused = owner.get("me/")
    assert (refused.status_code, refused.json()["code"], refused.headers["WWW-Authenticate"]) == (401, "not_authenticated", "Bearer")
    assert AuditEvent.objects.filter(action="token.revoke", object_id=own["id"]).exists()


@pytest.mark.parametrize("how", ["expired", "ended membership", "closed account"])
def test_a_key_is_dead_as_soon_as_its_owner_may_not_come_in(cast: Cast, how: str) -> None:
    caller = Caller(cast.therapist)
    assert caller.get("patients/").status_code == 200
    if how == "expired":
        ApiToken.objects.update(expires_at=timezone.now())
    elif how == "ended membership":
        Membership.objects.filter(pk=cast.therapist.pk).update(status=Membership.Status.ENDED)
    else:
        User.objects.filter(memberships=cast.therapist).update(is_active=False)
    assert caller.get("patients/").status_code == 401


@pytest.mark.parametrize("header", ["Bearer", "Bearer x", "Bearer x y", "Bearer \xe9", "Basic dGhlOnJhcGlzdA==", "phy_x", "Token x", ""])
def test_no_other_header_opens_anything(cast: Cast, header: str) -> None:
    answer = Client().get("/api/v1/patients/", headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_a_key_in_the_address_opens_nothing(cast: Cast) -> None:
    key = Caller(cast.therapist).headers["Authorization"].split()[1]
    for query in (f"token={key}", f"access_token={key}", f"Authorization=Bearer {key}"):
        assert Client().get(f"/api/v1/patients/?{query}").status_code == 401


def test_me_says_who_where_and_what(cast: Cast) -> None:
    me = Caller(cast.hannah.membership).get("me/").json()
    assert (me["role"], me["clinic"]["id"], me["email"]) == ("patient", str(cast.riverside.pk), "hannah@patients.example")
    assert "checkin.create" in me["actions"]
    assert "alert.list" not in me["actions"]


def test_clinics_are_the_own_ones(cast: Cast) -> None:
    browser = sign_in(Client(), cast.both_riverside)
    assert {one["id"] for one in browser.get("/api/v1/clinics/").json()["results"]} == {str(cast.riverside.pk), str(cast.harbour.pk)}
    caller = Caller(cast.therapist)
    assert caller.get(f"clinics/{cast.riverside.pk}/").json()["time_zone"] == "Europe/Berlin"
    assert caller.get(f"clinics/{cast.harbour.pk}/").status_code == 404
    for query in ({"name": "x"}, {"page_size": "-1"}, {"cursor": "x"}):
        assert caller.get("clinics/", **query).status_code == 400


def test_the_staff_list_is_for_managers_and_holds_no_patients(cast: Cast) -> None:
    rows = Caller(cast.manager).every("members/")
    assert {one["name"] for one in rows} == {"Mia Sommer", "Jonas Keller", "Amara Diallo", "Eva Brandt"}
    assert Caller(cast.manager).every("members/", role="manager") == [one for one in rows if one["role"] == "manager"]
    for person in (cast.therapist, cast.hannah.membership):
        assert Caller(person).get("members/").status_code == 403
    assert Caller(cast.manager).get(f"members/{cast.harbour_therapist.pk}/").status_code == 404
    refused = AuditEvent.objects.filter(action="refused", outcome="refused", actor_id=cast.therapist.user_id).latest("id")
    assert refused.details == {"page": "staff.list"}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "POST"])
def test_methods_that_are_not_served_are_refused_in_the_one_shape(cast: Cast, method: str) -> None:
    answer = Caller(cast.therapist).send(method, "alerts/")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("path", ["nothing/", "patients/7/", "patients/7b1f8a3e/", "sessions/x/log/", "nothing/at/all/"])
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_addresses_that_do_not_exist_answer_in_the_one_shape(cast: Cast, path: str, method: str) -> None:
    answer = Caller(cast.therapist).send(method, path)
    assert (answer.status_code, answer.json()) == (404, {"code": "not_found", "detail": "Not found.", "fields": {}})


def test_refusals_speak_the_language_of_the_request_and_private_answers_are_not_kept(cast: Cast) -> None:
    caller = Caller(cast.therapist)
    for path in ("patients/", f"patients/{cast.hannah.pk}/", "me/", f"patients/{cast.wei.pk}/"):
        assert caller.get(path).headers["Cache-Control"] == "no-store, private"


def test_a_character_that_cannot_be_stored_is_refused_in_the_query_too(cast: Cast) -> None:
    caller = Caller(cast.therapist)
    answer = caller.client.get("/api/v1/patients/?q=%00", headers=caller.headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_calling_the_api_without_a_member_does_not_empty_the_browser(cast: Cast) -> None:
    browser = Client()
    browser.force_login(cast.admin)
    answer = browser.get("/api/v1/patients/")
    assert answer.status_code == 401
    assert "Clear-Site-Data" not in answer.headers
