"""The settings in an environment of their own."""

import os
import subprocess
import sys

import pytest

from selenite import environment
from selenite.environment import DATABASES


def test_settings_make_the_data_folder_where_a_secret_key_is_given(tmp_path):
    folder = tmp_path / "new" / "data"
    own = {"SELENITE_DATA_DIR": str(folder), "SELENITE_SECRET_KEY": "given"}

    subprocess.run([sys.executable, "-c", "import selenite.settings"], env=os.environ | own, check=True)

    assert list(folder.iterdir()) == []


def test_folder_and_key_that_cannot_be_used_are_told_in_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "keyless" / ".secret_key").mkdir(parents=True)
    told = {
        tmp_path / "file": f"SELENITE_DATA_DIR must be a folder, and {tmp_path / 'file'} is a file.",
        tmp_path
        / "file"
        / "below": f"SELENITE_DATA_DIR must be a folder, and {tmp_path / 'file/below'} cannot be made: Not a directory.",
        tmp_path / "keyless": f"The secret key cannot be read: {tmp_path / 'keyless/.secret_key'} (Is a directory). "
        "Run this as the user who runs Selenite, or set SELENITE_SECRET_KEY.",
    }
    for folder, sentence in told.items():
        without_key = {name: value for name, value in os.environ.items() if name != "SELENITE_SECRET_KEY"}
        done = subprocess.run(
            [sys.executable, "manage.py", "doctor"],
            env=without_key | {"SELENITE_DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "selenite.settings"},
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (1, f"Selenite cannot start: {sentence}\n")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("TZ", "Europe/Berln", "TZ must be a time zone such as Europe/Berlin, not 'Europe/Berln'."),
        ("TZ", "/etc/localtime", "TZ must be a time zone such as Europe/Berlin, not '/etc/localtime'."),
        ("SELENITE_LOG_LEVEL", "LOUD", "SELENITE_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR, not 'LOUD'."),
        (
            "SELENITE_ALLOWED_HOSTS",
            " , ",
            "SELENITE_ALLOWED_HOSTS has no name or address in it. Set it to some, as in 127.0.0.1,localhost,[::1], or leave it out.",
        ),
        ("SELENITE_JOB_SLOTS", "-1", "SELENITE_JOB_SLOTS must be a whole number from 0 up, not '-1'."),
        ("DATABASE_URL", "foo", f"DATABASE_URL cannot be understood. {DATABASES}"),
        ("DATABASE_URL", "postgres://a:secret@host:port/b", f"DATABASE_URL cannot be understood. {DATABASES}"),
        (
            "DATABASE_URL",
            "mysql://a:secret@host/b",
            f"DATABASE_URL names a kind of database that Selenite does not use. {DATABASES}",
        ),
    ],
)
def test_value_that_cannot_be_understood_stops_the_start_with_a_sentence(tmp_path, name, value, sentence):
    own = {"SELENITE_DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "selenite.settings", name: value}
    done = subprocess.run([sys.executable, "manage.py", "check"], env=os.environ | own, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, f"Selenite cannot start: {sentence}\n")


def test_level_of_the_log_may_be_written_small(monkeypatch):
    monkeypatch.setenv("SELENITE_LOG_LEVEL", "debug")
    assert environment.level("SELENITE_LOG_LEVEL", "INFO") == "DEBUG"


def test_start_names_the_log_and_is_inherited(tmp_path):
    program = "from selenite import settings; import os; print(settings.START == os.environ['SELENITE_START'], settings.START)"
    own = {"SELENITE_DATA_DIR": str(tmp_path), "SELENITE_START": "20261122-101500"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | own, capture_output=True, text=True, check=True
    )
    assert done.stdout == "True 20261122-101500\n"

    bad = os.environ | own | {"SELENITE_START": "../../etc/today"}
    done = subprocess.run([sys.executable, "-c", program], env=bad, capture_output=True, text=True)
    assert "SELENITE_START must be a time such as 20261122-101500" in done.stderr
