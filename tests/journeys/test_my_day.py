"""A patient's day in a browser, tap by tap: the check-in, a session set by set, a stop sign, and all of it without scripts."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from patients.actions.caseload import refresh_entry
from patients.models import CheckIn, Patient, ScheduledSession, SessionLog, SymptomReport
from tests.cast import Cast, sign_in

pytestmark = pytest.mark.browser

LONGER_THAN_A_SET = 130_000
"""Milliseconds in which any hold and any rest of the library's sessions is over."""


class Taps:
    """A page that counts how often it was touched."""

    def __init__(self, page: Page) -> None:
        """Start with none."""
        self.page = page
        self.count = 0

    def __call__(self, selector: str) -> None:
        """Touch the first visible match."""
        self.count += 1
        self.page.locator(selector).locator("visible=true").first.click()


@pytest.fixture
def session(cast: Cast) -> ScheduledSession:
    """Hannah's home session of today."""
    found = cast.session_today(cast.hannah)
    refresh_entry(Patient.objects.select_related("clinic").get(pk=cast.hannah.pk), now=timezone.now())
    return found


def enter(context: BrowserContext, live_server: LiveServer, cast: Cast) -> Page:
    """Open Today as Hannah."""
    browser = sign_in(Client(), cast.hannah.membership)
    cookie = browser.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}/me/")
    return page


def test_the_check_in_takes_three_taps(context: BrowserContext, live_server: LiveServer, cast: Cast, session: ScheduledSession) -> None:
    page = enter(context, live_server, cast)
    tap = Taps(page)
    tap("[data-part='1'] label:has-text('3')")
    expect(page.locator("[data-part='2']")).to_be_visible()
    tap("[data-part='2'] label:has-text('6')")
    expect(page.locator("[data-part='3']")).to_be_visible()
    tap("button:has-text('None of these')")
    expect(page.get_by_text("Checked in today")).to_be_visible()
    assert tap.count == 3
    row = CheckIn.objects.filter(patient=cast.hannah).latest("on")
    assert (row.pain_0_10, row.readiness_0_10) == (3, 6)


def test_the_keyboard_alone_checks_in(context: BrowserContext, live_server: LiveServer, cast: Cast, session: ScheduledSession) -> None:
    page = enter(context, live_server, cast)
    page.locator("[data-part='1'] input").first.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(page.locator("[data-part='2']")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator("[data-part='2']")).to_be_visible()
    page.locator("[data-part='2'] input").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.locator("button:has-text('None of these')").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Checked in today")).to_be_visible()
    row = CheckIn.objects.filter(patient=cast.hannah).latest("on")
    assert (row.pain_0_10, row.readiness_0_10) == (4, 0)


def test_a_stop_sign_is_five_taps_away(context: BrowserContext, live_server: LiveServer, cast: Cast, session: ScheduledSession) -> None:
    page = enter(context, live_server, cast)
    tap = Taps(page)
    tap("[data-part='1'] label:has-text('3')")
    expect(page.locator("[data-part='2']")).to_be_visible()
    tap("[data-part='2'] label:has-text('6')")
    expect(page.locator("[data-part='3']")).to_be_visible()
    tap("button:has-text('Yes, one of these')")
    tap("label:has-text('Numbness around')")
    tap("button:has-text('Continue with what I ticked')")
    expect(page.get_by_role("heading", name="Get medical help now")).to_be_focused()
    assert tap.count == 5
    assert SymptomReport.objects.filter(patient=cast.hannah, level="emergency", status="open").exists()


def walk_through(tap: Taps, one_exercise: Callable[[Taps], None]) -> None:
    """Do every exercise in its way, then say how it was."""
    page = tap.page
    page.clock.install()
    tap("a:has-text('Start session')")
    page.wait_for_url("**/sessions/*/")
    tap("a:has-text('Start session')")
    page.wait_for_url("**/play/")
    expect(page.locator("[data-finish]")).to_be_hidden()
    for _ in range(60):
        if page.locator("[data-finish]").is_visible():
            break
        if page.locator("[data-exercise-next], [data-exercise-last]").locator("visible=true").count():
            tap("[data-exercise-next], [data-exercise-last]")
        else:
            one_exercise(tap)
    tap("[data-finish] fieldset:has-text('Worst pain') label:has-text('2')")
    tap("[data-finish] fieldset:has-text('How hard') label:has-text('7')")
    tap("button:has-text('Save session')")
    expect(page.get_by_text("Today's session is done")).to_be_visible()


def set_by_set(tap: Taps) -> None:
    """Log one set: start its timer and let it run, or say that it is done; the rest passes by itself."""
    timed = tap.page.locator("[data-timer-start]").is_visible()
    tap("[data-timer-start]" if timed else "[data-set-done]")
    tap.page.clock.run_for(LONGER_THAN_A_SET)


def all_at_once(tap: Taps) -> None:
    """Log every set of the exercise as planned."""
    tap("[data-all-done]")


@pytest.mark.parametrize(("way", "limit"), [(set_by_set, 26), (all_at_once, 18)])
def test_a_session_takes_few_taps_and_leaves_nothing_on_the_phone(
    context: BrowserContext,
    live_server: LiveServer,
    cast: Cast,
    session: ScheduledSession,
    way: Callable[[Taps], None],
    limit: int,
) -> None:
    page = enter(context, live_server, cast)
    tap = Taps(page)
    walk_through(tap, way)
    assert tap.count <= limit
    log = SessionLog.objects.get(session=session)
    assert (log.as_prescribed, log.pain_during_0_10, log.effort_rpe_0_10) == (True, 2, 7)
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('player:')).length") == 0


def test_a_session_goes_on_where_it_was_left(
    context: BrowserContext, live_server: LiveServer, cast: Cast, session: ScheduledSession
) -> None:
    page = enter(context, live_server, cast)
    page.goto(f"{live_server.url}/me/sessions/{session.pk}/play/")
    page.locator("[data-set-done]").click()
    page.reload()
    expect(page.locator("[data-exercise]:not([hidden]) .setchip--done")).to_have_count(1)
    expect(page.locator("[data-count]")).to_have_text("Exercise 1 of 4")


def test_stopping_carries_over_what_was_done(
    context: BrowserContext, live_server: LiveServer, cast: Cast, session: ScheduledSession
) -> None:
    page = enter(context, live_server, cast)
    page.goto(f"{live_server.url}/me/sessions/{session.pk}/play/")
    page.locator("[data-set-done]").click()
    page.locator("[data-panel] button:has-text('Stop:')").click()
    page.locator("label:has-text('Sharp or stabbing pain')").click()
    page.locator("button:has-text('Report what I ticked')").click()
    expect(page.get_by_role("heading", name="Stop for today")).to_be_visible()
    log = SessionLog.objects.get(session=session)
    assert log.stopped_for_pain
    assert sum(log.exercises.values_list("sets_done", flat=True)) == 1


def test_everything_works_without_scripts(
    new_context: Callable[..., Any], live_server: LiveServer, cast: Cast, session: ScheduledSession
) -> None:
    page = enter(new_context(java_script_enabled=False), live_server, cast)
    page.locator("[data-part='1'] label:has-text('4')").click()
    page.locator("[data-part='2'] label:has-text('5')").click()
    page.locator("button:has-text('None of these')").click()
    expect(page.get_by_text("Checked in today")).to_be_visible()
    page.locator("a:has-text('Start session')").click()
    page.locator("a:has-text('Start session')").click()
    page.locator("[data-finish] fieldset").first.locator("label:has-text('1')").first.click()
    page.locator("button:has-text('Save session')").click()
    expect(page.get_by_text("Today's session is done")).to_be_visible()
    assert SessionLog.objects.get(session=session).as_prescribed
