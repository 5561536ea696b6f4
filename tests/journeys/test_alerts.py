"""Two therapists, two browsers and one alert; a list that looks by itself and is never in the way."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from clinics.models import Membership
from patients.actions.diary import check_in
from patients.models import Alert, Patient
from tests.cast import Cast, sign_in

pytestmark = pytest.mark.browser
LAPTOP: dict[str, Any] = {"viewport": {"width": 1366, "height": 900}, "locale": "en-GB", "reduced_motion": "reduce"}
HALF_A_MINUTE = 31_000
Enter = Callable[[Membership], Page]


def hurts(patient: Patient) -> Alert:
    """Let a patient report red pain."""
    row = Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=patient.pk)
    check_in(patient=row, pain_0_10=8, readiness_0_10=2, by=row.membership, now=timezone.now())
    found: Alert = Alert.objects.get(patient=patient, rule="pain_level")
    return found


@pytest.fixture
def enter(browser: Browser, live_server: LiveServer) -> Enter:
    """Open the whole clinic's caseload in a browser of one's own, with a clock that can be turned on."""

    def open_caseload(member: Membership) -> Page:
        cookie = sign_in(Client(), member).cookies[settings.SESSION_COOKIE_NAME].value
        context = browser.new_context(**LAPTOP, base_url=live_server.url)
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.clock.install()
        page.goto("/patients/?who=clinic")
        return page

    return open_caseload


def test_two_browsers_one_alert_and_the_second_reads_who_was_first(enter: Enter, cast: Cast) -> None:
    hurts(cast.marek)
    pages = [enter(cast.therapist), enter(cast.therapist2)]
    for page in pages:
        page.locator("tr", has_text="Marek Novák").locator("[data-act]").click()
        expect(page.locator("#alerts")).to_contain_text("Pain 8")
    first, second = pages
    first.locator("#alerts button", has_text="Acknowledge").first.click()
    expect(first.locator("#toasts")).to_contain_text("Acknowledged")
    second.locator("#alerts button", has_text="Acknowledge").first.click()
    expect(second.get_by_text("Jonas Keller took this, today").first).to_be_visible()


def test_the_list_shows_what_happened_elsewhere_and_focus_and_place_stay(enter: Enter, cast: Cast) -> None:
    page = enter(cast.therapist)
    hannah = page.locator("tr", has_text="Hannah Brandt")
    hannah.locator("[data-act]").focus()
    hurts(cast.marek)
    page.clock.run_for(HALF_A_MINUTE)
    expect(page.locator("tr", has_text="Marek Novák")).to_contain_text("Pain 8, today")
    expect(page.locator("#count")).to_contain_text("1 need somebody")
    expect(hannah.locator("[data-act]")).to_be_focused()
    expect(hannah).to_have_class("sel")


def test_the_list_waits_while_somebody_types(enter: Enter, cast: Cast) -> None:
    page = enter(cast.therapist)
    page.locator("[data-search]").focus()
    hurts(cast.marek)
    page.clock.run_for(HALF_A_MINUTE)
    expect(page.locator("tr", has_text="Marek Novák")).not_to_contain_text("Pain 8")
    page.locator("a.who").first.focus()
    page.clock.run_for(HALF_A_MINUTE)
    expect(page.locator("tr", has_text="Marek Novák")).to_contain_text("Pain 8, today")


def test_the_keyboard_puts_an_alert_off_and_comes_back_to_the_list(enter: Enter, cast: Cast) -> None:
    alert = hurts(cast.marek)
    page = enter(cast.therapist)
    page.locator("a.who", has_text="Marek Novák").focus()
    page.keyboard.press("e")
    expect(page.get_by_role("heading", name="Marek Novák")).to_be_visible()
    page.get_by_label("the patient is away or ill").check()
    page.get_by_role("button", name="Put off").click()
    expect(page.locator("#toasts")).to_contain_text("Put off: Pain 8")
    page.wait_for_url("**/patients/?who=clinic")
    alert.refresh_from_db()
    assert (alert.status, alert.seen_by) == ("snoozed", cast.therapist)


def test_the_keyboard_acts(enter: Enter, cast: Cast) -> None:
    hurts(cast.marek)
    page = enter(cast.therapist)
    page.locator("a.who", has_text="Marek Novák").focus()
    page.keyboard.press("a")
    page.wait_for_url(f"**/patients/{cast.marek.pk}/**")
    expect(page.locator("#alerts")).to_contain_text("Pain 8")
