"""The main job from end to end in a browser: assign, come in, check in, train, be reminded, be seen."""

import datetime as dt
import json
import re
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from clinics.localtime import local_day, to_local, to_utc
from patients.models import Assignment, Patient, ScheduledSession
from reminders.actions.clockwork import tick
from tests.cast import PASSWORD, Cast

ZONE = "Europe/Berlin"
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "locale": "en-GB", "reduced_motion": "reduce"}
LAPTOP: dict[str, Any] = {"viewport": {"width": 1366, "height": 900}, "locale": "en-GB", "reduced_motion": "reduce"}


def sign_in(page: Page, email: str) -> None:
    """Sign in by password."""
    page.goto("/accounts/login/")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "login" not in url)


def change(page: Page, act: Callable[[], None]) -> None:
    """Do something the preview answers, and wait until the answer stands on the page."""
    with page.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true"):
        act()
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)


def tick_days(page: Page, name: str, days: set[int]) -> None:
    """Choose exactly these weekdays."""
    for day in range(1, 8):
        if page.locator(f'input[name={name}][value="{day}"]').is_checked() != (day in days):
            change(page, page.locator(f'label:has(input[name={name}][value="{day}"])').click)
            expect(page.locator(f'input[name={name}][value="{day}"]')).to_be_checked(checked=day in days)


def ask(base: str, path: str, key: str = "", body: dict[str, Any] | None = None) -> Any:
    """Call the API as a program would."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(base + path, data=json.dumps(body).encode() if body else None, headers=headers)
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())


@pytest.mark.browser
@pytest.mark.long
def test_from_assigning_to_being_seen(browser: Browser, live_server: LiveServer, cast: Cast, settings: Any) -> None:
    settings.BASE_URL = live_server.url
    today = local_day(timezone.now(), ZONE)
    weekday = today.isoweekday()
    home = {(weekday - 1 + n) % 7 + 1 for n in (0, 2, 4)}
    supervised = {(weekday - 1 + n) % 7 + 1 for n in (1, 3)}

    # the therapist opens a record, invites, and assigns the leg program from today
    desk = browser.new_context(base_url=live_server.url, **LAPTOP).new_page()
    sign_in(desk, "therapist@riverside.example")
    desk.goto("/patients/new/")
    desk.fill("input[name=first_name]", "Nora")
    desk.fill("input[name=last_name]", "Jensen")
    desk.fill("input[name=email]", "nora@patients.example")
    desk.locator("input[name=invite_now]").set_checked(True, force=True)
    desk.get_by_role("button", name="Add patient").click()
    expect(desk.get_by_role("heading", name="Nora Jensen")).to_be_visible()
    nora = Patient.objects.get(email="nora@patients.example")
    desk.goto(f"/patients/{nora.pk}/assign/")
    desk.locator(".arm", has_text="Leg program").click()
    expect(desk.locator("input[name=starts_on]")).to_be_visible()
    if desk.input_value("input[name=starts_on]") != today.isoformat():
        desk.fill("input[name=starts_on]", today.isoformat())
        change(desk, lambda: desk.locator("input[name=starts_on]").dispatch_event("change"))
    tick_days(desk, "supervised_weekdays", supervised)
    tick_days(desk, "home_weekdays", home)
    desk.get_by_role("button", name=re.compile("check and assign")).click()
    desk.get_by_role("button", name=re.compile("^Assign")).click()
    expect(desk.get_by_role("heading", name="Nora Jensen")).to_be_visible()
    assignment = Assignment.objects.get(patient=nora)
    assert (assignment.status, assignment.starts_on) == ("held", today)
    assert ScheduledSession.objects.filter(assignment=assignment).count() == 40

    # the patient comes in by the mailed link
    invitation = next(message for message in mail.outbox if message.to == ["nora@patients.example"])
    link = re.search(r"http\S+/join/\S+", str(invitation.body))
    assert link is not None
    phone = browser.new_context(base_url=live_server.url, **PHONE).new_page()
    phone.goto(link.group(0))
    phone.fill("input[name=password]", PASSWORD)
    phone.get_by_role("button", name="Accept the invitation").click()

    # agreements, symptom check, first measurement, then Today: each leads to the next
    expect(phone.get_by_text("Step 1 of 3")).to_be_visible()
    phone.locator("label:has(input[name=record])").click()
    phone.locator("label:has(input[name=reminders])").click()
    phone.get_by_role("button", name="Save and go on").click()
    expect(phone.get_by_text("Step 2 of 3")).to_be_visible()
    phone.get_by_role("button", name=re.compile("None of these")).click()
    expect(phone.get_by_text("Step 3 of 3")).to_be_visible()
    assignment.refresh_from_db()
    assert assignment.status == "running"
    phone.fill("input[name=running_described]", "5 km easy")
    phone.locator("input[name=running_capability_0_10][value='4']").check(force=True)
    phone.locator("input[name=running_pain][value='6']").check(force=True)
    phone.get_by_role("button", name="Save").last.click()
    phone.wait_for_url(re.compile(r"/me/$"))

    # check-in in three taps
    taps = 0
    for name, value in (("pain_0_10", 3), ("readiness_0_10", 6)):
        phone.locator(f"label:has(input[name={name}][value='{value}'])").click()
        taps += 1
    phone.get_by_role("button", name=re.compile("None of these")).click()
    taps += 1
    expect(phone.get_by_role("status").filter(has_text=re.compile("saved|Saved")).first).to_be_attached()
    assert taps == 3

    # the session of the day, all as prescribed
    phone.goto("/me/")
    phone.get_by_role("link", name="Already done").click()
    phone.locator("label:has(input[name=pain_during_0_10][value='3'])").click()
    phone.locator("label:has(input[name=effort_rpe_0_10][value='6'])").click()
    phone.get_by_role("button", name=re.compile("All as prescribed")).click()
    phone.wait_for_url(re.compile(r"/me/$"))
    session = ScheduledSession.objects.get(assignment=assignment, on=today)
    assert session.status == "done"

    # the therapist sees it
    desk.goto("/patients/?q=Nora")
    row = desk.locator("tr[data-row]", has_text="Nora Jensen")
    expect(row).to_contain_text("100")
    expect(row).to_contain_text("3")
    desk.goto(f"/patients/{nora.pk}/")
    expect(desk.get_by_text("5 km easy").or_(desk.get_by_text("Latest check-ins")).first).to_be_visible()

    # the reminder of the next session arrives at eight by the patient's clock, not a minute before
    following = ScheduledSession.objects.planned().filter(assignment=assignment, on__gt=today).order_by("on").first()
    assert following is not None
    due = to_utc(following.on, dt.time(8, 0), ZONE)
    mail.outbox.clear()
    tick(now=due - dt.timedelta(minutes=1))
    assert [message for message in mail.outbox if message.to == ["nora@patients.example"]] == []
    tick(now=due)
    sent = [message for message in mail.outbox if message.to == ["nora@patients.example"]]
    assert len(sent) == 1
    assert to_local(due, ZONE).time() == dt.time(8, 0)
    assert not re.search(r"pain|back|squat|leg|exercise|program", str(sent[0].subject), re.IGNORECASE)

    # a program reads the same
    key = ask(live_server.url, "/api/v1/tokens/", body={"email": "nora@patients.example", "password": PASSWORD, "name": "test"})["key"]
    check_ins = ask(live_server.url, "/api/v1/check-ins/", key)["results"]
    assert [(one["pain_0_10"], one["readiness_0_10"]) for one in check_ins] == [(3, 6)]
    logs = ask(live_server.url, "/api/v1/session-logs/", key)["results"]
    assert [(one["as_prescribed"], one["pain_during_0_10"]) for one in logs] == [(True, 3)]
