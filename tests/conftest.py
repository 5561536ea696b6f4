"""Fixtures every test may use, and what must hold before the first of them runs."""

import gc
import os
import pickle
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import Browser, BrowserType, Page, expect
from pytest_django.live_server_helper import LiveServer
from pytest_playwright.pytest_playwright import CreateContextCallback

from clinics import audit
from physio.messages import compile_messages
from programs import frozen
from programs.actions import load_library
from tests.caches import empty_cache
from tests.cast import Cast, build_cast, recall_cast
from tests.kept import Migrated, keep_copy, migrated_in

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's own loop runs in the thread of the test

CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), "")
QUICK_CHROMIUM = shutil.which("chromium-headless-shell") or CHROMIUM
"""The same browser without windows, where it is installed as well, takes a third less time; it has no notifications that can be closed."""
BROWSER_FIXTURES = frozenset({"page", "context", "browser", "whole_browser", "browser_page", "new_context"})
PATIENCE_MS = 20_000
"""A busy machine may take this long to show what is right."""
OBJECTS_BETWEEN_LOOKS = 100_000
"""How many new objects the collector waits for; by its own measure (700) a tenth of all the time went into looking."""
skipped_journeys = pytest.StashKey[int]()

# A busy machine is no reason to fail: how long an example takes is not what these tests are about.
hypothesis_settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("steady")
tallied = pytest.StashKey[dict[str, int]]()


def pytest_configure(config: pytest.Config) -> None:
    """Compile the texts once, before a worker reads them, and let the collector look seldom."""
    gc.set_threshold(OBJECTS_BETWEEN_LOOKS, 20, 20)
    compile_messages(Path(settings.BASE_DIR, "locale"))
    expect.set_options(timeout=PATIENCE_MS)


def pytest_xdist_auto_num_workers() -> int:
    """A worker for each core and one more: some tests wait for a server, a tick or a browser, and another runs meanwhile."""
    return (os.cpu_count() or 1) + 1


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave no folder behind."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.get("TESTS_FOLDER", ""), ignore_errors=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what drives a browser and put it last, since windows stay open, the long ones first of them; skip it where there is none."""
    skipped = 0
    for item in items:
        if BROWSER_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("browser")
        if item.get_closest_marker("browser") and not CHROMIUM:
            item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))
            skipped += 1
    items.sort(key=lambda item: (item.get_closest_marker("browser") is not None, item.get_closest_marker("long") is None))
    config.stash[skipped_journeys] = skipped


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how many pairs were checked, and loudly what was not looked at."""
    for what, number in sorted(config.stash.get(tallied, {}).items()):
        terminalreporter.write_line(f"checked {number} pairs: {what}")
    if CHROMIUM:
        return
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if "no Chromium" in str(report.longrepr)]
    if skipped:
        terminalreporter.write_sep("!", f"{len(skipped)} browser tests were SKIPPED: there is no Chromium here", red=True, bold=True)


@pytest.fixture(autouse=True)
def _nobody_acts() -> None:
    """Let the trail know nobody at first: signing in without a request would leave its person to the test after."""
    audit._actor.set(audit.SYSTEM)


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Start every test without counters, sessions or texts of the one before."""
    empty_cache()


@pytest.fixture
def no_plan_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process know no published plan yet, for tests that change one, which nobody else can."""
    monkeypatch.setattr(frozen, "_plans", {})
    monkeypatch.setattr(frozen, "_exercises", {})


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Start the machine's own Chromium, the quick one, quietly and without a sandbox."""
    return {
        **browser_type_launch_args,
        "executable_path": QUICK_CHROMIUM,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
        ],
    }


@pytest.fixture
def whole_browser(browser_type: BrowserType, browser_type_launch_args: dict[str, Any]) -> Iterator[Browser]:
    """A browser with all its parts, for what the one without windows cannot do."""
    browser = browser_type.launch(**browser_type_launch_args | {"executable_path": CHROMIUM})
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A phone-sized English browser that asks for less motion, without service worker; tests that need another make their own context."""
    return {
        **browser_context_args,
        "viewport": {"width": 390, "height": 844},
        "locale": "en-GB",
        "reduced_motion": "reduce",
        "service_workers": "block",
    }


@pytest.fixture
def browser_page(live_server: LiveServer, new_context: CreateContextCallback) -> Iterator[Page]:
    """A page of the running product, addressed by path: `goto("/today/")`; an error in a script or on the console fails the test."""
    page = new_context(base_url=live_server.url).new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.set_default_timeout(PATIENCE_MS)
    yield page
    # A refused form (409, 422) is an answer, not an error, although the browser notes it on the console.
    assert [error for error in errors if "status of 4" not in error] == []


@pytest.fixture
def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def own_environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a product of its own in an empty folder, for tests that start processes."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "ENV_FILE": "",
        "VAR_DIR": str(tmp_path / "var"),
        "LOG_LEVEL": "WARNING",
        "DEMO": "off",
    }


kept_cast = pytest.StashKey[bytes]()


@pytest.fixture(scope="session")
def migrated(request: pytest.FixtureRequest) -> Migrated:
    """The database that migrations made, from this run or an earlier one."""
    return migrated_in(request.config.cache.mkdir("migrated"))


@pytest.fixture(scope="session")
def django_db_keepdb(
    django_db_keepdb: bool, django_db_createdb: bool, django_db_modify_db_settings: None, django_db_blocker: Any, migrated: Migrated
) -> bool:
    """Put the migrated database where this worker looks for its own; pytest-django then only adds to it."""
    if django_db_createdb:
        return django_db_keepdb
    with django_db_blocker.unblock():
        return migrated.take(connection.settings_dict["TEST"]["NAME"])


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any, migrated: Migrated, request: pytest.FixtureRequest) -> Iterator[None]:
    """Load the library and let the cast come in once; every test starts from them and leaves nothing behind."""
    with django_db_blocker.unblock():
        migrated.keep()
        load_library(now=timezone.now())
        request.config.stash[kept_cast] = pickle.dumps(recall_cast(build_cast().now))
        copy = keep_copy()
    # Others roll back; what a transactional test left is replaced by the copy as a whole.
    case: Any = TransactionTestCase
    empty, case._fixture_teardown = case._fixture_teardown, lambda self: copy.restore()
    # What is loaded by now stays; the collector need not look through it in every test.
    gc.collect()
    gc.freeze()
    yield
    case._fixture_teardown = empty
    with django_db_blocker.unblock():
        copy.drop()
        migrated.drop()


@pytest.fixture
def cast(db: None, request: pytest.FixtureRequest) -> Cast:
    """The people every test knows, as if each had been loaded afresh."""
    cast: Cast = pickle.loads(request.config.stash[kept_cast])  # noqa: S301 - written by this very process
    return cast


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Callable[[str, int], None]:
    """Count what a test looked at; the sums are printed at the end of the run."""

    def count(what: str, number: int) -> None:
        output: dict[str, Any] | None = getattr(request.config, "workeroutput", None)
        sums = request.config.stash.setdefault(tallied, {}) if output is None else output.setdefault("tally", {})
        sums[what] = sums.get(what, 0) + number

    return count


def pytest_testnodedown(node: Any, error: Any) -> None:
    """Take over the sums of a worker."""
    sums = node.config.stash.setdefault(tallied, {})
    for what, number in getattr(node, "workeroutput", {}).get("tally", {}).items():
        sums[what] = sums.get(what, 0) + number
