"""The second factor: asked for, counted, each code good for one time, and demanded where the clinic demands it."""

import re
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.test import Client

from clinics import account_urls
from clinics.models import ApiToken, AuditEvent, Clinic, Membership, RecoveryCode, User
from clinics.second_factor import SecondFactorAdapter, make_recovery_codes
from clinics.tokens import digest_of, new_key
from tests.cast import PASSWORD, Cast

pytestmark = pytest.mark.django_db

STEP = "/accounts/login/second-step/"
THERAPIST = "therapist@riverside.example"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_urls, "STEADY_SECONDS", 0.0)


def give_app(email: str) -> str:
    secret = generate_totp_secret()
    TOTP.activate(User.objects.get(email=email), secret)
    return str(secret)


def code_of(secret: str, shift: int = 0) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + shift)))


def enter(client: Client, email: str = THERAPIST) -> Any:
    return client.post("/accounts/login/", {"login": email, "password": PASSWORD})


def is_in(client: Client) -> bool:
    return client.get("/settings/").status_code == 200


def test_the_password_alone_is_not_enough_and_the_code_is(client: Client, cast: Cast) -> None:
    secret = give_app(THERAPIST)
    assert enter(client)["Location"] == STEP
    assert not is_in(client)
    assert client.get(STEP).status_code == 200
    client.post(STEP, {"code": "000000"})
    assert not is_in(client)
    client.post(STEP, {"code": code_of(secret)})
    assert is_in(client)


def test_a_code_works_once_also_half_a_minute_later(cast: Cast, time_machine: Any) -> None:
    secret = give_app(THERAPIST)
    start = int(time.time()) // 30 * 30 + 1
    time_machine.move_to(start, tick=False)
    code = code_of(secret)
    first = Client()
    enter(first)
    first.post(STEP, {"code": code})
    assert is_in(first)
    for seconds in (0, 31, 55):
        time_machine.move_to(start + seconds, tick=False)
        other = Client()
        enter(other)
        other.post(STEP, {"code": code})
        assert not is_in(other), seconds


def test_wrong_codes_are_counted_by_person(cast: Cast) -> None:
    secret = give_app(THERAPIST)
    for _ in range(10):
        other = Client()
        enter(other)
        other.post(STEP, {"code": "123"})
    client = Client()
    enter(client)
    page = client.post(STEP, {"code": code_of(secret)})
    assert "Too many attempts" in page.content.decode()
    assert not is_in(client)
    assert AuditEvent.objects.filter(action="login.second_step_failed", clinic_id=cast.riverside.pk).count() >= 9


def test_recovery_codes_are_kept_as_digests_and_work_once(cast: Cast) -> None:
    give_app(THERAPIST)
    codes = make_recovery_codes(User.objects.get(email=THERAPIST))
    assert len(set(codes)) == 10
    assert all(len(code.replace("-", "")) == 16 for code in codes)
    assert not RecoveryCode.objects.filter(digest__in=codes).exists()
    for number, typed in enumerate((codes[0], codes[0].upper(), codes[1].replace("-", " "))):
        client = Client()
        enter(client)
        client.post(STEP, {"code": typed})
        assert is_in(client) is (number != 1)
    assert AuditEvent.objects.filter(action="recovery_code.use").count() == 2


def test_a_mailed_code_and_a_reset_do_not_skip_the_second_step(client: Client, cast: Cast, mailoutbox: list[Any]) -> None:
    give_app(THERAPIST)
    client.post("/accounts/login/code/", {"email": THERAPIST})
    found = re.search(r"\d{4}-\d{4}", mailoutbox[0].body)
    assert found
    assert client.post("/accounts/login/code/confirm/", {"code": found[0]})["Location"] == STEP
    assert not is_in(client)
    other = Client()
    other.post("/accounts/password/reset/", {"email": THERAPIST})
    link = re.search(r"http://[^/]+(\S+)", mailoutbox[1].body)
    assert link
    target = other.get(link[1], follow=True).redirect_chain[-1][0]
    other.post(target, {"password1": "new-quiet-hills-42"})
    assert other.post("/accounts/login/", {"login": THERAPIST, "password": "new-quiet-hills-42"})["Location"] == STEP
    assert not is_in(other)


def confirm(client: Client) -> None:
    client.post("/accounts/confirm/", {"password": PASSWORD})


def test_setting_up_needs_the_password_again_and_uses_the_code_up(client: Client, cast: Cast, mailoutbox: list[Any]) -> None:
    enter(client)
    assert client.get("/accounts/second-factor/app/add/")["Location"].startswith("/accounts/confirm/")
    confirm(client)
    page = client.get("/accounts/second-factor/app/add/").content.decode()
    found = re.search(r"<code[^>]*>([A-Z2-7]{32})</code>", page)
    assert found
    code = code_of(found[1])
    assert client.post("/accounts/second-factor/app/add/", {"code": code}).status_code == 302
    kept = Authenticator.objects.get(type="totp")
    assert found[1] not in str(kept.data)
    assert SecondFactorAdapter().decrypt(kept.data["secret"]) == found[1]
    assert "authenticator app was added" in mailoutbox[-1].body
    other = Client()
    enter(other)
    other.post(STEP, {"code": code})
    assert not is_in(other)
    made = client.post("/settings/recovery-codes/").content.decode()
    assert len(re.findall(r"<code>[a-z2-9-]{19}</code>", made)) == 10
    assert "<code>" not in client.get("/settings/recovery-codes/").content.decode()
    client.post("/accounts/second-factor/app/remove/")
    assert not RecoveryCode.objects.exists()
    actions = set(AuditEvent.objects.filter(clinic_id=cast.riverside.pk).values_list("action", flat=True))
    assert {"factor.add", "factor.remove"} <= actions


def test_old_keys_still_open_secrets(cast: Cast, settings: Any) -> None:
    adapter = SecondFactorAdapter()
    kept = adapter.encrypt("SECRET")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-for-tests-0123456789-abcdefghijklmnop"
    assert adapter.decrypt(kept) == "SECRET"
    settings.SECRET_KEY_FALLBACKS = []
    assert adapter.decrypt(kept) == ""


def test_a_clinic_can_demand_it_of_staff_and_only_of_them(client: Client, cast: Cast) -> None:
    Clinic.objects.filter(pk=cast.riverside.pk).update(require_second_factor=True)
    enter(client)
    assert client.get("/")["Location"] == "/accounts/second-factor/"
    assert client.get("/clinic/staff/")["Location"] == "/accounts/second-factor/"
    assert "asks everybody" in client.get("/accounts/second-factor/").content.decode()
    assert client.get("/settings/").status_code == 200
    give_app(THERAPIST)
    assert client.get("/clinic/staff/").status_code == 403
    patient = Client()
    enter(patient, "hannah@patients.example")
    assert patient.get("/settings/").context["member"] is not None
    elsewhere = Client()
    enter(elsewhere, "therapist@harbour.example")
    assert elsewhere.get("/settings/").context["member"] is not None


def test_a_token_of_staff_without_it_opens_nothing(client: Client, cast: Cast) -> None:
    from rest_framework.exceptions import AuthenticationFailed
    from rest_framework.request import Request
    from rest_framework.test import APIRequestFactory

    from clinics.tokens import TokenAuthentication

    key = new_key()
    ApiToken.objects.create(
        clinic=cast.riverside, membership=cast.therapist, name="x", digest=digest_of(key), hint="x", expires_at=cast.now.replace(year=2099)
    )
    request = Request(APIRequestFactory().get("/", headers={"authorization": f"Bearer {key}"}))
    found = TokenAuthentication().authenticate(request)
    assert found is not None
    Clinic.objects.filter(pk=cast.riverside.pk).update(require_second_factor=True)
    with pytest.raises(AuthenticationFailed):
        TokenAuthentication().authenticate(request)


def test_a_patients_passkey_is_a_way_in_and_not_an_obligation(client: Client, cast: Cast) -> None:
    for email in ("hannah@patients.example", THERAPIST):
        Authenticator.objects.create(user=User.objects.get(email=email), type="webauthn", data={"name": "Phone", "credential": {}})
    enter(client, "hannah@patients.example")
    assert is_in(client)
    other = Client()
    assert enter(other)["Location"] == STEP


def test_who_only_uses_codes_confirms_by_a_mailed_one(client: Client, cast: Cast, mailoutbox: list[Any], time_machine: Any) -> None:
    hannah = User.objects.get(email="hannah@patients.example")
    hannah.set_unusable_password()
    hannah.save()
    client.force_login(hannah)
    assert client.get("/accounts/password/set/")["Location"].startswith("/settings/confirm/")
    assert client.get("/settings/confirm/").status_code == 200
    assert mailoutbox == []
    client.post("/settings/confirm/", {"send": "1", "next": "/accounts/password/set/"})
    found = re.search(r"\d{4}-\d{4}", mailoutbox[0].body)
    assert found
    assert client.post("/settings/confirm/", {"code": "00000000"}).status_code == 422
    answer = client.post("/settings/confirm/", {"code": found[0], "next": "/accounts/password/set/"})
    assert answer["Location"] == "/accounts/password/set/"
    assert client.get("/accounts/password/set/").status_code == 200
    assert client.post("/accounts/password/set/", {"password1": "new-quiet-hills-42"}).status_code == 302
    assert User.objects.get(pk=hannah.pk).check_password("new-quiet-hills-42")


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_confirming_leads_nowhere_else(client: Client, cast: Cast, mailoutbox: list[Any], target: str) -> None:
    hannah = User.objects.get(email="hannah@patients.example")
    hannah.set_unusable_password()
    hannah.save()
    client.force_login(hannah)
    client.post("/settings/confirm/", {"send": "1", "next": target})
    found = re.search(r"\d{4}-\d{4}", mailoutbox[0].body)
    assert found
    assert client.post("/settings/confirm/", {"code": found[0], "next": target})["Location"] == "/settings/"


def test_ended_staff_are_not_asked_any_more(cast: Cast) -> None:
    from clinics.second_factor import asks_at_login

    user = User.objects.get(email=THERAPIST)
    assert asks_at_login(user)
    Membership.objects.filter(user=user).update(status=Membership.Status.ENDED)
    assert not asks_at_login(user)
