"""The photographer: `python -m tests.screens FOLDER [--only PATTERN] [--base ADDRESS]` against a running demo server.

It reads ids from the database of that server, so it needs the same settings (`VAR_DIR` or `DATABASE_URL`). FOLDER gets a sheet a page
and size (`NAME.phone.png`, `NAME.laptop.png`; with `--sizes tablet` 1024 wide), every picture in `FOLDER/pages/`, and `report.txt`:
answers other than 200, what is too wide or cut, labels of more than a line, errors of the console, sentences that stayed English.
`--who therapist manager` takes only what these people see.
"""

import argparse
import re
import shutil
import sys
import time
from itertools import product
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Error, Page, sync_playwright

from clinics.middleware import CLINIC_KEY
from clinics.models import User
from tests.journeys.test_access import TOO_WIDE
from tests.screens.pages import Shot, member_of, shots, user_of

SIZES = {"phone": (390, 844), "tablet": (1024, 768), "laptop": (1366, 800)}
USUAL = ("phone", "laptop")
COLOURS: tuple[Any, ...] = ("light", "dark")
LANGUAGES = ("en", "de")
QUICK = (("en", "light"), ("de", "dark"))
PATIENCE = 5_000
HIGHEST = 2600
"""Pixels of a page that are photographed."""
CUT = """() => [...document.querySelectorAll("main *")].filter((one) =>
  one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 40 && getComputedStyle(one).overflowX !== "visible"
).map((one) => `${one.scrollWidth} px in ${one.clientWidth}: ${one.outerHTML.slice(0, 80)}`)"""
SEND_EMPTY = """() => {
  const form = [...document.forms].find((one) =>
    one.method === "post" && !one.action.includes("/language/") && (one.closest("main") || one.querySelector("main")));
  setTimeout(() => HTMLFormElement.prototype.submit.call(form), 0);
}"""


LINES = """() => [...document.querySelectorAll(".btn, .chip, .side a, .tabbar a, .seg > *, th")].filter((one) => {
  const words = document.createTreeWalker(one, NodeFilter.SHOW_TEXT), range = document.createRange(), ends = [];
  while (words.nextNode()) {
    range.selectNodeContents(words.currentNode);
    if (!words.currentNode.parentElement.closest(".vh")) ends.push(...[...range.getClientRects()].map((box) => box.bottom));
  }
  return ends.length && Math.max(...ends) - Math.min(...ends) > 12 && one.checkVisibility();
}).map((one) => one.innerText.replaceAll("\\n", " ").slice(0, 60))"""


class Photographer:
    """Goes from page to page with one browser and notes what is wrong."""

    def __init__(self, browser: Browser, base: str, folder: Path) -> None:
        """Begin with an empty report."""
        self.browser, self.base, self.folder = browser, base, folder
        self.report: list[str] = []
        self.words: dict[str, set[str]] = {}

    def visit(self, who: str, todo: list[Shot], size: str, colour: Any, language: str) -> None:
        """Take the pictures of one person in one combination."""
        width, height = SIZES[size]
        with self.browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=colour, locale=language, service_workers="block"
        ) as context:
            context.set_default_timeout(PATIENCE)
            if who:
                User.objects.filter(pk=user_of(who).pk).update(language=language, theme="")
                context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session_of(who), "url": self.base}])
            for shot in todo:
                name = f"{shot.name}.{size}.{language}.{colour}"
                with context.new_page() as page:
                    try:
                        self.take(page, shot, name, language)
                    except Error as error:
                        self.report.append(f"{name} · no picture · {error.message.splitlines()[0]}")

    def take(self, page: Page, shot: Shot, name: str, language: str) -> None:
        """Photograph one page and look it over."""
        errors: list[str] = []
        page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        url = self.base + shot.path.replace("LANGUAGE", language)
        if shot.html:
            html, url = shot.html(language), f"{self.base}/made/{name}"
            page.route(url, lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
        answer = page.goto(url)
        if shot.post_empty:
            with page.expect_navigation():
                page.evaluate(SEND_EMPTY)
        if not shot.post_empty and not shot.name.startswith("error") and (answer is None or answer.status != 200 or page.url != url):
            errors.append(f"answered {answer and answer.status} at {page.url}")
        found = {"console": errors, "too wide": page.evaluate(TOO_WIDE), "cut": page.evaluate(CUT), "lines": page.evaluate(LINES)}
        self.report += [f"{name} · {what} · {one}" for what, many in found.items() for one in dict.fromkeys(many)]
        lines = set(page.evaluate("() => document.body.innerText").splitlines())
        other = self.words.setdefault(f"{shot.name}", lines if language == "en" else set())
        self.report += [f"{name} · not translated? · {one}" for one in sorted(lines & other) if language == "de" and len(one.split()) > 3]
        width, low = page.evaluate("() => [innerWidth, innerHeight]")
        high = min(HIGHEST, max(low, page.evaluate("() => document.documentElement.scrollHeight")))
        page.set_viewport_size({"width": width, "height": high})  # what sticks to the edge of a window is then at the end of the page
        page.screenshot(path=self.folder / "pages" / f"{name}.png", animations="disabled")

    def sheet(self, name: str, size: str) -> None:
        """Put the four pictures of one page and size side by side."""
        pictures = [f"pages/{name}.{size}.{language}.{colour}.png" for language in LANGUAGES for colour in COLOURS]
        width = SIZES[size][0] if size == "phone" else 960
        body = "".join(f'<img src="{one}" width="{width}">' for one in pictures if (self.folder / one).exists())
        columns = f"grid-template-columns:repeat({4 if size == 'phone' else 2},{width}px)"
        page = self.browser.new_page(viewport={"width": 1620 if size == "phone" else 1940, "height": 400})
        style = f"margin:0;background:#888;display:grid;gap:14px;align-items:start;{columns}"
        (self.folder / "sheet.html").write_text(f'<body style="{style}">{body}')
        page.goto(f"file://{self.folder}/sheet.html")
        page.screenshot(path=self.folder / f"{name}.{size}.png", full_page=True)
        page.close()


def session_of(who: str) -> str:
    """Sign somebody in, just confirmed, and return the session's key."""
    client = Client()
    member, user = member_of(who), user_of(who)
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "username": user.email, "reauthenticated": True}]
    session["account_authentication_methods_user"] = str(user.pk)
    if member:
        session[CLINIC_KEY] = str(member.clinic_id)
    session.save()
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


def main() -> None:
    """Photograph everything that was asked for."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--only", default="", help="a regular expression that names of pages contain")
    options.add_argument("--base", default=settings.BASE_URL)
    options.add_argument("--quick", action="store_true", help="only English light and German dark")
    options.add_argument("--sizes", nargs="+", choices=SIZES, default=USUAL, help="how wide: 390, 1024 or 1366 px")
    options.add_argument("--who", nargs="+", default=(), help="only what these people see: therapist, manager, patient1, …")
    chosen = options.parse_args()
    folder = chosen.folder.resolve()
    (folder / "pages").mkdir(parents=True, exist_ok=True)
    todo = [shot for shot in shots() if re.search(chosen.only, shot.name) and (not chosen.who or shot.who in chosen.who)]
    looks = QUICK if chosen.quick else tuple(product(LANGUAGES, COLOURS))
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        photographer = Photographer(browser, chosen.base, folder)
        for who in dict.fromkeys(shot.who for shot in todo):
            own = [shot for shot in todo if shot.who == who]
            for size, (language, colour) in product(chosen.sizes, looks):
                photographer.visit(who, own, size, colour, language)
            for shot, size in product(own, chosen.sizes):
                photographer.sheet(shot.name, size)
            sys.stdout.write(f"{who or 'stranger'}: {len(own)} pages\n")
            sys.stdout.flush()
    (folder / "report.txt").write_text("\n".join(photographer.report) + "\n")
    many = len(todo) * len(chosen.sizes) * len(looks)
    sys.stdout.write(f"{len(todo)} pages, {many} pictures, {len(photographer.report)} remarks in {folder}/report.txt\n")


if __name__ == "__main__":
    main()
