"""Building with the keyboard alone: arrows in the table, Enter to the dose, Shift and arrow to the right, Space to lift a row."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from programs.layout import whole_plan
from programs.rules.building import line_at, session_at
from tests.cast import Cast, sign_in
from tests.programs.building import draft_of, fresh

pytestmark = pytest.mark.browser
LAPTOP: dict[str, Any] = {"viewport": {"width": 1366, "height": 900}, "locale": "en-GB", "reduced_motion": "reduce"}


def test_a_dose_is_set_copied_and_a_row_moved_by_keys(browser: Browser, live_server: LiveServer, cast: Cast) -> None:
    version = draft_of(cast)
    cookie = sign_in(Client(), cast.therapist).cookies[settings.SESSION_COOKIE_NAME].value
    context = browser.new_context(**LAPTOP, base_url=live_server.url)
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    page = context.new_page()
    page.goto(reverse("programs:build", args=[version.pk]) + "?place=home-0")
    focused = page.locator(":focus")
    page.locator('[id="c-main.single_leg_squat.0-1"]').focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(focused).to_have_id("c-main.wall_sit.0-2")
    page.keyboard.press("Enter")
    expect(focused).to_have_id("dose_sets")
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    expect(page.locator('[id="c-main.wall_sit.0-2"]')).to_contain_text("5×20s")
    page.locator('[id="c-main.wall_sit.0-2"]').focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(focused).to_have_id("c-main.wall_sit.0-3")
    expect(focused).to_contain_text("5×20s")
    page.locator('[id="grip-main.wall_sit.0"]').focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowUp")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.keyboard.press("Space")
    expect(page.locator("tr[data-row]").first).to_have_attribute("data-row", "main.wall_sit.0")
    expect(focused).to_have_id("grip-main.wall_sit.0")
    page.get_by_role("searchbox", name="Find an exercise").fill("glute")
    expect(page.get_by_role("button", name="Add Glute bridge")).to_be_visible()
    expect(page.get_by_role("button", name="Add Leg press")).to_be_hidden()
    plan, place, row = whole_plan(fresh(version)), ("home", 0), ("main", "wall_sit", 0)
    lines = [line_at(plan, week, place, row) for week in (1, 2, 3, 4)]
    assert [line.sets for line in lines if line] == [2, 5, 5, 3]
    session = session_at(plan, 5, place)
    assert session is not None
    assert [line.key for line in session.lines if line.block == "main"][0] == "wall_sit"
    context.close()
