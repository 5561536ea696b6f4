"""Signing in: what opens the door, what does not, and what neither page nor mail tells a stranger."""

import re
import time
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client, override_settings
from django.urls import NoReverseMatch, reverse

from clinics import account_urls
from clinics.accounts import PASSWORD_TRIES
from clinics.models import AuditEvent, Membership, Throttle, User
from patients.models import Patient
from tests.caches import empty_cache
from tests.cast import PASSWORD, Cast, sign_in

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
RESET = "/accounts/password/reset/"
CODE = "/accounts/login/code/"
SETTINGS = "/settings/"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_urls, "STEADY_SECONDS", 0.0)


def enter(client: Client, email: str, password: str = PASSWORD, **more: Any) -> Any:
    return client.post(LOGIN, {"login": email, "password": password, **more.pop("data", {})}, **more)


def is_in(client: Client) -> bool:
    return client.get(SETTINGS).status_code == 200


def link_in_mail(index: int = -1) -> str:
    found = re.search(r"(http\S+)", str(mail.outbox[index].body))
    assert found
    return found[1]


def member_of(patient: Patient) -> Membership:
    assert patient.membership is not None
    return patient.membership


def path_of(url: str) -> str:
    return "/" + url.split("://", 1)[1].split("/", 1)[1]


@pytest.mark.parametrize(
    "name", ["account_signup", "account_email", "account_confirm_email", "usersessions_list", "mfa_view_recovery_codes"]
)
def test_nothing_else_of_the_library_is_reachable(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)


@pytest.mark.parametrize("path", ["/accounts/signup/", "/accounts/email/", "/accounts/3rdparty/", "/accounts/"])
def test_closed_addresses_answer_404(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404
    assert client.post(path, {"email": "x@y.example", "password1": PASSWORD}).status_code == 404


def test_every_address_declares_who_may_come() -> None:
    for pattern in account_urls.urlpatterns:
        assert pattern.callback.action in {"public", "signed_in"}  # type: ignore[attr-defined]


@pytest.mark.parametrize("typed", ["hannah@patients.example", "HANNAH@Patients.Example", "  hannah@patients.example "])
def test_the_right_password_opens_whatever_case_and_blanks(client: Client, cast: Cast, typed: str) -> None:
    assert enter(client, typed).status_code == 302
    assert is_in(client)


@pytest.mark.parametrize(
    ("who", "path"), [("hannah", "/me/"), ("therapist", "/patients/"), ("admin", "/admin/"), ("both_riverside", "/clinics/")]
)
def test_everybody_begins_where_their_day_begins(client: Client, cast: Cast, who: str, path: str) -> None:
    person = getattr(cast, who)
    person = getattr(person, "membership", person)
    client.force_login(getattr(person, "user", person))
    assert client.get("/")["Location"].startswith(path)


def test_a_new_session_begins_at_log_in_and_dies_at_log_out(client: Client, cast: Cast) -> None:
    client.get(LOGIN)
    client.post("/language/", {"language": "de"})
    before = client.session.session_key
    enter(client, "hannah@patients.example")
    key = client.session.session_key
    assert key
    assert key != before
    assert client.get("/accounts/logout/").status_code == 405
    assert is_in(client)
    response = client.post("/accounts/logout/")
    assert response["Clear-Site-Data"] == '"cache", "storage"'
    assert not Session.objects.filter(session_key=key).exists()
    client.cookies["session"] = key
    assert not is_in(client)


def test_log_in_and_log_out_stand_in_the_trail_of_the_clinic(client: Client, cast: Cast) -> None:
    enter(client, "therapist@riverside.example")
    client.post("/accounts/logout/")
    enter(client, "therapist@riverside.example", "wrong")
    found = AuditEvent.objects.filter(clinic_id=cast.riverside.pk, object_id=cast.therapist.user_id).order_by("id")
    kept = [(event.action, event.outcome) for event in found if event.action.startswith("log")]
    assert kept == [("login", "ok"), ("logout", "ok"), ("login.failed", "refused")]
    assert not AuditEvent.objects.filter(clinic_id=cast.harbour.pk, action__startswith="login").exists()


SAME = ["therapist@riverside.example", "THERAPIST@riverside.example", " therapist@riverside.example", "Therapist@Riverside.example "]


def test_ten_wrong_passwords_lock_the_account_but_nobody_else(client: Client, cast: Cast) -> None:
    for attempt in range(PASSWORD_TRIES):
        host = ("127.0.0.1", "localhost")[attempt % 2]
        away = {"HTTP_X_FORWARDED_FOR": f"10.1.2.{attempt}", "REMOTE_ADDR": f"10.9.9.{attempt}", "HTTP_HOST": host}
        response = enter(Client(), SAME[attempt % len(SAME)], f"wrong-{attempt}", **away)
        assert response.status_code == 200
        assert "Too many attempts" not in response.content.decode()
    locked = enter(client, SAME[0])
    assert "Too many attempts" in locked.content.decode()
    assert not is_in(client)
    assert AuditEvent.objects.filter(action="login.locked", clinic_id=cast.riverside.pk).exists()
    neighbour = Client()
    enter(neighbour, "therapist2@riverside.example")
    assert is_in(neighbour)


def test_the_lock_ends_after_ten_minutes_and_right_passwords_do_not_count(client: Client, cast: Cast, time_machine: Any) -> None:
    for _ in range(2 * PASSWORD_TRIES):
        enter(client, "hannah@patients.example")
        client.post("/accounts/logout/")
    for _ in range(PASSWORD_TRIES):
        enter(client, "hannah@patients.example", "wrong")
    enter(client, "hannah@patients.example")
    assert not is_in(client)
    time_machine.move_to(time.time() + 601, tick=True)
    enter(client, "hannah@patients.example")
    assert is_in(client)


def test_an_unknown_address_is_locked_with_the_same_words(client: Client, cast: Cast) -> None:
    for _ in range(PASSWORD_TRIES):
        enter(client, "nobody@nowhere.example", "wrong")
    assert "Too many attempts" in enter(client, "nobody@nowhere.example", "wrong").content.decode()


def test_the_limit_is_not_kept_in_the_cache(client: Client, cast: Cast) -> None:

    for _ in range(PASSWORD_TRIES):
        enter(client, "hannah@patients.example", "wrong")
        empty_cache()
    enter(client, "hannah@patients.example")
    assert not is_in(client)
    assert Throttle.objects.exists()


def test_changing_and_confirming_count_wrong_passwords_too(client: Client, cast: Cast) -> None:
    enter(client, "hannah@patients.example")
    for _ in range(PASSWORD_TRIES):
        client.post("/accounts/confirm/", {"password": "wrong"})
    assert "Too many" in client.post("/accounts/confirm/", {"password": PASSWORD}).content.decode()
    changed = {"oldpassword": PASSWORD, "password1": "new-quiet-hills-42"}
    assert client.post("/accounts/password/change/", changed).status_code == 200
    assert User.objects.get(email="hannah@patients.example").check_password(PASSWORD)


def text_of(response: Any, *addresses: str) -> str:
    text = response.content.decode()
    for address in addresses:
        text = text.replace(address, "ADDRESS")
    return re.sub(r'(csrfmiddlewaretoken" value=|X-CSRFToken": |data-token=)"[^"]*"', "", text)


@pytest.mark.parametrize(("path", "field", "more"), [(LOGIN, "login", {"password": "wrong"}), (RESET, "email", {}), (CODE, "email", {})])
def test_known_and_unknown_addresses_get_the_same_answer(cast: Cast, path: str, field: str, more: dict[str, str]) -> None:
    known, unknown = "hannah@patients.example", "nobody@patients.example"
    answers = []
    for address in (known, unknown):
        client = Client()
        first = client.post(path, {field: address, **more})
        second = client.get(first["Location"]) if first.status_code == 302 else first
        answers.append((first.status_code, first.get("Location"), text_of(second, known, unknown)))
    assert answers[0] == answers[1]


def test_answers_about_addresses_take_the_same_time(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_urls, "STEADY_SECONDS", 0.2)
    for path in (RESET, CODE):
        for address in ("hannah@patients.example", "nobody@patients.example"):
            started = time.monotonic()
            Client().post(path, {"email": address})
            assert time.monotonic() - started >= 0.2


def test_mails_go_only_to_known_addresses(client: Client, cast: Cast) -> None:
    for path in (RESET, CODE):
        client.post(path, {"email": "nobody@patients.example"})
    assert mail.outbox == []


def test_a_closed_account_looks_like_a_wrong_password(client: Client, cast: Cast) -> None:
    User.objects.filter(email="hannah@patients.example").update(is_active=False)
    closed = enter(client, "hannah@patients.example", "wrong")
    unknown = enter(Client(), "nobody@patients.example", "wrong")
    assert text_of(closed, "hannah@patients.example") == text_of(unknown, "nobody@patients.example")
    client.post(CODE, {"email": "hannah@patients.example"})
    client.post(RESET, {"email": "hannah@patients.example"})
    assert mail.outbox == []


def reset(client: Client, email: str, **headers: Any) -> str:
    mail.outbox.clear()
    client.post(RESET, {"email": email}, **headers)
    return path_of(link_in_mail())


def test_a_reset_sets_the_password_once_and_signs_out_everywhere(client: Client, cast: Cast) -> None:
    elsewhere = sign_in(Client(), member_of(cast.hannah))
    path = reset(client, "hannah@patients.example")
    form = client.get(path, follow=True)
    target = form.redirect_chain[-1][0]
    assert "set-password" in target
    assert client.post(target, {"password1": "new-quiet-hills-42"}).status_code == 302
    assert not is_in(client)
    assert not is_in(elsewhere)
    enter(client, "hannah@patients.example", "new-quiet-hills-42")
    assert is_in(client)
    again = Client().get(path, follow=True)
    assert "no longer works" in again.content.decode()


def test_a_link_dies_with_a_changed_password_and_after_an_hour(client: Client, cast: Cast, time_machine: Any) -> None:
    first = reset(client, "hannah@patients.example")
    hannah = User.objects.get(email="hannah@patients.example")
    hannah.set_password("another-quiet-hill-43")
    hannah.save()
    assert "no longer works" in Client().get(first, follow=True).content.decode()
    second = reset(client, "hannah@patients.example")
    time_machine.move_to(time.time() + 3601, tick=True)
    assert "no longer works" in Client().get(second, follow=True).content.decode()


@pytest.mark.parametrize("host", [{"HTTP_HOST": "localhost"}, {"HTTP_X_FORWARDED_HOST": "evil.example"}])
def test_links_come_from_the_settings(client: Client, cast: Cast, host: dict[str, str], settings: Any) -> None:
    reset(client, "hannah@patients.example", **host)
    assert link_in_mail().startswith(settings.BASE_URL + "/accounts/")
    assert "evil" not in str(mail.outbox[0].message())
    assert "localhost" not in mail.outbox[0].subject


def test_a_strange_host_is_refused(client: Client, cast: Cast) -> None:
    assert client.post(RESET, {"email": "hannah@patients.example"}, HTTP_HOST="evil.example").status_code == 400
    assert mail.outbox == []


def test_mails_are_limited_by_address(client: Client, cast: Cast) -> None:
    for _ in range(12):
        Client().post(RESET, {"email": "hannah@patients.example"})
    assert len(mail.outbox) == 5


@pytest.mark.parametrize(("language", "words"), [("de", "Content-Language: de"), ("en", "Content-Language: en")])
def test_mails_are_neutral_and_in_the_persons_language(client: Client, cast: Cast, language: str, words: str) -> None:
    User.objects.filter(email="hannah@patients.example").update(language=language)
    client.post(CODE, {"email": "hannah@patients.example"})
    sent = mail.outbox[0]
    assert words in str(sent.message())
    assert not re.search(r"pain|back|exercise|riverside|patient", str(sent.subject), re.IGNORECASE)
    parts: Any = sent
    html = parts.alternatives[0][0]
    assert "<style" not in str(html)
    assert "style=" in str(html)


def code_for(client: Client, email: str = "hannah@patients.example") -> str:
    mail.outbox.clear()
    client.post(CODE, {"email": email})
    found = re.search(r"(\d{4}-\d{4})", str(mail.outbox[0].body))
    assert found
    assert found[1] not in mail.outbox[0].subject
    return found[1]


@pytest.mark.parametrize("typed", [lambda code: code, lambda code: code.replace("-", ""), lambda code: f" {code} "])
def test_a_mailed_code_opens_the_door_once(client: Client, cast: Cast, typed: Any) -> None:
    code = typed(code_for(client))
    assert client.post("/accounts/login/code/confirm/", {"code": code}).status_code == 302
    assert is_in(client)
    other = Client()
    code_for(other)
    other.post("/accounts/login/code/confirm/", {"code": code})
    assert not is_in(other)


def test_three_wrong_codes_end_the_try(client: Client, cast: Cast) -> None:
    code = code_for(client)
    for _ in range(3):
        client.post("/accounts/login/code/confirm/", {"code": "0000-0000"})
    client.post("/accounts/login/code/confirm/", {"code": code})
    assert not is_in(client)


def test_a_code_dies_after_ten_minutes(client: Client, cast: Cast, time_machine: Any) -> None:
    code = code_for(client)
    time_machine.move_to(time.time() + 601, tick=True)
    client.post("/accounts/login/code/confirm/", {"code": code})
    assert not is_in(client)


@pytest.mark.parametrize(
    ("password", "is_good"),
    [
        ("short-7", False),
        ("password123", False),
        ("physio2026", False),
        ("Hannah-Brandt", False),
        ("12345678901", False),
        ("two words here", True),
        ("ungewöhnlich schön", True),
        ("x" * 20 + "-long-enough-" + "y" * 60, True),
        ("correct horse battery staple " * 3, True),
    ],
)
def test_what_makes_a_password(client: Client, cast: Cast, password: str, is_good: bool) -> None:
    enter(client, "hannah@patients.example")
    response = client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": password})
    assert (response.status_code == 302) is is_good
    assert User.objects.get(email="hannah@patients.example").check_password(password) is is_good
    assert is_in(client)


def test_changing_needs_the_present_password_and_signs_out_elsewhere(client: Client, cast: Cast) -> None:
    enter(client, "hannah@patients.example")
    elsewhere = sign_in(Client(), member_of(cast.hannah))
    new = "new-quiet-hills-42"
    assert client.post("/accounts/password/change/", {"oldpassword": "wrong", "password1": new}).status_code == 200
    assert is_in(elsewhere)
    assert client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new}).status_code == 302
    assert is_in(client)
    assert not is_in(elsewhere)
    assert "password of your account" in str(mail.outbox[-1].body)


BAD_TARGETS = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "http:///evil.example",
    "https:evil.example",
]


@pytest.mark.parametrize("target", BAD_TARGETS)
def test_no_open_redirect(client: Client, cast: Cast, target: str) -> None:
    for response in (
        enter(client, "hannah@patients.example", data={"next": target}),
        client.post("/language/", {"language": "en", "next": target}),
        client.post("/language/", {"language": "en"}, HTTP_REFERER="https://evil.example/"),
        client.post("/accounts/confirm/", {"password": PASSWORD, "next": target}),
        client.post("/accounts/logout/", {"next": target}),
    ):
        assert "evil" not in response.get("Location", "")
        assert "javascript" not in response.get("Location", "")


def test_a_page_asked_for_comes_after_the_log_in(client: Client, cast: Cast) -> None:
    first = client.get("/settings/sessions/")
    assert first["Location"] == "/accounts/login/?next=/settings/sessions/"
    assert enter(client, "hannah@patients.example", data={"next": "/settings/sessions/"})["Location"] == "/settings/sessions/"


def test_the_language_is_kept_with_the_person(client: Client, cast: Cast) -> None:
    assert client.post("/language/", {"language": "de", "next": LOGIN})["Location"] == LOGIN
    assert 'lang="de"' in client.get(LOGIN).content.decode()
    enter(client, "hannah@patients.example")
    client.post("/language/", {"language": "de", "next": "/settings/"})
    assert User.objects.get(email="hannah@patients.example").language == "de"
    client.post("/language/", {"language": "xx", "next": "/settings/"})
    assert User.objects.get(email="hannah@patients.example").language == "de"
    assert client.get("/language/").status_code == 405


def test_a_post_without_a_form_token_changes_nothing(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    response = enter(client, "hannah@patients.example")
    assert response.status_code == 403
    assert "open too long" in response.content.decode()
    strange = Client(enforce_csrf_checks=True, headers={"origin": "https://evil.example"})
    strange.get(LOGIN)
    token = strange.cookies["csrf"].value
    assert enter(strange, "hannah@patients.example", data={"csrfmiddlewaretoken": token}).status_code == 403


@pytest.mark.parametrize("path", [LOGIN, CODE, RESET, SETTINGS, "/settings/sessions/", "/accounts/second-factor/"])
def test_pages_are_not_stored_and_hold_no_inline_code(client: Client, cast: Cast, path: str) -> None:
    if path in {SETTINGS, "/settings/sessions/", "/accounts/second-factor/"}:
        enter(client, "hannah@patients.example")
    response = client.get(path)
    assert "no-store" in response["Cache-Control"]
    body = response.content.decode()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*(src=|application/json))", body)
    assert "unsafe" not in response["Content-Security-Policy"]
    assert not re.search(r'(src|href)="(https?:)?//', body)


@override_settings(SESSION_COOKIE_SECURE=True)
def test_cookies_are_for_this_host_and_scripts_cannot_read_them(client: Client, cast: Cast) -> None:
    enter(client, "hannah@patients.example")
    for cookie in client.cookies.values():
        assert cookie["httponly"], cookie.key
        assert cookie["samesite"] in {"Lax", "Strict"}
        assert not cookie["domain"]


def test_a_closed_account_and_an_ended_membership_are_refused_at_the_next_click(client: Client, cast: Cast) -> None:
    enter(client, "therapist@riverside.example")
    assert is_in(client)
    Membership.objects.filter(pk=cast.therapist.pk).update(status=Membership.Status.ENDED)
    assert client.get("/clinic/staff/")["Location"] == "/clinics/"
    Membership.objects.filter(pk=cast.therapist.pk).update(status=Membership.Status.ACTIVE)
    User.objects.filter(pk=cast.therapist.user.pk).update(is_active=False)  # type: ignore[union-attr]
    assert not is_in(client)


RUBBISH = ["\x00", "a\x00b", "\ud7ff" * 300, "🙂" * 5000, "' OR 1=1 --", "x" * 100_000, "ａ@ｂ.example", "<script>", "\r\nBcc: x@y.example"]


@pytest.mark.parametrize("text", RUBBISH)
@pytest.mark.parametrize(
    ("path", "names"), [(LOGIN, ("login", "password")), (RESET, ("email",)), (CODE, ("email",)), ("/join/", ("password",))]
)
def test_rubbish_is_refused_politely(client: Client, cast: Cast, path: str, names: tuple[str, ...], text: str) -> None:
    response = client.post(path, dict.fromkeys(names, text))
    assert response.status_code in {200, 302, 400, 404, 422}
    assert client.get(path, {"next": text}).status_code in {200, 302, 400, 404}
    assert mail.outbox == []


@pytest.mark.parametrize("body", [b"\xff\xfe\xfa", b"{", b"[" * 5000, b""])
def test_strange_bodies_are_no_error_of_ours(client: Client, cast: Cast, body: bytes) -> None:
    for kind in ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"):
        assert client.generic("POST", LOGIN, body, content_type=kind).status_code < 500


def test_the_token_address_stands_under_the_same_lock(client: Client, cast: Cast) -> None:
    asked = {"email": "therapist@riverside.example", "password": "wrong", "name": "x", "days": 7}
    for _ in range(PASSWORD_TRIES):
        assert client.post("/api/v1/tokens/", asked, content_type="application/json").status_code == 403
    locked = client.post("/api/v1/tokens/", {**asked, "password": PASSWORD}, content_type="application/json")
    assert locked.status_code == 429
    enter(client, "therapist@riverside.example")
    assert not is_in(client)
    assert (
        client.post(
            "/api/v1/tokens/", {**asked, "email": "THERAPIST2@riverside.example", "password": PASSWORD}, "application/json"
        ).status_code
        == 201
    )


def test_unknown_people_get_the_same_answer_from_the_token_address(client: Client, cast: Cast) -> None:
    answers = set()
    for email in ("therapist@riverside.example", "nobody@riverside.example"):
        asked = {"email": email, "password": "wrong", "name": "x", "days": 7}
        response = client.post("/api/v1/tokens/", asked, content_type="application/json")
        answers.add((response.status_code, response.content))
    assert len(answers) == 1


def test_too_much_is_refused_politely(client: Client, cast: Cast) -> None:
    large = client.post(LOGIN, "login=" + "x" * 3_000_000, content_type="application/x-www-form-urlencoded")
    many = client.post(LOGIN, "&".join(f"a{n}=1" for n in range(3000)), content_type="application/x-www-form-urlencoded")
    for response in (large, many):
        assert response.status_code in {400, 413}
        assert "That did not work" in response.content.decode()
