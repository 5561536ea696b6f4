"""Every page of a patient as people with poor eyes, big thumbs and slow networks meet it."""

import gzip
import time
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import BrowserContext, Response
from pytest_django.live_server_helper import LiveServer

from clinics.models import Membership, User
from patients.actions.caseload import refresh_entry
from patients.actions.runs import add_shoe, log_run
from patients.actions.symptoms import report_symptoms
from patients.models import Assessment, CheckIn, Consent, Patient, Run, ScheduledSession, SymptomReport
from tests.architecture.addresses import addresses
from tests.cast import Cast, member_of, sign_in, start_program

pytestmark = pytest.mark.browser

AXE = Axe().axe_script
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
COLOUR_RULES = ("color-contrast", "link-in-text-block")
"""All that the colours decide; the rest is the same in light and dark."""
NARROW, PHONE, TABLET, LAPTOP = (320, 640), (390, 844), (1024, 768), (1366, 800)
FIRST_VISIT_BYTES, NEXT_VISIT_BYTES, PAGE_BYTES = 120_000, 15_000, 25_000
THUMB = 44
OTHERS = ("stop", "stop_mistake", "session_run", "consent")
"""Pages of another state than the running program, looked at on their own."""
ELSEWHERE = (
    "reminders:mine",
    "reminders:preferences",
    "reminders:calendar",
    "reminders:phone",
    "clinics:settings",
    "clinics:sessions",
    "mfa_index",
    "account_change_password",
)
"""Pages that patients have in common with others, or that other apps serve."""

TOO_WIDE = """() => {
  const room = document.documentElement.clientWidth;
  const wide = document.documentElement.scrollWidth - room;
  if (wide <= 0) return [];
  const over = [...document.querySelectorAll("main *, header *, nav *")].filter((one) => one.getBoundingClientRect().right > room + 1);
  return [`${wide} px too wide: ` + over.slice(-3).map((one) => one.outerHTML.slice(0, 90)).join(" | ")];
}"""
TOO_SMALL = """(least) => {
  const found = [];
  for (const one of document.querySelectorAll(".ph :is(a, button, input, select, textarea, summary)")) {
    if (one.type === "hidden" || one.closest("[hidden], .vh, svg") || !one.checkVisibility({ visibilityProperty: true })) continue;
    if (one.matches("a") && getComputedStyle(one).display === "inline") continue; // a link within a sentence
    const frame = one.matches("[type=radio], [type=checkbox]") ? "label" : one.matches("input") ? ".input" : "*";
    const box = one.closest(frame) ?? one;
    const { width, height } = box.getBoundingClientRect();
    if (width && Math.min(width, height) < least - 0.5) {
      found.push(`${Math.round(width)} x ${Math.round(height)}: ${box.outerHTML.slice(0, 110)}`);
    }
  }
  return found;
}"""


NEW_LOOKS = """(known) => {
  const seen = new Set(known), looks = new Map();
  const mixed = ([first, second], text) => {
    for (let place = 0; place < text.length; place++) {
      first = (Math.imul(first, 33) + text.charCodeAt(place)) | 0;
      second = (Math.imul(second, 65599) + text.charCodeAt(place)) | 0;
    }
    return [first, second];
  };
  for (const one of [document.documentElement, document.body, ...document.body.querySelectorAll("*")]) {
    const { color, backgroundColor, backgroundImage, opacity, fontSize, fontWeight } = getComputedStyle(one);
    const own = [one.localName, one.getAttribute("class"), color, backgroundColor, backgroundImage, opacity, fontSize, fontWeight];
    const look = mixed(looks.get(one.parentElement) ?? [5381, 52711], own.join(" "));
    looks.set(one, look);
    const isSeen = one.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    const key = isSeen && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) ? look.join() : "";
    if (key && seen.has(key)) {
      one.removeAttribute("data-look");
    } else {
      one.setAttribute("data-look", key);
      seen.add(key);
    }
  }
  axe.configure({ rules: [{ id: "color-contrast", selector: "[data-look]" }] });
}"""
"""Leaves out text that stood in the same place of other pages, in the same colours on the same grounds: one row of forty is measured."""
RUN = """async (options) => {
  const { violations, incomplete } = await axe.run(options);
  const open = incomplete.flatMap((rule) => rule.nodes).map((node) => document.querySelector(node.target[0])?.dataset.look);
  const looks = [...document.querySelectorAll("[data-look]")].map((one) => one.dataset.look).filter((look) => look && !open.includes(look));
  return { violations, looks };
}"""
"""Runs axe; a look counts as measured where axe could decide on it."""


def confirm(client: Client, member: Membership) -> Client:
    """Let somebody who is signed in have just shown that it is them."""
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
    session["account_authentication_methods_user"] = str(member.user_id)
    session.save()
    return client


class Looker:
    """A page that is looked at in both languages and colours, and what was wrong with it."""

    def __init__(self, context: BrowserContext, live_server: LiveServer, *, is_clinic: bool = False) -> None:
        """Open an empty page."""
        self.context, self.base, self.is_clinic = context, live_server.url, is_clinic
        self.page = context.new_page()
        self.wrong: list[str] = []
        self.looks: set[str] = set()

    def enter(self, member: Membership) -> None:
        """Sign a member in, just confirmed."""
        cookie = confirm(sign_in(Client(), member), member).cookies[settings.SESSION_COOKIE_NAME].value
        self.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": self.base}])

    def at(self, member: Membership, urls: Iterable[str], language: str) -> None:
        """Look at pages as this member."""
        self.enter(member)
        User.objects.filter(pk=str(member.user_id)).update(language=language, theme="")
        for url in urls:
            self.look(url)

    def look(self, url: str) -> None:
        """Look at one page in both colours, and, where patients go, narrow and with large text."""
        self.resize(LAPTOP if self.is_clinic else PHONE)
        self.page.emulate_media(color_scheme="light")
        answer = self.page.goto(f"{self.base}{url}")
        if answer is None or answer.status != 200 or self.page.url != f"{self.base}{url}":
            self.note(url, "not shown", [f"{answer and answer.status} {self.page.url}"])
        self.page.evaluate(AXE)
        self.axe(url, {"runOnly": {"type": "tag", "values": list(TAGS)}, "rules": {"target-size": {"enabled": True}}})
        self.page.emulate_media(color_scheme="dark")
        self.axe(f"{url} dark", {"runOnly": {"type": "rule", "values": list(COLOUR_RULES)}})
        if self.is_clinic:
            for size in (TABLET, PHONE):
                self.resize(size)
                self.note(url, f"{size[0]} px", self.page.evaluate(TOO_WIDE))
            return
        self.note(url, "thumb", self.page.evaluate(TOO_SMALL, THUMB))
        self.resize(NARROW)
        self.note(url, "320 px", self.page.evaluate(TOO_WIDE))
        self.resize(PHONE)
        self.page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
        self.note(url, "text at 200 %", self.page.evaluate(TOO_WIDE))

    def axe(self, where: str, rules: dict[str, Any]) -> None:
        """Let axe look with these rules; contrast is measured where a place or its colours are new."""
        self.page.evaluate(NEW_LOOKS, list(self.looks))
        options = {"resultTypes": ["violations", "incomplete"], "preload": False, "iframes": False, **rules}
        found = self.page.evaluate(RUN, options)
        self.looks |= set(found["looks"])
        for one in found["violations"]:
            self.note(where, one["id"], [node["html"][:160] for node in one["nodes"]])

    def resize(self, size: tuple[int, int]) -> None:
        """Make the window so wide and high."""
        self.page.set_viewport_size({"width": size[0], "height": size[1]})

    def note(self, where: str, what: str, found: Iterable[str]) -> None:
        """Keep what was found."""
        self.wrong += [f"{where} · {what} · {one}" for one in found]


def patient_pages(patient: Patient, session: ScheduledSession) -> Iterator[str]:
    """Yield every address below /me/ that a running program has, computed from the resolver, and what patients share with others."""
    rows: dict[str, Any] = {
        "run": Run.objects.filter(patient=patient).first(),
        "run_delete": Run.objects.filter(patient=patient).first(),
        "assessment": Assessment.objects.filter(patient=patient, done_at=None).order_by("due_on").first(),
        "entry_correct": CheckIn.objects.filter(patient=patient).first(),
    }
    for address in addresses():
        space, _, name = address.name.rpartition(":")
        if space != "patients" or address.is_api or "GET" not in address.view.methods or name in OTHERS:
            continue
        row = rows.get(name, session)
        if row is not None and address.url(row.pk).startswith("/me/"):
            yield address.url(row.pk)
    yield from (reverse(name) for name in ELSEWHERE)
    yield reverse("offline", args=["de"])


@pytest.mark.long
def test_every_page_of_a_patient_is_accessible_narrow_and_large(context: BrowserContext, live_server: LiveServer, cast: Cast) -> None:
    now = timezone.now()
    patient, by, session = cast.hannah, member_of(cast.hannah), cast.session_today(cast.hannah)
    add_shoe(patient=patient, name="Blaue Laufschuhe mit viel Profil", by=by, now=now)
    log_run(patient=patient, by=by, now=now, distance_km=Decimal(5), duration_seconds=1800, pain_worst_0_10=3, leg_pain_0_10=1)
    start_program(cast.marek, "run_walk", cast.therapist2, cast.version("run_walk"), 3, now)
    intervals = ScheduledSession.objects.filter(patient=cast.marek, status="planned").order_by("on")[0]
    Assessment.objects.filter(patient=patient, key="middle").update(due_on=session.on)
    pages = list(patient_pages(patient, session))
    assert len(pages) > 25
    look = Looker(context, live_server)
    look.at(by, pages, "de")  # the longer words
    look.at(by, [reverse(f"patients:{name}") for name in ("today", "check_in", "progress")], "en")
    look.at(member_of(cast.marek), [reverse("patients:session_run", args=[intervals.pk]), reverse("patients:today")], "en")
    report, _ = report_symptoms(patient=patient, signs=("saddle_numbness",), context=SymptomReport.Context.CHECK_IN, by=by, now=now)
    look.at(by, [reverse("patients:today"), *(reverse(f"patients:{name}", args=[report.pk]) for name in ("stop", "stop_mistake"))], "de")
    Consent.objects.filter(patient=cast.marek).delete()
    refresh_entry(cast.marek, now=now)
    look.at(member_of(cast.marek), [reverse("patients:consent")], "de")
    look.look("/me/nothing-here/")
    assert [one for one in look.wrong if "not shown · 404" not in one] == [], "\n".join(look.wrong)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("<div class=row><p>words</p></div>", "<div class=row style=background:#333><p>words</p></div>", id="another ground"),
        pytest.param("<p>words</p>", "<style>body { background: #333 }</style><p>words</p>", id="another page"),
        pytest.param("<p class=pale></p>", "<p class=pale>words</p>", id="empty before"),
        pytest.param("<p class=pale hidden>words</p>", "<p class=pale>words</p>", id="hidden before"),
        pytest.param("<div><p class=fog>words</p></div>", "<div><p class=fog style=background:none>words</p></div>", id="undecided before"),
    ],
)
def test_a_look_of_one_page_hides_no_fault_of_another(context: BrowserContext, live_server: LiveServer, before: str, after: str) -> None:
    look = Looker(context, live_server)
    style = "<style>p { color: #111 } .pale { color: #ddd } .fog { color: #ddd; background: linear-gradient(#fff, #fff) }</style>"
    contrast = {"runOnly": {"type": "rule", "values": list(COLOUR_RULES)}}
    told = []
    for html in (before, after, after):
        look.page.set_content(style + html)
        look.page.evaluate(AXE)
        look.axe("page", contrast)
        told.append(len(look.wrong))
    assert told == [0, 1, 1], "a fault is told once, where it is first seen"


def test_today_is_light_on_a_slow_network(context: BrowserContext, live_server: LiveServer, cast: Cast) -> None:
    cast.session_today(cast.hannah)
    look = Looker(context, live_server)
    look.enter(member_of(cast.hannah))
    answers: list[Response] = []
    look.page.on("response", lambda answer: answers.append(answer))
    look.page.goto(f"{live_server.url}/me/", wait_until="networkidle")
    assert len(answers) > 5
    assert sum(weight(answer) for answer in answers) <= FIRST_VISIT_BYTES
    # what does not change is kept by the browser under a name of its own for ever: only the page itself comes again
    page = answers[0].body()
    assert len(page) <= PAGE_BYTES
    assert len(gzip.compress(page)) <= NEXT_VISIT_BYTES


def weight(answer: Response) -> int:
    """Return the bytes of an answer as they travel: static files compressed once when they are collected, pages as they are."""
    body = answer.body()
    return len(body) if answer.url.endswith((".woff2", ".png")) or "/static/" not in answer.url else len(gzip.compress(body, 9))
