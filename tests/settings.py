"""Settings of the tests: the product's own, with quick passwords, own folders and nothing taken from `.env`."""

import os
import tempfile
from pathlib import Path

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
if "TESTS_FOLDER" not in os.environ:
    os.environ["TESTS_FOLDER"] = tempfile.mkdtemp(prefix="physio-tests-")
FOLDER = Path(os.environ["TESTS_FOLDER"], WORKER)
FOLDER.mkdir(parents=True, exist_ok=True)

FROM_OUTSIDE = ("DATABASE_URL", "REDIS_URL")
"""What the caller may choose; every other variable of the product is set here, so that no `.env` changes a test."""

os.environ.update(
    {
        "ENV_FILE": "",
        "DEBUG": "off",
        "VAR_DIR": str(FOLDER),
        "STATIC_ROOT": str(FOLDER / "static"),
        "SECRET_KEY": "a-key-for-tests-only-0123456789-abcdefghijklmnopqrstuvwxyz",
        "SECRET_KEY_FALLBACKS": "",
        "ALLOWED_HOSTS": "127.0.0.1,localhost,testserver",
        "BASE_URL": "http://127.0.0.1:8000",
        "CSRF_TRUSTED_ORIGINS": "",
        "TRUSTED_PROXIES": "0",
        "EMAIL_URL": "",
        "VAPID_PRIVATE_KEY": "",
        "SMS_URL": "",
        "LOG_LEVEL": "WARNING",
    }
)
for _name in FROM_OUTSIDE:
    os.environ.setdefault(_name, "" if _name == "REDIS_URL" else f"sqlite:///{FOLDER / 'physio.sqlite3'}")

from physio.settings import *  # noqa: E402, F403 - everything else is as in the product
from physio.settings import CACHES, DATABASES, REDIS_URL  # noqa: E402

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, because threads and the live server need one; nothing is kept, so nothing is synced.
    DATABASES["default"]["TEST"] = {"NAME": str(FOLDER / "tests.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA busy_timeout=20000;"
DATABASES["default"]["CONN_MAX_AGE"] = 0

if REDIS_URL:
    CACHES["default"]["KEY_PREFIX"] = f"physio-tests-{WORKER}"
else:
    CACHES["default"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
