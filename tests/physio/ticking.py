"""A Celery app for the tests of the broker: the product's own, with one task that counts and a schedule of half a second."""

import os
from pathlib import Path

from physio.celery import app

app.conf.beat_schedule = {"count": {"task": "tests.count", "schedule": 0.5, "options": {"expires": 60}}}


@app.task(name="tests.count")
def count() -> None:
    """Leave one line in the file the test looks at."""
    with Path(os.environ["TICKS_FILE"]).open("a", encoding="ascii") as file:
        file.write("tick\n")
