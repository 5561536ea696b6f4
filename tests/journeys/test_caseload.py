"""The list of patients by keys and by typing, and the therapist's daily errands counted in clicks."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from clinics.models import Membership
from patients.models import Alert, Assignment
from tests.cast import Cast, sign_in
from tests.journeys.test_alerts import LAPTOP, hurts

pytestmark = pytest.mark.browser
MOST_CLICKS_TO_ASSIGN, MOST_CLICKS_TO_ACKNOWLEDGE = 6, 2
CARET = "(input) => [input.selectionStart, input.selectionEnd]"
Enter = Callable[[Membership], Page]


class Mouse:
    """Clicks and counts."""

    clicks = 0

    def click(self, what: Any) -> None:
        """Click once."""
        self.clicks += 1
        what.click()


@pytest.fixture
def enter(browser: Browser, live_server: LiveServer) -> Enter:
    """Open one's caseload on a laptop."""

    def open_caseload(member: Membership) -> Page:
        cookie = sign_in(Client(), member).cookies[settings.SESSION_COOKIE_NAME].value
        context = browser.new_context(**LAPTOP, base_url=live_server.url)
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.goto("/patients/?who=clinic")
        return page

    return open_caseload


def shown(page: Page) -> Any:
    """Return the names of the list."""
    return page.locator("a.who")


def test_typing_narrows_the_list_and_neither_focus_nor_caret_nor_filters_get_lost(enter: Enter, cast: Cast) -> None:
    page = enter(cast.therapist)
    page.locator("select[name=order]").select_option("name")
    expect(page.locator("#list tr.grp")).to_have_count(0)
    search = page.locator("[data-search]")
    search.click()
    page.keyboard.type("vog")
    expect(shown(page)).to_have_text(["Lena Vogt"])
    page.keyboard.press("Home")
    page.keyboard.insert_text("le ")  # at once: letter by letter a slow machine searches in between
    page.wait_for_url("**q=le%20vog**")
    expect(shown(page)).to_have_text(["Lena Vogt"])
    expect(search).to_be_focused()
    assert search.evaluate(CARET) == [3, 3]
    assert "order=name" in page.url
    assert "who=clinic" in page.url
    # going back is the search before, with its words in the field; and the keys still work there
    page.go_back()
    page.wait_for_url("**q=vog**")
    expect(search).to_have_value("vog")
    expect(shown(page)).to_have_text(["Lena Vogt"])
    shown(page).first.focus()
    page.keyboard.press("/")
    expect(search).to_be_focused()
    page.reload()
    expect(search).to_have_value("vog")
    expect(page.locator("select[name=order]")).to_have_value("name")


def test_keys_walk_the_list_and_open_a_record(enter: Enter, cast: Cast) -> None:
    hurts(cast.marek)
    page = enter(cast.therapist)
    selected = page.locator("tr.sel a.who")
    shown(page).first.focus()
    expect(selected).to_have_text("Marek Novák")
    page.keyboard.press("j")
    expect(selected).to_have_text("Hannah Brandt")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(selected).to_have_text("Lena Vogt")
    page.keyboard.press("k")
    page.keyboard.press("k")
    expect(selected).to_have_text("Marek Novák")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/patients/{cast.marek.pk}/")


def test_an_alert_is_acknowledged_in_two_clicks(enter: Enter, cast: Cast) -> None:
    alert = hurts(cast.marek)
    page, mouse = enter(cast.therapist), Mouse()
    mouse.click(page.locator("tr", has_text="Marek Novák").locator("[data-act]"))
    mouse.click(page.locator("#alerts").get_by_role("button", name="Acknowledge").first)
    expect(page.locator("#toasts")).to_contain_text("Acknowledged")
    assert mouse.clicks <= MOST_CLICKS_TO_ACKNOWLEDGE
    alert.refresh_from_db()
    assert (alert.status, alert.seen_by) == (Alert.Status.ACKNOWLEDGED, cast.therapist)


def test_a_program_is_assigned_in_six_clicks(enter: Enter, cast: Cast) -> None:
    page, mouse = enter(cast.therapist), Mouse()
    mouse.click(page.locator("tr", has_text="Lena Vogt").locator("[data-act]"))
    mouse.click(page.locator(".arm", has_text="Leg program"))
    expect(page.locator("input[name=starts_on]")).to_be_visible()
    mouse.click(page.get_by_role("button", name="check and assign"))
    mouse.click(page.get_by_role("button", name=re.compile("^Assign")))
    expect(page.get_by_role("heading", name="Lena Vogt")).to_be_visible()
    assert mouse.clicks <= MOST_CLICKS_TO_ASSIGN
    assert Assignment.objects.filter(patient=cast.lena).exists()
