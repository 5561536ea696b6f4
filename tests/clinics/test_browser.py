"""In a real browser: a passkey made and used, and text that outlives its session."""

import re
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clinics.models import User
from tests.cast import PASSWORD, Cast

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def enter(page: Page, email: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile(r"/(me|patients|admin|clinics)/"))


def test_a_passkey_is_made_and_opens_the_door(live_server: LiveServer, cast: Cast, new_context: Any) -> None:
    page: Page = new_context(base_url=live_server.url.replace("127.0.0.1", "localhost")).new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    device.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, "automaticPresenceSimulation": True}})
    enter(page, "therapist@riverside.example")
    page.goto("/accounts/passkeys/add/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Add a passkey").click()
    page.wait_for_url(re.compile("/accounts/second-factor/"))
    assert User.objects.get(email="therapist@riverside.example").authenticator_set.filter(type="webauthn").exists()  # type: ignore[attr-defined]
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(re.compile("/patients/"))
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill("therapist@riverside.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile("second-step"))
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(re.compile("/patients/"))
    assert problems == []


def test_text_outlives_its_session(browser_page: Page, cast: Cast) -> None:
    page = browser_page
    page.clock.install()
    enter(page, "manager@riverside.example")
    page.goto("/clinic/staff/invite/")
    page.get_by_label("Name").fill("Half a name")
    page.get_by_label("E-mail").fill("half@people.example")
    store = import_module(settings.SESSION_ENGINE).SessionStore
    for row in Session.objects.all():
        store(row.session_key).delete()  # from the cache as well, where there is one before the table
    page.clock.fast_forward(1_800_000)
    page.clock.run_for(3000)
    page.clock.resume()
    expect(page.get_by_text("You were signed out")).to_be_visible()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in").click()
    enter(opened.value, "manager@riverside.example")
    opened.value.close()
    page.get_by_role("button", name="I have signed in").click()
    expect(page.get_by_text("You were signed out")).to_be_hidden()
    expect(page.get_by_label("Name")).to_have_value("Half a name")
    page.get_by_role("button", name="Send the invitation").click()
    page.wait_for_url(re.compile("/clinic/staff/$"))
    expect(page.get_by_text("half@people.example").first).to_be_visible()
