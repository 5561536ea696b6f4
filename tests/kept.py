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
    """What the migrations made, which takes most of the time before the first test: the first worker makes it, the others wait for it."""

    def __init__(self, folder: Path) -> None:
        """Know where to wait."""
        self.folder = folder
        self.lock: int | None = None

    def take(self, test_database: str) -> bool:
        """Say whether the test database is there already; if not, keep the others waiting until `keep`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT)
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        return False

    def keep(self) -> None:
        """Keep what was made just now and let the others go on."""
        self.release()

    def release(self) -> None:
        """Let the others go on."""
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None

    def drop(self) -> None:
        """Give the room back at the end, unless it is for the next run."""


def migrated_in(folder: Path) -> Migrated:
    """Return what the database at hand keeps."""
    return PostgresMigrated(folder) if connection.vendor == "postgresql" else SqliteMigrated(folder)


class SqliteMigrated(Migrated):
    """A file that is kept from run to run, named by a digest of all migrations and of what they import: a changed one makes a new file."""

    def __init__(self, folder: Path) -> None:
        """Know where it is."""
        super().__init__(folder)
        self.file = folder / f"{digest_of_migrations()}.sqlite3"

    def take(self, test_database: str) -> bool:
        """Copy it to where the tests look for theirs."""
        super().take(test_database)
        if not self.file.exists():
            return False
        shutil.copyfile(self.file, test_database)
        self.release()
        return True

    def keep(self) -> None:
        """Keep it in the place of older ones."""
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


class PostgresMigrated(Migrated):
    """A template on the same server, for the workers of one run; whoever made it removes it."""

    def __init__(self, folder: Path) -> None:
        """Name it after the run."""
        super().__init__(folder)
        self.name = f"{Path(os.environ['TESTS_FOLDER']).name}-migrated"
        self.is_mine = False

    def take(self, test_database: str) -> bool:
        """Let the test database be made from the template; what is left to migrate is nothing."""
        super().take(test_database)
        server: Any = connection
        with server._nodb_cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.name])
            if cursor.fetchone():
                connection.settings_dict["TEST"]["TEMPLATE"] = self.name
                self.release()
        return False

    def keep(self) -> None:
        """Make the template."""
        if self.lock is not None:
            self.is_mine = True
            connection.close()
            PostgresCopy.run(f'CREATE DATABASE "{self.name}" TEMPLATE "{connection.settings_dict["NAME"]}"')
        self.release()

    def drop(self) -> None:
        """Remove it; by now everybody has theirs."""
        if self.is_mine:
            PostgresCopy.run(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')


def digest_of_migrations() -> str:
    """Return a digest over the migrations of all apps and the modules of ours that they import."""
    files = sorted(file for app in apps.get_app_configs() for file in Path(app.path, "migrations").glob("*.py"))
    texts = [file.read_bytes() for file in files]
    imported = set(re.findall(rb"^from (clinics|programs|patients|reminders) import (\w+)", b"\n".join(texts), re.MULTILINE))
    texts += [Path(settings.BASE_DIR, app.decode(), f"{name.decode()}.py").read_bytes() for app, name in sorted(imported)]
    return hashlib.sha256(b"\0".join([sqlite3.sqlite_version.encode(), *texts])).hexdigest()[:20]
