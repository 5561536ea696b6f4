"""Copies of the test database: the empty one that migrations made, and the one every test finds, put back whole after it was changed."""

import fcntl
import hashlib
import os
import re
import shutil
import sqlite3
from pathlib import Path
from typing import Any, Protocol

from django.apps import apps
from django.conf import settings
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


class Migrated:
    """The SQLite file that the migrations made, kept from run to run: making it takes most of the time before the first test.

    Its name is a digest of all migrations and of what they import, so a changed one makes a new file. The first worker makes it, the
    others wait for it.
    """

    def __init__(self, folder: Path) -> None:
        """Know where it is."""
        self.file = folder / f"{digest_of_migrations()}.sqlite3"
        self.lock: int | None = None

    def take(self, test_database: str) -> bool:
        """Copy it to where the tests look for theirs; without one keep the others waiting until `keep`, and return False."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.lock = os.open(self.file.parent / "lock", os.O_RDWR | os.O_CREAT)
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        if not self.file.exists():
            return False
        shutil.copyfile(self.file, test_database)
        self.release()
        return True

    def keep(self) -> None:
        """Keep what was made just now, in the place of older ones, and let the others go on."""
        if self.lock is None:
            return
        for old in self.file.parent.glob("*.sqlite3*"):
            old.unlink()
        growing = self.file.with_suffix(".growing")
        growing.unlink(missing_ok=True)
        with sqlite3.connect(growing) as copy:
            SqliteCopy.handle().backup(copy)
        copy.close()
        growing.replace(self.file)
        self.release()

    def release(self) -> None:
        """Let the others go on."""
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None


def digest_of_migrations() -> str:
    """Return a digest over the migrations of all apps and the modules of ours that they import."""
    files = sorted(file for app in apps.get_app_configs() for file in Path(app.path, "migrations").glob("*.py"))
    texts = [file.read_bytes() for file in files]
    imported = set(re.findall(rb"^from (clinics|programs|patients|reminders) import (\w+)", b"\n".join(texts), re.MULTILINE))
    texts += [Path(settings.BASE_DIR, app.decode(), f"{name.decode()}.py").read_bytes() for app, name in sorted(imported)]
    return hashlib.sha256(b"\0".join([sqlite3.sqlite_version.encode(), *texts])).hexdigest()[:20]
