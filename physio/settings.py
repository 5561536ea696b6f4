"""All settings, read once from the environment; `.env.example` documents each of them."""

import secrets
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import environ
import structlog
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
_env_file = env.str("ENV_FILE", default=str(BASE_DIR / ".env"))
if _env_file:
    environ.Env.read_env(_env_file)

DEBUG = env.bool("DEBUG", default=False)
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
VAR_DIR.mkdir(parents=True, exist_ok=True)

PORT = env.int("PORT", default=8000)
BIND = env.str("BIND", default="127.0.0.1")
WEB_WORKERS = env.int("WEB_WORKERS", default=0)
DEMO = env.bool("DEMO", default=True)
THIS_MACHINE = ["127.0.0.1", "localhost", "[::1]"]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=THIS_MACHINE)
BASE_URL = env.str("BASE_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
SECURE = BASE_URL.startswith("https://")
EMAIL_URL = env.str("EMAIL_URL", default="")


def _own_key(file: Path) -> str:
    """Return the random key of this machine, made at the first start; only a product that nobody else reaches uses it."""
    try:
        with file.open("x", encoding="ascii") as new:
            file.chmod(0o600)
            new.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    return file.read_text(encoding="ascii").strip()


SECRET_KEY = env.str("SECRET_KEY", default="")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
if not SECRET_KEY:
    if SECURE or not set(ALLOWED_HOSTS) <= set(THIS_MACHINE):
        raise ImproperlyConfigured("SECRET_KEY must be set for everything that other machines can reach.")
    SECRET_KEY = _own_key(VAR_DIR / "secret-key")
if SECURE and (DEBUG or "*" in ALLOWED_HOSTS):
    raise ImproperlyConfigured("DEBUG and ALLOWED_HOSTS=* are refused when BASE_URL is https.")
if SECURE and EMAIL_URL.split(":", 1)[0] in {"", "consolemail", "dummymail", "filemail", "memorymail"}:
    raise ImproperlyConfigured("EMAIL_URL must name a mail server when BASE_URL is https.")

INSTALLED_APPS = [
    "physio",
    "clinics",
    "programs",
    "patients",
    "exports",
    "reminders",
    "physio.apps.PhysioAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "clinics.middleware.PhonePagesMiddleware",
    "clinics.middleware.RequestIdMiddleware",
    "physio.health.HealthzMiddleware",
    "clinics.middleware.PolicyMiddleware",
    "clinics.middleware.CleanInputMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "clinics.middleware.SessionLimitsMiddleware",
    "clinics.middleware.LanguageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "clinics.middleware.PrivacyMiddleware",
]

ROOT_URLCONF = "physio.urls"
WSGI_APPLICATION = "physio.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "physio.loader.Loader",
                    ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "physio.context.ui",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- data -------------------------------------------------------------------------------
DATABASE_URL = env.str("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'physio.sqlite3'}")
DATABASES: dict[str, dict[str, Any]] = {"default": env.db_url_config(DATABASE_URL)}
_database = DATABASES["default"]
if _database["ENGINE"].endswith("sqlite3"):
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;",
    }
    _database["CONN_MAX_AGE"] = None
else:
    _database["ENGINE"] = "physio.postgresql"
    _database["CONN_MAX_AGE"] = None
    _database["CONN_HEALTH_CHECKS"] = True
    _pooled = env.bool("DATABASE_PGBOUNCER", default=False)
    _database.setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
    _database["DISABLE_SERVER_SIDE_CURSORS"] = _pooled
    if not _pooled:
        # A statement is planned once a connection instead of at every request; planning costs more than reading a few rows.
        # Such a plan does not know whom it is for: priced for a spinning disk it would sort all entries of who has thousands.
        _database["OPTIONS"] = {
            "server_side_binding": True,
            "prepare_threshold": 3,
            "options": "-c random_page_cost=1.1",
            **_database["OPTIONS"],
        }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
# A page that finds Redis gone waits this long once, then the memory of its process answers (physio/cache.py).
REDIS_WAITS = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
CACHES: dict[str, dict[str, Any]] = {
    "default": (
        {
            "BACKEND": "physio.cache.SteadyRedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "physio",
            "OPTIONS": REDIS_WAITS,
        }
        if REDIS_URL
        else {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": str(VAR_DIR / "cache"),
            "OPTIONS": {"MAX_ENTRIES": 20_000},
        }
    ),
}

# --- accounts ---------------------------------------------------------------------------
AUTH_USER_MODEL = "clinics.User"
AUTHENTICATION_BACKENDS = ["clinics.backends.MemberBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "first_name", "last_name")},
    },
    {"NAME": "clinics.passwords.ContextValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "clinics.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 3
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGIN_BY_CODE_FORMAT = {"numeric": True, "length": 8, "dashed": True}
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105, a dotted path
ACCOUNT_FORMS = {
    "login": "clinics.forms.sign_in.SignInForm",
    "request_login_code": "clinics.forms.sign_in.RequestCodeForm",
    "confirm_login_code": "clinics.forms.sign_in.ConfirmCodeForm",
    "reset_password": "clinics.forms.sign_in.ResetForm",
    "reset_password_from_key": "clinics.forms.sign_in.NewPasswordForm",
    "change_password": "clinics.forms.sign_in.ChangePasswordForm",
    "set_password": "clinics.forms.sign_in.SetPasswordForm",
    "reauthenticate": "clinics.forms.sign_in.ReauthenticateForm",
}
# Addresses are shared by whole clinics: the limits that protect one account count by account (clinics/throttle.py).
ACCOUNT_RATE_LIMITS = {
    "login": "300/m/ip",
    "login_failed": "10/10m/key",
    "reset_password": "60/m/ip,5/h/key",
    "reset_password_from_key": "60/m/ip",
    "request_login_code": "60/m/ip,5/10m/key",
    "change_password": "5/m/user",
    "reauthenticate": "30/10m/user",
}
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
PASSWORD_RESET_TIMEOUT = 3600
MFA_ADAPTER = "clinics.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn"]
MFA_FORMS = {
    "authenticate": "clinics.forms.second_factor.SecondStepForm",
    "reauthenticate": "clinics.forms.second_factor.ConfirmBySecondStepForm",
    "activate_totp": "clinics.forms.second_factor.ActivateForm",
    "add_webauthn": "clinics.forms.second_factor.AddPasskeyForm",
}
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Physio"
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE
INVITATION_DAYS = 7

# --- sessions, cookies, headers ---------------------------------------------------------
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db" if REDIS_URL else "clinics.sessions"
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())
SESSION_IDLE_STAFF_SECONDS = env.int("SESSION_IDLE_STAFF_SECONDS", default=1800)
SESSION_IDLE_PATIENT_SECONDS = env.int("SESSION_IDLE_PATIENT_SECONDS", default=12 * 3600)
SESSION_ABSOLUTE_STAFF_SECONDS = env.int("SESSION_ABSOLUTE_STAFF_SECONDS", default=12 * 3600)
SESSION_ABSOLUTE_PATIENT_SECONDS = env.int("SESSION_ABSOLUTE_PATIENT_SECONDS", default=14 * 86400)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = SECURE
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
CSRF_FAILURE_VIEW = "clinics.web.csrf_failure"
LANGUAGE_COOKIE_NAME = "__Host-language" if SECURE else "language"
LANGUAGE_COOKIE_SECURE = SECURE
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = SECURE and env.bool("SSL_REDIRECT", default=True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 63072000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "media-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
UPLOAD_MAX_BYTES = env.int("UPLOAD_MAX_MB", default=5) * 1_000_000
IMPORT_MAX_BYTES = env.int("IMPORT_MAX_MB", default=20) * 1_000_000
FILM_MAX_BYTES = 20_000_000
LARGE_UPLOADS = {"/clinic/import/": IMPORT_MAX_BYTES, "/exercises/": FILM_MAX_BYTES}
FILE_UPLOAD_HANDLERS = ["clinics.uploads.BoundedUploadHandler"]

# --- language and time ------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = "physio.formats"

# --- files ------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "physio.static.StaticStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("br", "gif", "gz", "jpeg", "jpg", "map", "mp4", "png", "webm", "webp", "woff", "woff2", "zip")
MEDIA_ROOT = VAR_DIR / "media"

# --- mail -------------------------------------------------------------------------------
if EMAIL_URL:
    vars().update(env.email_url_config(EMAIL_URL))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(VAR_DIR / "mail")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Physio <no-reply@physio.example>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
MESSAGE_ID_DOMAIN = env.str("MESSAGE_ID_DOMAIN", default="physio.example")

# --- notifications and text messages ----------------------------------------------------
VAPID_PRIVATE_KEY = env.str("VAPID_PRIVATE_KEY", default="")
VAPID_SUBJECT = env.str("VAPID_SUBJECT", default=f"mailto:{parseaddr(DEFAULT_FROM_EMAIL)[1]}")
SMS_URL = env.str("SMS_URL", default="")
if SMS_URL.split(":", 1)[0] not in {"", "console", "file", "twilio"}:
    raise ImproperlyConfigured("SMS_URL begins with twilio://, console: or file:.")

# --- background work --------------------------------------------------------------------
BROKER_DIR = VAR_DIR / "broker"
CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {"visibility_timeout": 120, "unacked_restore_interval": 5, "unacked_restore_throttle": 1}
    if REDIS_URL
    else {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "control_folder": str(BROKER_DIR / "control"),
        "store_processed": False,
    }
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CONCURRENCY = env.int("WORKER_CONCURRENCY", default=2)
CELERY_WORKER_POOL = "prefork" if REDIS_URL else "threads"
CELERY_WORKER_ENABLE_REMOTE_CONTROL = bool(REDIS_URL)
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"

# --- API --------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "clinics.tokens.TokenAuthentication",
        "clinics.tokens.MemberSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["clinics.permissions.MemberPermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["clinics.wire.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "clinics.wire.Pages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "clinics.wire.error_response",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.ScopedRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"tokens": "20/min"},
    "NUM_PROXIES": TRUSTED_PROXIES,
    "PAGE_SIZE": 50,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Physio API",
    "DESCRIPTION": "Exercise programs, sessions, check-ins and alerts of one clinic at a time.",
    "VERSION": "1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "physio.api.close_bodies"],
    "ENUM_NAME_OVERRIDES": {
        "AlertStatus": "patients.models.Alert.Status",
        "AssessmentStatus": "patients.models.Assessment.Status",
        "AssignmentStatus": "patients.models.Assignment.Status",
        "AssignmentOutcome": "patients.models.Assignment.Outcome",
        "Attendance": "patients.models.ScheduledSession.Attendance",
        "DeliveryStatus": "reminders.models.Delivery.Status",
        "MembershipStatus": "clinics.models.Membership.Status",
        "PatientStatus": "patients.models.Patient.Status",
        "ReportStatus": "patients.models.SymptomReport.Status",
        "EntrySource": "patients.models.SessionLog.Source",
        "RunSource": "patients.models.Run.Source",
        "SessionStatus": "patients.models.ScheduledSession.Status",
        "VersionStatus": "programs.models.ProgramVersion.Status",
        "ProgramKindEnum": "programs.models.Program.Kind",
        "PauseReason": "patients.models.Pause.Reason",
        "SkipReason": "patients.models.ScheduledSession.SkipReason",
        "HoldReason": "reminders.models.Delivery.HoldReason",
        "Setting": "programs.models.Setting",
        "Role": "clinics.models.Role",
        "Language": "clinics.models.Language",
        "AlertLevel": "patients.models.Alert.Level",
        "SymptomLevel": "patients.models.SymptomReport.Level",
        "CaseloadLevel": "patients.models.CaseloadEntry.Level",
    },
}

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOG_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
structlog.configure(
    processors=[*LOG_PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": structlog.processors.JSONRenderer(ensure_ascii=False),
            "foreign_pre_chain": LOG_PROCESSORS,
        },
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "gunicorn.access": {"level": "WARNING"},
    },
}
PRODUCT_NAME = "Physio"
SILENCED_SYSTEM_CHECKS: list[str] = []
