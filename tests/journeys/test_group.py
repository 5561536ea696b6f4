"""A group of five on one tablet, counted in taps; without a connection; and another tablet beside it."""

import datetime as dt
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
from patients.models import GroupEntry, SessionLog
from tests.cast import Cast, sign_in
from tests.patients.test_group import group_of

pytestmark = pytest.mark.browser
TABLET: dict[str, Any] = {"viewport": {"width": 1024, "height": 768}, "locale": "en-GB", "reduced_motion": "reduce", "has_touch": True}
MOST_TAPS = 17
LATER = 16_000
Enter = Callable[[Membership], Page]


@pytest.fixture
def enter(browser: Browser, live_server: LiveServer) -> Enter:
    """Open the caseload on a tablet of one's own."""

    def open_tablet(member: Membership) -> Page:
        cookie = sign_in(Client(), member).cookies[settings.SESSION_COOKIE_NAME].value
        context = browser.new_context(**TABLET, base_url=live_server.url, service_workers="block")
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.clock.install()
        page.goto("/patients/")
        return page

    return open_tablet


@pytest.mark.long
def test_a_group_of_five_takes_seventeen_taps_and_two_tablets_lose_nothing(enter: Enter, cast: Cast) -> None:
    sessions = group_of(cast, 5, cast.now.date())
    for one in sessions:
        check_in(patient=one.patient, pain_0_10=1, readiness_0_10=7, by=cast.therapist, now=cast.now)
    page, taps = enter(cast.therapist), 0

    def tap(what: Any) -> None:
        nonlocal taps
        taps += 1
        what.click()

    page.locator(".topbar summary").click()  # the menu of narrow screens; beside it the place stands open
    tap(page.locator(".topbar .mainnav a", has_text="In clinic today"))
    lanes = page.locator("[data-lane]")
    expect(lanes).to_have_count(5)
    beside = enter(cast.therapist2)
    beside.goto("/sessions/today/")
    beside.clock.pause_at(timezone.now() + dt.timedelta(seconds=5))  # it does not look for what others do meanwhile

    # without a connection everything waits on the tablet
    page.context.set_offline(True)
    for number in range(3):
        tap(lanes.nth(number).get_by_role("button", name="All as planned"))
    expect(page.locator("#saved")).to_contain_text("3 entries not yet sent")
    assert not GroupEntry.objects.exists()
    page.context.set_offline(False)
    expect(page.locator("#saved")).to_contain_text("All saved")
    for number in (3, 4):
        tap(lanes.nth(number).get_by_role("button", name="All as planned"))
    expect(page.locator("#saved")).to_contain_text("All saved")
    assert GroupEntry.objects.filter(what="set").values("session").distinct().count() == 5

    # the other tablet still shows an older sheet: its load is refused, and both values are shown
    more = "details.lane__more summary"
    for tablet, steps in ((page, 1), (beside, 2)):
        lane = tablet.locator("[data-lane]").first
        lane.locator(more).first.click()
        for _step in range(steps):
            lane.locator(".lane__more").first.get_by_role("button", name="more: Load").click()
        tablet.clock.run_for(600)
        expect(tablet.locator("#saved")).to_contain_text("All saved")
    refused = beside.locator("#refused")
    expect(refused).to_contain_text("Jonas Keller entered “0.5 kg”")
    expect(refused).to_contain_text("you entered “1 kg”")
    refused.get_by_role("button", name="Enter mine").click()
    expect(refused).to_be_hidden()
    expect(beside.locator("#saved")).to_contain_text("All saved")
    page.clock.run_for(LATER)
    expect(lanes.first.locator("[data-load]").first).to_have_text("1 kg")

    for number in range(5):
        for fieldset, score in ((0, "2"), (1, "6")):
            tap(lanes.nth(number).locator("fieldset").nth(fieldset).get_by_role("radio", name=score, exact=True))
    tap(page.get_by_role("button", name="Finish group"))
    expect(page.locator("[data-stage=done]")).to_have_count(5)
    assert taps <= MOST_TAPS
    logs = SessionLog.objects.filter(session__in=sessions)
    assert {(log.pain_during_0_10, log.effort_rpe_0_10) for log in logs} == {(2, 6)}
    assert logs.count() == 5
