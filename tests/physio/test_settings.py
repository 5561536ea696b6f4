"""The product refuses to start half-secured, and starts with nothing set on one machine."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from physio.checks import check_production

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "BASE_URL": "https://physio.example",
    "ALLOWED_HOSTS": "physio.example",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz-0123456789-abcdefgh",
    "EMAIL_URL": "smtp+tls://user:word@mail.example:587",
    "TRUSTED_PROXIES": "1",
}
SHOW = "from physio import settings; print(settings.{})"


def read(environment: dict[str, str], name: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", SHOW.format(name)], cwd=ROOT, env=environment, capture_output=True, text=True)


def test_nothing_needs_to_be_set_on_one_machine(own_environment: dict[str, str]) -> None:
    first = read(own_environment, "SECRET_KEY")
    again = read(own_environment, "SECRET_KEY")

    assert first.returncode == 0, first.stderr
    assert len(first.stdout.strip()) >= 50
    assert first.stdout == again.stdout
    key = Path(own_environment["VAR_DIR"], "secret-key")
    assert os.stat(key).st_mode & 0o077 == 0


def test_the_address_follows_the_port(own_environment: dict[str, str]) -> None:
    assert read({**own_environment, "PORT": "8123"}, "BASE_URL").stdout == "http://127.0.0.1:8123\n"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"SECRET_KEY": ""}, "SECRET_KEY", id="no key"),
        pytest.param({"DEBUG": "on"}, "DEBUG", id="debug"),
        pytest.param({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS", id="any host"),
        pytest.param({"EMAIL_URL": ""}, "EMAIL_URL", id="no mail server"),
        pytest.param({"EMAIL_URL": "consolemail://"}, "EMAIL_URL", id="mail to the console"),
        pytest.param({"BASE_URL": "http://127.0.0.1:8000", "SECRET_KEY": ""}, "SECRET_KEY", id="reachable without a key"),
    ],
)
def test_production_is_refused(own_environment: dict[str, str], changes: dict[str, str], reason: str) -> None:
    result = read({**own_environment, **PRODUCTION, **changes}, "SECURE")

    assert result.returncode != 0
    assert "ImproperlyConfigured" in result.stderr
    assert reason in result.stderr.splitlines()[-1]


def test_production_is_accepted_when_complete(own_environment: dict[str, str]) -> None:
    result = read({**own_environment, **PRODUCTION}, "SESSION_COOKIE_NAME")

    assert result.stdout == "__Host-session\n", result.stderr


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        pytest.param({}, [], id="complete"),
        pytest.param({"ALLOWED_HOSTS": [".example"]}, [], id="a whole domain"),
        pytest.param({"TRUSTED_PROXIES": 0}, ["physio.E001"], id="no proxy named"),
        pytest.param({"BASE_URL": "https://other.example"}, ["physio.E002"], id="another host"),
        pytest.param({"SECURE": False, "TRUSTED_PROXIES": 0}, [], id="one machine"),
    ],
)
def test_the_deployment_check_names_what_is_missing(settings: Any, changes: dict[str, Any], missing: list[str]) -> None:
    complete = {"SECURE": True, "TRUSTED_PROXIES": 1, "BASE_URL": "https://physio.example", "ALLOWED_HOSTS": ["physio.example"]}
    for name, value in {**complete, **changes}.items():
        setattr(settings, name, value)

    assert [one.id for one in check_production(None)] == missing


def test_a_deployment_with_something_missing_fails_its_check(own_environment: dict[str, str]) -> None:
    result = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={**own_environment, **PRODUCTION, "TRUSTED_PROXIES": "0", "BASE_URL": "https://other.example"},
        capture_output=True,
        text=True,
    )

    assert result.returncode != 0
    assert "physio.E001" in result.stderr
    assert "physio.E002" in result.stderr
    assert "2 issues" in result.stderr, "everything else is as a deployment needs it"
