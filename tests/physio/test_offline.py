"""The manifest, the service worker and the page without a connection: the same for everybody, with nothing of anybody."""

import gzip
import json
import re
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from physio.offline import worker_text
from tests.cast import Cast, sign_in


def test_the_product_can_be_installed(client: Client, db: None) -> None:
    manifest = client.get("/manifest.webmanifest").json()
    assert manifest["display"] == "standalone"
    assert client.get(manifest["start_url"]).status_code == 302
    assert {icon["sizes"] for icon in manifest["icons"]} >= {"192x192", "512x512"}
    assert all(finders.find(icon["src"].removeprefix(settings.STATIC_URL)) for icon in manifest["icons"])
    assert b'rel="manifest" href="/manifest.webmanifest"' in client.get(reverse("account_login")).content


def test_the_worker_keeps_only_the_offline_pages_and_static_files(client: Client, db: None) -> None:
    answer = client.get("/sw.js")
    assert answer["Content-Type"].startswith("text/javascript")
    assert answer["Cache-Control"] == "no-cache"
    text = answer.content.decode()
    assert re.search(r"physio-[0-9a-f]{16}", text)
    listed = re.search(r"const FILES = (\[.*?\]);", text)
    assert listed is not None
    files = json.loads(listed[1].replace("\\u002D", "-"))
    assert all(path.startswith(("/static/", "/offline/")) for path in files)
    assert all(finders.find(path.removeprefix(settings.STATIC_URL)) for path in files if path.startswith("/static/"))
    assert all(client.get(path).status_code == 200 for path in files if path.startswith("/offline/"))


def test_the_offline_page_says_nothing_of_whoever_asks(client: Client, cast: Cast) -> None:
    as_stranger = client.get(reverse("offline", args=["de"])).content
    assert sign_in(client, cast.hannah.membership).get(reverse("offline", args=["de"])).content == as_stranger
    assert "Noch nicht gesendet" in as_stranger.decode()
    assert b"csrfmiddlewaretoken" not in as_stranger
    assert client.get("/offline/fr/").status_code == 404


def test_the_scripts_for_times_without_a_connection_are_small() -> None:
    texts = [worker_text(), *(Path(settings.BASE_DIR, "static", "js", name).read_text() for name in ("queue.js", "outbox.js"))]
    assert sum(len(gzip.compress(text.encode())) for text in texts) <= 6_144
