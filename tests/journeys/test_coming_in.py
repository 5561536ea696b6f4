"""Coming in on a phone: from the mailed link over agreements, symptom check and start measurement to Today, tap by tap."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clinics.actions.invitations import invite_to
from clinics.localtime import local_day
from patients.actions.assigning import assign_program
from patients.models import Assessment, Assignment, Consent, Patient
from tests.cast import PASSWORD, Cast

pytestmark = pytest.mark.browser

SECONDS_A_TAP = 2
SECONDS_A_FIELD = 12
SECONDS_TO_READ = 90
"""Reading the three short texts and the list of signs; taps and fields are what the page itself asks for."""

COVERED = """() => [...document.querySelectorAll("button[name=answer]")].filter((one) => one.offsetWidth > 1).filter((one) => {
  one.scrollIntoView({ block: "nearest" });
  const { left, top, width, height } = one.getBoundingClientRect();
  return !one.contains(document.elementFromPoint(left + width / 2, top + height / 2));
}).map((one) => one.textContent)"""
"""Answers that cannot be touched because something, such as the note that all was saved, lies over them."""


class Hand:
    """A page that counts how often it was touched and how many fields were typed into."""

    def __init__(self, page: Page) -> None:
        """Start with none."""
        self.page = page
        self.taps = self.fields = 0

    def tap(self, selector: str) -> None:
        """Touch the first visible match."""
        self.taps += 1
        self.page.locator(selector).locator("visible=true").first.click()

    def type(self, selector: str, text: str) -> None:
        """Fill in one field."""
        self.fields += 1
        self.page.fill(selector, text)


def invited(cast: Cast, live_server: LiveServer, settings: Any) -> str:
    """Give Lena the leg program from today and invite her; returns the mailed link."""
    settings.BASE_URL = live_server.url
    lena = Patient.objects.select_related("clinic", "caseload", "membership__clinic").get(pk=cast.lena.pk)
    assert lena.membership is not None
    today = local_day(timezone.now(), lena.zone)
    assign_program(
        patient=lena,
        version=cast.version("leg"),
        starts_on=today,
        supervised_weekdays=[1, 4],
        home_weekdays=[2, 5, 7],
        supervised_time=dt.time(17),
        by=cast.therapist,
        now=timezone.now(),
    )
    invite_to(membership=lena.membership, email="lena@patients.example", by=cast.therapist, now=timezone.now(), language="en")
    link = re.search(r"http\S+/join/\S+", str(mail.outbox[-1].body))
    assert link is not None
    return link.group(0)


@pytest.mark.parametrize("scripts", [True, False])
def test_from_the_invitation_to_today_in_few_taps(
    new_context: Callable[..., Any],
    live_server: LiveServer,
    cast: Cast,
    settings: Any,
    scripts: bool,
) -> None:
    link = invited(cast, live_server, settings)
    page = new_context(java_script_enabled=scripts).new_page()
    page.set_default_timeout(20_000)
    hand = Hand(page)
    page.goto(link)
    hand.type("input[name=password]", PASSWORD)
    hand.tap("button:has-text('Accept the invitation')")

    expect(page.get_by_text("Step 1 of 3")).to_be_visible()
    assert page.locator("input[type=checkbox]:checked").count() == 0
    hand.tap("label:has(input[name=record])")
    hand.tap("label:has(input[name=reminders])")
    hand.tap("button:has-text('Save and go on')")

    expect(page.get_by_text("Step 2 of 3")).to_be_visible()
    assert page.evaluate(COVERED) == []
    hand.tap("button:has-text('None of these')")

    expect(page.get_by_text("Step 3 of 3")).to_be_visible()
    hand.type("input[name=running_described]", "5 km easy")
    hand.tap("label:has(input[name=running_capability_0_10][value='4'])")
    hand.tap("label:has(input[name=running_pain][value='6'])")
    hand.tap("button:has-text('Save')")

    page.wait_for_url(re.compile(r"/me/$"))
    expect(page.get_by_text("How much back pain right now?")).to_be_visible()
    assert (hand.taps, hand.fields) == (8, 2)
    assert hand.taps * SECONDS_A_TAP + hand.fields * SECONDS_A_FIELD + SECONDS_TO_READ < 180
    assert set(Consent.objects.in_force().filter(patient=cast.lena).values_list("purpose", flat=True)) == {"record", "reminders"}
    assert Assignment.objects.get(patient=cast.lena).status == "running"
    assert Assessment.objects.get(patient=cast.lena, key="baseline").status == "done"
