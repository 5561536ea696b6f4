"""What must be up to date before the first request: texts, tables, static files, library, demo; what did not change is skipped."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from clinics.models import Clinic, User
from physio.celery import make_broker_folders
from physio.messages import compile_messages
from physio.static import UNUSED
from programs.models import Exercise

Say = Callable[[str], None]


def prepare(say: Say, *, demo: bool, verbosity: int = 0) -> None:
    """Bring everything up to date and say what was done; `demo` fills an empty installation and says who may sign in."""
    make_broker_folders()
    prepare_files(say)
    migrate(say, verbosity)
    load_library(say, verbosity)
    if demo:
        is_empty = not Clinic.objects.exists() and not User.objects.exists()
        if is_empty:
            say("filling the demo")
        call_command("load_demo", accounts=not is_empty, verbosity=verbosity)


def prepare_files(say: Say) -> None:
    """Make what needs no database: texts and static files."""
    if written := compile_messages(Path(settings.BASE_DIR, "locale")):
        say(f"compiled {len(written)} files of texts")
    collect_static(say)


def migrate(say: Say, verbosity: int) -> None:
    """Apply missing migrations."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        say(f"applying {len(plan)} migrations")
        call_command("migrate", interactive=False, verbosity=verbosity)


def collect_static(say: Say) -> None:
    """Copy and compress the static files when one of them changed."""
    root = Path(settings.STATIC_ROOT)
    # Beside the files and not among the data: an image brings its static files along, a new image brings new ones.
    stamp = Stamp(root.with_name(f".{root.name}.stamp"), static_sources(), extra=settings.STORAGES["staticfiles"]["BACKEND"])
    if stamp.is_current() and Path(root, "staticfiles.json").exists():
        return
    say("collecting static files")
    call_command("collectstatic", interactive=False, verbosity=0, clear=True, ignore_patterns=list(UNUSED))
    stamp.keep()


def static_sources() -> Iterator[Path]:
    """Yield every static file the apps and the project bring."""
    for finder in get_finders():
        for name, storage in finder.list([]):
            yield Path(storage.path(name))


def load_library(say: Say, verbosity: int) -> None:
    """Load the shared library when a file of it changed or the database has none."""
    folder = Path(settings.BASE_DIR, "programs", "library")
    stamp = Stamp(Path(settings.VAR_DIR, ".library.stamp"), folder.rglob("*.yaml"), extra=settings.DATABASE_URL)
    if stamp.is_current() and Exercise.objects.exists():
        return
    say("loading the library of exercises and programs")
    call_command("load_library", verbosity=verbosity)
    stamp.keep()


class Stamp:
    """Remembers the state of some files at the time something was made from them."""

    def __init__(self, file: Path, files: Iterable[Path], *, extra: str = "") -> None:
        """Take the files' names, sizes and times, and whatever else the result depends on (kept as a digest only)."""
        self.file = file
        digest = hashlib.sha256(extra.encode())
        for source in sorted(files):
            facts = os.stat(source)
            digest.update(f"{source}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
        self.state = digest.hexdigest()

    def is_current(self) -> bool:
        """Tell whether nothing changed since `keep`."""
        return self.file.exists() and self.file.read_text(encoding="ascii") == self.state

    def keep(self) -> None:
        """Remember this state."""
        self.file.write_text(self.state, encoding="ascii")
