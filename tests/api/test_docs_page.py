"""The page that shows the API works under the same strict content policy as every other page."""

from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.cast import Cast, sign_in


def test_the_page_lists_the_operations_and_loads_nothing_from_elsewhere(live_server: LiveServer, browser_page: Page, cast: Cast) -> None:
    session = sign_in(Client(), cast.therapist).cookies[settings.SESSION_COOKIE_NAME].value
    browser_page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    asked: list[str] = []
    browser_page.on("request", lambda request: asked.append(request.url))
    browser_page.goto("/api/v1/docs/")
    group = browser_page.locator("#operations-tag-check-ins")
    expect(group).to_be_visible(timeout=30_000)
    group.click()
    browser_page.locator("#operations-check-ins-check_ins_create .opblock-summary").click()
    expect(browser_page.get_by_text("This morning").first).to_be_attached(timeout=30_000)
    assert [url for url in asked if not url.startswith((live_server.url, "data:", "blob:"))] == []
