"""A patient without a connection: what was entered waits on the phone, goes out once, and never gets lost or into other hands."""

import contextlib
import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect
from pytest_django.live_server_helper import LiveServer

from patients.actions.caseload import refresh_entry
from patients.models import CheckIn, Patient, Run, ScheduledSession, SessionLog, SymptomReport
from tests.cast import Cast, member_of, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Let the product's service worker in; everywhere else it would only cost time."""
    return {**browser_context_args, "service_workers": "allow"}


@pytest.fixture
def phone(browser: Browser, browser_context_args: dict[str, Any], live_server: LiveServer, cast: Cast) -> Iterator[Page]:
    """Hannah's phone with Today open and everything prepared for times without a connection.

    Its context ends with the browser: closing one whose service worker is at work can take for ever.
    """
    cast.session_today(cast.hannah)
    refresh_entry(Patient.objects.select_related("clinic").get(pk=cast.hannah.pk), now=timezone.now())
    context = browser.new_context(**browser_context_args, base_url=live_server.url)
    enter(context, live_server, cast.hannah)
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto("/me/")
    page.wait_for_function("() => navigator.serviceWorker.controller")
    yield page
    for one in context.pages * 2:
        with contextlib.suppress(Error):  # it may be on its way elsewhere at this moment
            one.goto("about:blank")


def enter(context: BrowserContext, live_server: LiveServer, patient: Patient) -> None:
    """Sign a patient in."""
    cookie = sign_in(Client(), member_of(patient)).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])


def check_in(page: Page, pain: int, ready: int) -> None:
    """Answer the three questions."""
    page.locator(f"[data-part='1'] label:has-text('{pain}')").first.click()
    page.locator(f"[data-part='2'] label:has-text('{ready}')").first.click()
    page.locator("button:has-text('None of these')").click()


def kept_in_cache(page: Page) -> list[str]:
    """Return the paths of all the browser keeps."""
    names: Any = page.evaluate(
        """async () => {
          const found = [];
          for (const name of await caches.keys()) {
            for (const one of await (await caches.open(name)).keys()) found.push(new URL(one.url).pathname);
          }
          return found;
        }"""
    )
    return list(names)


def today_of(patient: Patient) -> list[tuple[int, int]]:
    """Return the check-ins of today."""
    rows = CheckIn.objects.filter(patient=patient, done_at__gte=timezone.now() - dt.timedelta(hours=2))
    return list(rows.values_list("pain_0_10", "readiness_0_10"))


def test_a_check_in_without_connection_is_sent_once_with_the_time_it_was_done(phone: Page, cast: Cast) -> None:
    phone.context.set_offline(True)
    before = timezone.now()
    check_in(phone, 3, 6)
    expect(phone.get_by_role("heading", name="Not yet sent")).to_be_visible()
    expect(phone.locator("[data-unsent] li")).to_have_count(1)
    expect(phone.locator("[data-unsent] li")).to_contain_text("Check-in · pain 3")
    after = timezone.now()
    assert today_of(cast.hannah) == []
    phone.wait_for_timeout(1200)
    phone.context.set_offline(False)
    phone.wait_for_url("**/me/")
    expect(phone.get_by_text("Checked in today")).to_be_visible()
    phone.reload()
    assert today_of(cast.hannah) == [(3, 6)]
    row = CheckIn.objects.filter(patient=cast.hannah).latest("on")
    assert before <= row.done_at <= after + dt.timedelta(milliseconds=500) < row.entered_at


def test_going_back_to_a_refused_form_neither_sends_nor_keeps_it_again(phone: Page, cast: Cast) -> None:
    phone.goto(reverse("patients:run_new"))
    phone.get_by_role("button", name="Save the run").click()
    expect(phone.get_by_role("alert").first).to_be_visible()
    phone.locator("[name=distance_km]").fill("3")
    phone.locator("label:has([name=pain_worst_0_10][value='2'])").click()
    phone.get_by_role("button", name="Save the run").click()
    phone.wait_for_url("**/me/runs/")
    expect(phone.locator("#toasts")).to_have_css("position", "static")
    phone.go_back()
    expect(phone.get_by_role("heading", name="Enter a run")).to_be_visible()
    expect(phone.locator("#outbox")).to_be_hidden()
    assert Run.objects.filter(patient=cast.hannah, distance_km=3).count() == 1


def test_a_session_and_a_run_wait_together_and_are_sent_together(phone: Page, cast: Cast) -> None:
    session = ScheduledSession.objects.get(patient=cast.hannah, on=timezone.localdate(), setting="home")
    run = phone.context.new_page()
    run.goto(reverse("patients:run_new"))
    phone.goto(reverse("patients:session", args=[session.pk]))
    phone.context.set_offline(True)
    phone.locator("summary:has-text('Already done')").click()
    phone.locator("#log fieldset").first.locator("label:has-text('2')").click()
    phone.locator("#log form button").last.click()
    expect(phone.locator("[data-unsent] li")).to_contain_text("Session · pain 2")
    run.locator("input[name=distance_km]").fill("5,2")
    run.locator("fieldset:has-text('Worst back pain') label:has-text('3')").first.click()
    run.locator("button:has-text('Save the run')").click()
    expect(run.locator("[data-unsent] li")).to_have_text([re.compile("Session · pain 2"), re.compile("Run · pain 3")])
    phone.goto("about:blank")  # one of two pages sends; this test follows the other
    phone.context.set_offline(False)
    run.wait_for_url("**/me/")
    assert SessionLog.objects.get(session=session).pain_during_0_10 == 2
    assert list(Run.objects.filter(patient=cast.hannah).values_list("distance_km", "pain_worst_0_10")) == [(Decimal("5.20"), 3)]


def test_what_the_server_refuses_stays_and_says_what_to_do(phone: Page, cast: Cast) -> None:
    phone.context.set_offline(True)
    check_in(phone, 3, 6)
    expect(phone.locator("[data-unsent] li")).to_have_count(1)
    key = phone.evaluate(
        """() => new Promise((done) => {
          const opening = indexedDB.open("physio", 1);
          opening.onsuccess = () => {
            const asked = opening.result.transaction("entries").objectStore("entries").getAllKeys();
            asked.onsuccess = () => done(asked.result[0]);
          };
        })"""
    )
    browser = sign_in(Client(), cast.hannah.membership)
    browser.post(reverse("patients:check_in"), {"pain_0_10": 5, "readiness_0_10": 5, "answer": "none", "client_key": key})
    phone.context.set_offline(False)
    expect(phone.get_by_text("Something else is already entered there")).to_be_visible()
    assert today_of(cast.hannah) == [(5, 5)]
    phone.get_by_role("button", name="Discard").click()
    phone.get_by_role("button", name="Discard for good").click()
    expect(phone.locator("[data-unsent] li")).to_have_count(0)


def test_a_warning_sign_without_connection_says_whom_to_call_and_is_reported_later(phone: Page, cast: Cast) -> None:
    phone.locator("[data-part='1'] label:has-text('3')").first.click()
    phone.locator("[data-part='2'] label:has-text('6')").first.click()
    phone.locator("button:has-text('Yes, one of these')").click()
    phone.locator("label:has-text('Numbness around')").click()
    phone.context.set_offline(True)
    phone.locator("button:has-text('Continue with what I ticked')").click()
    expect(phone.get_by_role("link", name="Call 112")).to_be_in_viewport()
    expect(phone.get_by_text("Nobody hears of it while there is no connection")).to_be_visible()
    phone.context.set_offline(False)
    expect(phone.get_by_role("heading", name="Get medical help now")).to_be_visible()
    assert SymptomReport.objects.filter(patient=cast.hannah, level="emergency", status="open").count() == 1


def test_pages_with_data_are_never_kept_and_a_cold_start_still_takes_a_check_in(phone: Page, cast: Cast) -> None:
    assert all(path.startswith(("/offline/", "/static/")) for path in kept_in_cache(phone))
    phone.context.set_offline(True)
    phone.goto("/me/plan/")
    expect(phone.get_by_role("heading", name="Not yet sent")).to_be_visible()
    expect(phone.get_by_text("Hannah")).to_have_count(0)
    check_in(phone, 4, 5)
    expect(phone.locator("[data-unsent] li")).to_have_count(1)
    phone.context.set_offline(False)
    phone.wait_for_url("**/me/")
    assert today_of(cast.hannah) == [(4, 5)]


def test_signing_out_sends_first_and_leaves_nothing_on_the_phone(phone: Page, cast: Cast) -> None:
    phone.goto("/me/more/")
    phone.context.set_offline(True)
    more = phone
    other = phone.context.new_page()
    other.goto("/me/")
    check_in(other, 2, 8)
    expect(other.locator("[data-unsent] li")).to_have_count(1)
    more.locator("button:has-text('Sign out')").click()
    expect(more.get_by_role("heading", name="Not yet sent")).to_be_visible()
    other.goto("about:blank")  # one of two pages sends; this test follows the other
    phone.context.set_offline(False)
    more.wait_for_url("**/me/")
    more.goto("/me/more/")
    more.locator("button:has-text('Sign out')").click()
    more.wait_for_url("**/accounts/login/**")
    assert today_of(cast.hannah) == [(2, 8)]
    assert kept_in_cache(more) == []
    stores: Any = more.evaluate("async () => (await indexedDB.databases()).map((one) => one.name)")
    assert stores == []


def test_entries_of_one_person_are_not_sent_as_another(phone: Page, cast: Cast, live_server: LiveServer) -> None:
    phone.context.set_offline(True)
    check_in(phone, 3, 6)
    expect(phone.locator("[data-unsent] li")).to_have_count(1)
    enter(phone.context, live_server, cast.marek)
    with phone.expect_response("**/session/keep/"):
        phone.context.set_offline(False)
    phone.goto("/me/")
    expect(phone.get_by_role("heading", level=1)).to_contain_text("Marek")
    expect(phone.locator("#outbox")).to_be_hidden()
    assert [today_of(cast.hannah), today_of(cast.marek)] == [[], []]
