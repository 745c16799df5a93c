"""The product's settings for tests, in a data folder of their own: the installation of the developer is not touched."""

import atexit
import os
import shutil
import tempfile

KEPT = ("SELENITE_MODELS_DIR", "SELENITE_BROWSER")

# A process that a test starts shares its folder, and what the test set for it.
if "SELENITE_TEST_DIR" not in os.environ:
    for name in [name for name in os.environ if name.startswith("SELENITE_") and name not in KEPT]:
        del os.environ[name]
    os.environ["SELENITE_TEST_DIR"] = tempfile.mkdtemp(prefix="selenite-tests-")
    atexit.register(shutil.rmtree, os.environ["SELENITE_TEST_DIR"], ignore_errors=True)
os.environ["SELENITE_DATA_DIR"] = os.environ["SELENITE_TEST_DIR"]

from selenite.settings import *  # noqa: E402, F403
from selenite.settings import DATA_DIR, DATABASES, STORAGES, TEMPLATES  # noqa: E402
from tests.undefined import UndefinedVariable  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
STATIC_ROOT = DATA_DIR / "staticfiles"
STATIC_ROOT.mkdir(exist_ok=True)  # WhiteNoise warns where it is missing.
TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = UndefinedVariable("undefined")
# A file, so that threads wait for a lock as they do in production. In memory they fail at once.
DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "test.sqlite3"}
