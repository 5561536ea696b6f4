"""A notification from end to end: switched on by the page's script, encrypted and sent, shown by the service worker, opened by a tap.

What stands between, the push service of the browser's maker, is played: Chromium cannot reach Google's from here. The page gets the
subscription of a browser whose keys the test holds, and the decrypted message is handed to Chromium as its push service would.
"""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from reminders.actions.outbox import Clock, drain
from reminders.actions.planning import plan_deliveries
from reminders.models import Delivery, Kind, Preference, PushSubscription
from tests.cast import Cast
from tests.journeys.test_offline import enter
from tests.physio.processes import eventually
from tests.reminders import push_service

pytestmark = pytest.mark.browser

SETTLES_MS = 500
SUBSCRIBE = """(keys) => {
  const toBuffer = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0)).buffer;
  PushManager.prototype.subscribe = async (options) => {
    window.askedWith = btoa(String.fromCharCode(...new Uint8Array(options.applicationServerKey)));
    return { endpoint: keys.endpoint, getKey: (name) => toBuffer(keys[name]) };
  };
}"""


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[push_service.PushService]:
    with push_service.push_service(tmp_path, monkeypatch.setattr) as found:
        yield found


@pytest.fixture
def phone(whole_browser: Browser, browser_context_args: dict[str, Any], live_server: LiveServer, cast: Cast) -> Page:
    """Hannah's phone, allowed to show notifications."""
    wanted = {**browser_context_args, "service_workers": "allow", "permissions": ["notifications"]}
    context = whole_browser.new_context(**wanted, base_url=live_server.url)
    enter(context, live_server, cast.hannah)
    page = context.new_page()
    page.set_default_timeout(20_000)
    return page


def registration(page: Page) -> tuple[Any, str]:
    """Return a session with the browser and the number of its service worker."""
    session, found = page.context.new_cdp_session(page), []
    session.on("ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(event["registrations"]))
    session.send("ServiceWorker.enable")
    page.wait_for_function("() => navigator.serviceWorker.controller")
    page.wait_for_timeout(500)
    return session, str(found[-1]["registrationId"])


@pytest.mark.long
def test_a_notification_from_the_switch_to_the_tap(
    phone: Page, live_server: LiveServer, cast: Cast, service: push_service.PushService
) -> None:
    device = push_service.Browser()
    phone.goto("/me/reminders/")
    phone.evaluate(SUBSCRIBE, {"endpoint": service.url(), "p256dh": device.p256dh, "auth": device.auth})
    phone.get_by_role("button", name="Switch on here").click()
    expect(phone.get_by_text("Notifications on 1 device")).to_be_visible()
    assert PushSubscription.objects.get().patient_id == cast.hannah.pk

    cast.session_today(cast.hannah)
    now = timezone.now()
    Preference.objects.filter(kind=Kind.SESSION_TODAY).update(at_local_time=dt.time(0, 1))
    plan_deliveries(now=now, looked_at=now - dt.timedelta(days=2), patients=[cast.hannah.pk])
    Delivery.objects.filter(patient=cast.hannah, kind=Kind.SESSION_TODAY).update(
        due_at=now - dt.timedelta(minutes=1), expires_at=now + dt.timedelta(hours=1), status=Delivery.Status.QUEUED
    )
    drain(clock=Clock(now), seconds=20)
    message = next(one for one in (device.read(taken.body) for taken in service.taken) if one["body"] == "Something is planned for today.")

    session, number = registration(phone)
    shown = "async () => (await (await navigator.serviceWorker.ready).getNotifications()).map((one) => [one.title, one.body])"
    one = [["Riverside Physiotherapy", "Something is planned for today."]]
    for _time in range(2):
        session.send("ServiceWorker.deliverPushMessage", {"origin": live_server.url, "registrationId": number, "data": json.dumps(message)})
        phone.wait_for_timeout(SETTLES_MS)  # between the first and the one that takes its place there is none for a moment
        assert eventually(lambda: phone.evaluate(shown) == one), "the second takes the place of the first"
    (worker,) = phone.context.service_workers
    worker.evaluate(
        """async () => {
          const [notification] = await self.registration.getNotifications();
          self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
        }"""
    )
    phone.wait_for_url(f"**{message['url']}")
    assert phone.evaluate(shown) == []
