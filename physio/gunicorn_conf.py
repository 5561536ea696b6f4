"""How gunicorn serves the product: a few processes with threads; SQLite gets one process unless told otherwise."""

import gc
import os
from pathlib import Path
from typing import Any

from django.conf import settings

from physio.parent import follow_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "physio.settings")
follow_parent()

wsgi_app = "physio.wsgi"
bind = f"{settings.BIND}:{settings.PORT}"
worker_class = "gthread"
workers = settings.WEB_WORKERS or (1 if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3") else 2)
threads = 8
timeout = 60
graceful_timeout = 8
keepalive = 5
loglevel = "warning"
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - in memory: the sign of life must not wait for a disk
# What a proxy says about address and protocol is read by the settings, behind the number of proxies they were told of.
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""


def post_worker_init(worker: Any) -> None:
    """Take everything that was loaded out of the garbage collector's rounds: it stays, and looking it through costs a quarter of a page."""
    gc.collect()
    gc.freeze()
