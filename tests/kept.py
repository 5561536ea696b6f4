"""A copy of the database as every test finds it, put back whole after a test that really wrote to it."""

import sqlite3
from typing import Any, Protocol

from django.db import connection


class Copy(Protocol):
    """What was kept."""

    def restore(self) -> None:
        """Make the database what it was."""

    def drop(self) -> None:
        """Give the room back."""


def keep_copy() -> Copy:
    """Copy the database as it is now."""
    return PostgresCopy() if connection.vendor == "postgresql" else SqliteCopy()


class SqliteCopy:
    """A copy in memory."""

    def __init__(self) -> None:
        """Take it."""
        self.kept = sqlite3.connect(":memory:", check_same_thread=False)
        self.handle().backup(self.kept)

    def restore(self) -> None:
        """Overwrite every page; waits while another thread still reads."""
        self.kept.backup(self.handle())

    def drop(self) -> None:
        """Forget it."""
        self.kept.close()

    @staticmethod
    def handle() -> sqlite3.Connection:
        """Return the connection below Django's."""
        connection.ensure_connection()
        handle: sqlite3.Connection = connection.connection
        return handle


class PostgresCopy:
    """A database of its own on the same server."""

    def __init__(self) -> None:
        """Take it."""
        self.name = str(connection.settings_dict["NAME"])
        self.kept = f"{self.name}_kept"
        self.drop()
        self.replace(self.kept, self.name)

    def restore(self) -> None:
        """Replace the database; whoever is still connected to it is thrown out."""
        self.replace(self.name, self.kept)

    def drop(self) -> None:
        """Remove the copy."""
        self.run(f'DROP DATABASE IF EXISTS "{self.kept}" WITH (FORCE)')

    def replace(self, name: str, template: str) -> None:
        """Make one database the image of the other."""
        connection.close()
        self.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

    @staticmethod
    def run(*statements: str) -> None:
        """Run statements that concern the server as a whole."""
        server: Any = connection
        with server._nodb_cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
