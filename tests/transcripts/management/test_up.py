"""Web and worker as they run for people, and what is left when they are stopped or killed: nothing."""

import io
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from tests.processes import still_running
from transcripts.management.commands import up as up_command
from transcripts.management.commands.up import ONLY_HERE
from transcripts.supervisor import Supervisor
from transcripts.wishes import Wish

WEB_MEGABYTES = 150
STOP_SECONDS = 5
PROCESSES = 18
"""The command, two of the web server, and five of each queue."""


def _manage(*arguments: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _environment(folder: Path) -> dict[str, str]:
    own = {"DJANGO_SETTINGS_MODULE": "selenite.settings", "SELENITE_DATA_DIR": str(folder)}
    return {**os.environ, **own, "SELENITE_STATIC_DIR": str(folder)}


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an installation whose database is up to date."""
    folder = tmp_path_factory.mktemp("up")
    subprocess.run(_manage("migrate", "-v0"), env=_environment(folder), check=True)
    return folder


@pytest.fixture
def environment(migrated: Path, tmp_path: Path) -> dict[str, str]:
    """Return the environment of such an installation, one for each test."""
    shutil.copytree(migrated, tmp_path, dirs_exist_ok=True)
    return _environment(tmp_path)


@pytest.fixture
def up(environment: dict[str, str], port: int, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the command and wait until it says that it serves. Its output is in `output`."""
    with (tmp_path / "output").open("wb") as output:
        process = subprocess.Popen(_manage("up", "--port", str(port)), env=environment, stdout=output, stderr=output)
    _wait_for(lambda: "Selenite serves at" in (tmp_path / "output").read_text())
    yield process
    for child in [*psutil.Process(process.pid).children(recursive=True)] if psutil.pid_exists(process.pid) else []:
        child.kill()
    process.kill()
    process.wait()


def _wait_for(condition: Callable[[], object], *, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _tree(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    main = psutil.Process(process.pid)
    return [main, *main.children(recursive=True)]


def _web(process: subprocess.Popen[bytes]) -> psutil.Process:
    """Return the main process of the web server. Below it is the one that serves."""
    [web] = [child for child in psutil.Process(process.pid).children() if "gunicorn" in child.cmdline()]
    return web


def _status(port: int) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def test_up_serves_restarts_what_dies_and_stops(up, port, tmp_path):
    assert _status(port) == 302
    [serving] = _web(up).children()
    assert serving.memory_info().rss < WEB_MEGABYTES * 1e6

    _web(up).kill()
    _wait_for(lambda: "starting it again" in (tmp_path / "output").read_text())  # until then the orphan may serve
    _wait_for(lambda: len(_tree(up)) == PROCESSES)
    _wait_for(lambda: _status(port) == 302)
    tree, began = _tree(up), time.monotonic()
    up.send_signal(signal.SIGINT)

    assert up.wait(STOP_SECONDS) == 0
    assert still_running(tree, within_seconds=1) == []
    assert time.monotonic() - began < STOP_SECONDS
    output = (tmp_path / "output").read_text()
    assert f"Selenite serves at http://127.0.0.1:{port}/" in output
    assert "web ended (status -9); starting it again in 0.5 s." in output
    assert "web | " in output
    assert output.endswith("Selenite has stopped.\n")


def test_up_takes_everything_along_when_it_is_killed(up):
    _wait_for(lambda: len(_tree(up)) == PROCESSES)
    tree = _tree(up)

    up.kill()

    assert still_running(tree, within_seconds=3) == []


def test_up_stops_when_the_whole_group_is_asked_to(up):
    tree = _tree(up)
    for process in tree:
        process.terminate()

    assert up.wait(STOP_SECONDS) == 0
    assert still_running(tree, within_seconds=1) == []


@pytest.fixture
def half_upload(environment, up, port, tmp_path) -> Iterator[socket.socket]:
    """Send half of a recording as somebody who is signed in, and wait until it lies on the disk."""
    sign_in = (
        "from django.contrib.auth.models import User; from django.test import Client; client = Client();"
        "client.force_login(User.objects.create_user('alice')); print(client.cookies['sessionid'].value)"
    )
    manage = subprocess.run(_manage("shell", "-v0", "-c", sign_in), env=environment, capture_output=True, check=True)
    session, token = manage.stdout.decode().strip(), "t" * 32
    head = [
        "POST /upload/ HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Cookie: sessionid={session}; csrftoken={token}",
        f"X-CSRFToken: {token}",
        "Content-Type: multipart/form-data; boundary=b",
        "Content-Length: 2000000",
        "",
        '--b\r\nContent-Disposition: form-data; name="recordings"; filename="talk.wav"\r\n\r\n',
    ]
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall("\r\n".join(head).encode() + bytes(1_000_000))
        _wait_for(lambda: sum(path.stat().st_size for path in _incoming(tmp_path)) > 500_000)
        yield client


def _incoming(folder: Path) -> list[Path]:
    return list((folder / "media/incoming").glob("*"))


def _recordings(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "db.sqlite3")) as database:
        return database.execute("select count(*) from transcripts_recording").fetchone()[0]


def test_upload_whose_connection_breaks_leaves_nothing(half_upload, port, tmp_path):
    half_upload.close()

    _wait_for(lambda: not _incoming(tmp_path), seconds=5)
    assert _status(port) == 302
    assert _recordings(tmp_path) == 0


def test_upload_whose_server_is_killed_leaves_nothing_after_the_next_start(half_upload, up, port, tmp_path):
    [serving] = _web(up).children()
    serving.kill()
    serving.wait()

    _wait_for(lambda: _status(port) == 302)
    _wait_for(lambda: not _incoming(tmp_path), seconds=5)
    assert _recordings(tmp_path) == 0


def test_up_asks_for_migrations_that_are_missing(environment, port, tmp_path):
    (tmp_path / "db.sqlite3").unlink()

    ended = subprocess.run(_manage("up", "--port", str(port)), env=environment, capture_output=True, text=True)

    sentence = f"The database {tmp_path / 'db.sqlite3'} is not prepared for this version of Selenite."
    remedy = "Check that SELENITE_DATA_DIR is the right folder. Run: .venv/bin/python manage.py migrate"
    assert (ended.returncode, ended.stderr) == (1, f"CommandError: {sentence} {remedy}\n")


def test_up_says_when_the_port_is_taken(environment, port):
    with socket.create_server(("127.0.0.1", port)):
        ended = subprocess.run(_manage("up", "--port", str(port)), env=environment, capture_output=True, text=True)

    assert ended.returncode == 1
    assert ended.stderr == (
        f"CommandError: Selenite cannot serve at http://127.0.0.1:{port}/: Address already in use. "
        "Is it running already? Choose another port with --port.\n"
    )


@pytest.mark.parametrize("number", [-1, 0, 65536])
@pytest.mark.django_db
def test_up_says_which_ports_there_are(monkeypatch, number):
    monkeypatch.setattr(Supervisor, "run", lambda *args, **kwargs: Wish.STOP)

    with pytest.raises(CommandError, match=f"^--port must be a number from 1 to 65535, not {number}.$"):
        call_command("up", port=number)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("host", "names", "is_told"),
    [
        ("0.0.0.0", ["127.0.0.1", "localhost", "[::1]"], True),
        ("::", ["app.localhost"], True),
        ("0.0.0.0", ["localhost", "selenite.example"], False),
        ("0.0.0.0", ["*"], False),
        ("127.0.0.2", ["localhost"], False),
        ("::1", ["localhost"], False),
        ("localhost", ["localhost"], False),
    ],
)
def test_up_warns_where_nobody_else_could_open_it(settings, monkeypatch, host, names, is_told):
    settings.ALLOWED_HOSTS = names
    monkeypatch.setattr(Supervisor, "run", lambda *args, **kwargs: Wish.STOP)
    monkeypatch.setattr(up_command, "_check_port", lambda *args: None)
    errors = io.StringIO()

    call_command("up", host=host, stdout=io.StringIO(), stderr=errors)

    assert errors.getvalue() == (f"{ONLY_HERE}\n" if is_told else "")
