"""A connection to PostgreSQL is looked at before a request and asked only when there is a reason."""

import socket
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper as DjangosWrapper
from psycopg.pq import TransactionStatus

from physio.postgresql import base


def test_what_came_unasked_is_seen_without_reading_it() -> None:
    here, there = socket.socketpair()
    ours: Any = SimpleNamespace(closed=False, fileno=here.fileno, info=SimpleNamespace(transaction_status=TransactionStatus.IDLE))
    assert not base._has_something_to_say(ours)
    there.send(b"N")
    assert base._has_something_to_say(ours)
    assert here.recv(1) == b"N"
    assert not base._has_something_to_say(ours)
    there.close()
    assert base._has_something_to_say(ours), "the end of the connection"
    assert base._has_something_to_say(SimpleNamespace(closed=True))
    ours.info.transaction_status = TransactionStatus.INERROR
    assert base._has_something_to_say(ours)
    here.close()


@pytest.fixture
def wrapper(db: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A second connection to the database of the tests, and how often it was asked."""
    if connection.vendor != "postgresql":
        pytest.skip("PostgreSQL only")
    one: Any = connection.copy()
    one.asked = 0

    def ask(self: Any) -> bool:
        one.asked += self is one
        return original(self)

    original = DjangosWrapper.is_usable
    monkeypatch.setattr(DjangosWrapper, "is_usable", ask)
    one.ensure_connection()
    yield one
    one.close()


def test_a_quiet_connection_is_not_asked_and_a_rested_one_is(wrapper: Any) -> None:
    assert wrapper.is_usable()
    assert wrapper.asked == 0
    wrapper.checked_at -= base.RESTED_SECONDS + 1
    assert wrapper.is_usable()
    assert wrapper.asked == 1
    wrapper.errors_occurred = True
    assert wrapper.is_usable()
    assert wrapper.asked == 2


def test_a_failed_transaction_is_not_taken_for_a_good_connection(wrapper: Any) -> None:
    wrapper.connection.execute("BEGIN")
    with pytest.raises(psycopg.ProgrammingError):
        wrapper.connection.execute("SELECT nothing_of_the_kind")
    assert not wrapper.is_usable()


def test_a_connection_the_server_ended_is_found_and_replaced(wrapper: Any) -> None:
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    wrapper.health_check_enabled, wrapper.health_check_done = True, False
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone()[0] != pid


def test_the_product_uses_it(wrapper: Any) -> None:
    assert isinstance(wrapper, base.DatabaseWrapper)
    assert isinstance(wrapper.connection, psycopg.Connection)
