"""The connection to PostgreSQL: before a request it is looked at, and asked only when it rested long or has something to say."""

import select
import time
from typing import Any

from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus

RESTED_SECONDS = 10.0
"""After this long without a check a connection is asked: something between here and the server may have forgotten it without a word."""


class DatabaseWrapper(base.DatabaseWrapper):
    """Spares the `SELECT 1` before each request: a server that went away closes the connection, and that can be seen from here."""

    checked_at = 0.0

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Open a connection; a new one needs no check."""
        connection = super().get_new_connection(conn_params)
        self.checked_at = time.monotonic()
        return connection

    def is_usable(self) -> bool:
        """Tell whether the connection can be used.

        It is asked after an error, within a transaction (which may have failed), after a long rest, and when something lies unread in it.
        """
        now = time.monotonic()
        rested, self.checked_at = now - self.checked_at, now
        if self.connection is None or self.errors_occurred or rested > RESTED_SECONDS:
            return super().is_usable()
        return not _has_something_to_say(self.connection) or super().is_usable()


def _has_something_to_say(connection: Any) -> bool:
    """Tell whether it is in the middle of something, or something came unasked for: the end of the connection above all."""
    if connection.closed or connection.info.transaction_status != TransactionStatus.IDLE:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
