"""The reminders' clockwork without Celery: one tick, or with `--loop` one every minute until it is stopped."""

import signal
import threading
import time
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand
from django.db import Error, close_old_connections
from django.utils import timezone

from reminders.actions.clockwork import tick

EVERY_SECONDS = 60


class Command(BaseCommand):
    """Plan and send."""

    help = "Plan and send reminders, once or with --loop every minute."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the switch for going on."""
        parser.add_argument("--loop", action="store_true", help="go on until stopped (TERM or Ctrl-C)")

    def handle(self, *args: Any, loop: bool, **options: Any) -> None:
        """Tick, and say what was done."""
        self.stop = threading.Event()
        if loop:
            for name in (signal.SIGTERM, signal.SIGINT):
                signal.signal(name, self.end)
        while not self.stop.is_set():
            started = time.monotonic()
            try:
                report = tick(now=timezone.now())
                done = ", ".join(f"{name} {count}" for name, count in report.tally.counts().items())
                self.stdout.write(f"{timezone.now():%Y-%m-%d %H:%M:%S} planned {report.plan.created}, {done}, to staff {report.staff.sent}")
            except Error as error:
                # Away for a while: the rows wait, the next tick finds them.
                if not loop:
                    raise
                self.stderr.write(f"{timezone.now():%Y-%m-%d %H:%M:%S} {type(error).__name__}")
                close_old_connections()
            if not loop:
                return
            self.stop.wait(max(EVERY_SECONDS - (time.monotonic() - started), 0.0))

    def end(self, _signal: int, _frame: FrameType | None) -> None:
        """Finish the running tick and end."""
        self.stop.set()
