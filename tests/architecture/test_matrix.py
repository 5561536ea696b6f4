"""Every address × every person × every method: the table of permissions decides, and nothing of another clinic is ever shown."""

import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.template.base import Template
from django.test import Client

from clinics import account_urls
from clinics.permissions import PUBLIC, SIGNED_IN, allows
from clinics.scoping import ScopedModel
from tests.architecture.addresses import METHODS, MISSING, Address, addresses, is_declared
from tests.cast import Cast, sign_in

PEOPLE = ("stranger", "admin", "manager", "therapist", "hannah", "harbour_manager", "harbour_therapist", "wei", "both_harbour")
ENDS_SESSION = {"account_logout"}
SKIPPED = ENDS_SESSION | {"healthz", "readyz"}
RIVERSIDE = re.compile(r"Hannah|Marek|Novák|Lena|Vogt|Riverside|riverside|hannah@|Jonas|Keller|Diallo")
VARIES = re.compile(r'[0-9a-f]{32}|[A-Za-z0-9]{64}|csrfmiddlewaretoken" value="[^"]+"|nonce-\S+|\d{1,2}:\d\d')


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let thousands of refusals neither be written down nor take the same time; other tests look at both."""
    monkeypatch.setattr(account_urls, "STEADY_SECONDS", 0)
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


class Caller(Client):
    """A client that keeps nothing of how a page was made: ten thousand calls would keep a lot."""

    def request(self, **request: Any) -> Any:
        """Return the answer as the product gives it; what it could not handle is a 500 of its own."""
        browser: Any = self
        answer = self.handler(browser._base_environ(**request))
        self.cookies.update(answer.cookies)
        return answer


def client_of(cast: Cast, name: str) -> Client:
    """Return a browser in which that person is signed in."""
    client = Caller()
    if name == "stranger":
        return client
    if name == "admin":
        client.force_login(cast.admin)
        return client
    who = getattr(cast, name)
    return sign_in(client, getattr(who, "membership", who))


def member_of(cast: Cast, name: str) -> Any:
    """Return the membership somebody acts under, None for strangers and the administrator."""
    if name in {"stranger", "admin"}:
        return None
    who = getattr(cast, name)
    return getattr(who, "membership", who)


def test_every_address_declares_what_it_does() -> None:
    bare = [
        f"{address.name} {method}"
        for address in addresses()
        if address.name not in SKIPPED
        for method in METHODS
        if not (address.is_api or hasattr(address.view, "action")) or not is_declared(address, method)
    ]
    assert bare == []


def expected(address: Address, method: str, member: Any, name: str) -> Callable[[int, str], bool]:
    """Return what an answer may be: a test of status and place it sends to."""
    action = address.action(method)
    if action is None:
        return lambda status, to: status in {401, 403, 405} or status == 302 and ("/accounts/login/" in to or "/clinics/" in to)
    if action == PUBLIC:
        return lambda status, _to: status < 500
    if name == "stranger":
        if address.is_api:
            return lambda status, _to: status in {401, 403}
        return lambda status, to: status == 302 and "/accounts/login/" in to
    if action == SIGNED_IN:
        return lambda status, _to: status < 500
    if member is None:
        if address.is_api:
            return lambda status, _to: status in {401, 403}
        return lambda status, to: status == 302 and "/clinics/" in to
    if allows(member, action):
        return lambda status, to: status != 403 and status < 500 and "/accounts/login/" not in to
    return lambda status, _to: status == 403


@pytest.fixture
def _only_get_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the drawing of refusals and of pages that answer other methods: whether they are refused is known by then."""
    draw = Template.render
    method = ""

    def request(browser: Caller, **request: Any) -> Any:
        nonlocal method
        method = request["REQUEST_METHOD"]
        return send(browser, **request)

    def render(template: Template, context: Any) -> Any:
        return draw(template, context) if method == "GET" and template.name != "error.html" else ""

    send = Caller.request
    monkeypatch.setattr(Caller, "request", request)
    monkeypatch.setattr(Template, "render", render)


@pytest.mark.usefixtures("_only_get_is_drawn")
@pytest.mark.parametrize("name", PEOPLE)
def test_who_may_do_what_is_what_the_table_says(cast: Cast, name: str, tally: Callable[[str, int], None]) -> None:
    client, member = client_of(cast, name), member_of(cast, name)
    wrong, pairs = [], 0
    for address in addresses():
        if address.name in SKIPPED:
            continue
        for method in METHODS:
            kind = "application/json" if address.is_api else "application/x-www-form-urlencoded"
            answer = client.generic(method, address.url(MISSING), content_type=kind)
            pairs += 1
            if not expected(address, method, member, name)(answer.status_code, answer.headers.get("Location", "")):
                wrong.append(f"{name} {method} {address.name}: {answer.status_code} {answer.headers.get('Location', '')}")
            if settings.SESSION_COOKIE_NAME in answer.cookies and name != "stranger" and not client.session.get("_auth_user_id"):
                client = client_of(cast, name)
    tally("address × person × method", pairs)
    assert wrong == []


def rows_of(cast: Cast, clinic: Any) -> dict[str, Any]:
    """Return one row of every table of the clinic, by the table's name."""
    found = {}
    for model in apps.get_models():
        if issubclass(model, ScopedModel) and model.scope.clinic and model.__name__ != "AuditEvent":
            row = model._default_manager.filter(**{model.scope.clinic: clinic.pk}).order_by("pk").first()
            if row is not None:
                found[model.__name__] = row.pk
    return found


OF_HARBOUR = ("harbour_manager", "harbour_therapist", "wei", "both_harbour")


@pytest.mark.parametrize("name", OF_HARBOUR)
def test_another_clinics_object_answers_exactly_like_a_missing_one(cast: Cast, name: str, tally: Callable[[str, int], None]) -> None:
    client = client_of(cast, name)
    keys = rows_of(cast, cast.riverside)
    assert len(keys) > 8
    different, pairs, turn = [], 0, OF_HARBOUR.index(name)
    for address in addresses():
        if not address.ids or address.name in SKIPPED:
            continue
        for method in METHODS:
            if address.action(method) is None:
                continue
            kind = "application/json" if address.is_api else "application/x-www-form-urlencoded"
            missing = client.generic(method, address.url(MISSING), content_type=kind)
            # Everybody tries every address, and among them every table at each: the tables take turns.
            tried = list(keys.items())[turn % len(OF_HARBOUR) :: len(OF_HARBOUR)]
            turn += 1
            for table, key in tried:
                answer = client.generic(method, address.url(key), content_type=kind)
                pairs += 1
                same = answer.status_code == missing.status_code and _plain(answer, key) == _plain(missing, MISSING)
                if not same:
                    codes = f"{answer.status_code} instead of {missing.status_code}"
                    different.append(f"{name} {method} {address.name} with a {table}: {codes}")
    tally("foreign id × address × person", pairs)
    assert different == []


def _plain(answer: Any, key: Any) -> str:
    text = answer.content.decode(errors="replace").replace(str(key), "ID")
    return VARIES.sub("", text)


@pytest.mark.parametrize("name", ["harbour_manager", "harbour_therapist", "wei"])
def test_no_page_of_one_clinic_names_anybody_of_another(cast: Cast, name: str, tally: Callable[[str, int], None]) -> None:
    client = client_of(cast, name)
    leaks, pairs = [], 0
    for address in addresses():
        if address.ids or address.name in SKIPPED:
            continue
        # The description of the API is built anew at each call and takes no filters.
        for query in (
            ("",)
            if address.name.endswith(":schema")
            else ("", "?q=Hannah", "?search=Brandt", f"?patient={cast.hannah.pk}", f"?clinic={cast.riverside.pk}")
        ):
            answer = client.get(address.url(MISSING) + query)
            pairs += 1
            # A random token spells a name of four letters once in some hundred runs.
            text = VARIES.sub("", answer.content.decode(errors="replace")) if not answer.streaming else ""
            text = text.replace(query.removeprefix("?"), "").replace("Hannah", "", text.count('value="Hannah"'))
            if RIVERSIDE.search(text):
                leaks.append(f"{name} {address.name}{query}: {RIVERSIDE.findall(text)[:3]}")
    tally("list × filter × person", pairs)
    assert leaks == []


@pytest.mark.parametrize("name", [person for person in PEOPLE if person != "admin"])
def test_the_administration_is_for_administrators_only(cast: Cast, name: str) -> None:
    client = client_of(cast, name)
    for path in ("/admin/", "/admin/clinics/user/", "/admin/patients/patient/", "/admin/clinics/auditevent/"):
        assert client.get(path).status_code in {302, 403, 404}
