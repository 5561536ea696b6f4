"""What people see while the database is away, and when something else broke."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from physio.outage import is_outage

Raiser = Callable[..., HttpResponse]


def raising(error: Exception) -> Raiser:
    def view(request: HttpRequest) -> HttpResponse:
        raise error

    return view


handler500 = "physio.outage.server_error"
urlpatterns = [
    path("gone", raising(OperationalError("connection to server at 10.1.2.3 failed: secret-host"))),
    path("api/v1/gone", raising(InterfaceError("connection already closed"))),
    path("broken", raising(RuntimeError("a secret detail"))),
    path("api/v1/broken", raising(RuntimeError("a secret detail"))),
]


@pytest.fixture
def stranger() -> Any:
    with override_settings(ROOT_URLCONF=__name__):
        yield Client(raise_request_exception=False)


def test_a_page_without_database_says_so_and_when_to_come_back(stranger: Client) -> None:
    response = stranger.get("/gone")

    assert response.status_code == 503
    assert response["Retry-After"] == "10"
    assert response["Cache-Control"] == "no-store, private"
    body = response.content.decode()
    assert "Back in a moment" in body
    assert response["X-Request-ID"] in body
    assert "secret-host" not in body


def test_the_page_is_in_the_language_of_the_browser(stranger: Client) -> None:
    assert 'lang="de"' in stranger.get("/gone", HTTP_ACCEPT_LANGUAGE="de").content.decode()


def test_the_api_answers_in_its_own_shape(stranger: Client) -> None:
    response = stranger.get("/api/v1/gone")

    assert (response.status_code, response["Retry-After"]) == (503, "10")
    assert response.json()["code"] == "unavailable"
    assert response.json()["fields"] == {}


@pytest.mark.parametrize("address", ["/broken", "/api/v1/broken"])
def test_any_other_error_is_a_plain_500_without_details(stranger: Client, address: str) -> None:
    response = stranger.get(address)

    assert response.status_code == 500
    assert "secret detail" not in response.content.decode()
    assert "Retry-After" not in response


@pytest.mark.django_db
def test_an_outage_before_the_page_is_reached_is_a_503_too(stranger: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr("clinics.middleware.resolve_member", away)
    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", away)
    stranger.cookies["session"] = "some-session"

    assert stranger.get("/gone").status_code == 503


def test_an_error_raised_from_an_outage_counts_as_one() -> None:
    outer = RuntimeError("while saving")
    outer.__cause__ = OperationalError("database is locked")

    assert is_outage(outer)
    assert not is_outage(ValueError())
    assert not is_outage(None)
