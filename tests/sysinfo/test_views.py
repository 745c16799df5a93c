"""The pages of the system: whose they are, what they show, what they do with bad input."""

import json
import logging
import re
import time
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client

from sysinfo import detection
from sysinfo.report import look_quickly

PAGES = ["/system/", "/system/info", "/system/checks", "/system/logs"]
JSON = {"accept": "application/json"}


@pytest.fixture(autouse=True)
def fake_engine(settings):
    settings.FAKE_ENGINE, settings.DEFAULT_ENGINE = True, "fake"


@pytest.fixture
def log_file(settings, tmp_path: Path) -> Path:
    """Return a log file with two hundred and five records."""
    settings.LOG_DIR = tmp_path / "logs"
    settings.LOG_DIR.mkdir()
    lines = [f"2026-11-22 10:15:00,{number:03} INFO [10] tests: line {number:03}\n" for number in range(204)]
    error = "2026-11-22 10:16:00,000 ERROR [10] tests: <script>bad()</script>\n    Traceback\n"
    path = settings.LOG_DIR / "selenite-20261122-101500.log"
    path.write_text("".join([*lines, error]))
    return path


@pytest.mark.parametrize("address", [*PAGES, "/system/logs/file"])
def test_pages_are_for_staff(client: Client, alice_client: Client, settings, address: str):
    assert client.get(address).headers["Location"] == f"/sign-in/?next={address}"
    assert client.get(address, headers=JSON).status_code == 401
    page, answer = alice_client.get(address), alice_client.get(address, headers=JSON)
    assert (page.status_code, answer.status_code) == (403, 403)
    assert "This needs an administrator" in page.text
    assert settings.DATA_DIR.name not in page.text
    assert answer.json() == {"error": "This needs an administrator."}


@pytest.mark.parametrize("address", PAGES)
def test_each_page_leads_to_the_others_and_says_which_it_is(carol_client: Client, address: str):
    text = carol_client.get(address).text
    assert [page for page in PAGES if f'class="tab" href="{page}"' in text] == PAGES
    assert f'href="{address}" aria-current="page"' in text


def test_machine_is_shown_before_anybody_has_looked(carol_client: Client):
    text = carol_client.get("/system/info").text
    assert "Nobody has looked at this machine since the service started." in text
    assert "free of" in text
    assert "<h2>Processor</h2>" not in text


def test_machine_is_shown_as_it_was_found(carol_client: Client):
    cache.set(detection.FOUND, look_quickly(), None)
    text = carol_client.get("/system/info").text
    assert [title for title in ("Processor", "Memory", "Recognition", "Storage") if f"<h2>{title}</h2>" in text] == [
        "Processor",
        "Memory",
        "Recognition",
        "Storage",
    ]
    assert "Nobody has asked the libraries yet." in text


def test_memory_is_told_in_the_unit_of_the_checks(carol_client: Client):
    checked = re.search(r"There are ([\d.]+ GB)\.", carol_client.get("/system/checks").text)
    shown = carol_client.get("/system/info").text
    assert checked is not None
    assert f"<span>{checked[1]}</span>" in shown
    assert "GB of 1,000,000,000 bytes" in shown
    assert "GiB" not in shown


def test_script_gets_the_same_as_json(carol_client: Client):
    cache.set(detection.FOUND, look_quickly(), None)
    found = carol_client.get("/system/info", headers=JSON).json()
    assert found["processor"]["threads"] >= 1
    assert found["memory"]["total_bytes"] > 0
    assert [place["name"] for place in found["storage"]] == ["Database", "Recordings", "Weights", "Work folder", "Logs"]
    assert (found["libraries"], found["disk_speeds"]) == (None, None)
    assert found["unknown"]["libraries"] == "Nobody has asked the libraries yet. “Detect” does."


def test_script_gets_what_is_known_before_anybody_has_looked(carol_client: Client):
    found = carol_client.get("/system/info", headers=JSON).json()
    assert found["looked_at"] is None
    assert "processor" not in found
    assert found["queue"]["workers"] == []


@pytest.mark.django_db(transaction=True)
def test_detect_looks_in_the_background_and_shows_how_far_it_is(carol_client: Client, caplog):
    caplog.set_level(logging.INFO)
    part = {"HX-Request": "true", "HX-Target": "machine"}
    text = carol_client.post("/system/info/detect", headers=part).text
    assert text.startswith('<div id="machine" hx-get="/system/info" hx-trigger="every 1s"')
    assert "<html" not in text
    assert carol_client.post("/system/info/detect").headers["Location"] == "/system/info"
    text = _wait_for_detection(carol_client, part)
    assert "<dt>CTranslate2</dt>" in text
    assert "MB/s written" in text
    assert "hx-trigger" not in text
    assert caplog.text.count("this machine was looked at") == 1


def _wait_for_detection(client: Client, headers: dict[str, str]) -> str:
    deadline = time.monotonic() + 90
    while detection.progress() and time.monotonic() < deadline:
        time.sleep(0.1)
    return client.get("/system/info", headers=headers).text


def test_page_that_is_asked_for_as_a_detection_ends_asks_once_more(carol_client: Client, monkeypatch):
    cache.set(detection.LOCK, True)

    def found_before_it_ended() -> None:
        cache.delete(detection.LOCK)

    monkeypatch.setattr(detection, "found", found_before_it_ended)
    text = carol_client.get("/system/info", headers={"HX-Request": "true", "HX-Target": "machine"}).text
    assert 'hx-trigger="every 1s"' in text


def test_detect_is_for_staff_and_is_posted(client: Client, alice_client: Client, carol_client: Client):
    assert client.post("/system/info/detect").status_code == 302
    assert alice_client.post("/system/info/detect").status_code == 403
    assert carol_client.get("/system/info/detect").status_code == 405
    assert detection.progress() is None


def test_checks_are_shown_with_what_is_broken_first(carol_client: Client):
    text = carol_client.get("/system/checks").text
    assert "found something broken." in text
    assert text.index("<h2>Worker</h2>") < text.index("<h2>Database</h2>")
    assert "Start it with “.venv/bin/python manage.py qcluster”." in text


def test_script_gets_the_checks_as_json(carol_client: Client):
    found = carol_client.get("/system/checks", headers=JSON).json()
    assert found["status"] == "degraded"
    assert next(check for check in found["checks"] if check["name"] == "worker")["state"] == "degraded"


def test_log_shows_the_newest_and_leads_to_older(carol_client: Client, log_file: Path):
    text = carol_client.get("/system/logs").text
    assert "&lt;script&gt;bad()&lt;/script&gt;" in text
    assert ("line 203" in text, "line 005" in text, "line 004" in text) == (True, True, False)
    position = text.partition("before=")[2].partition('"')[0]
    older = carol_client.get(f"/system/logs?file={log_file.name}&level=all&before={position}").text
    assert [number for number in (0, 4, 5) if f"line {number:03}" in older] == [0, 4]
    assert "before=" not in older


def test_log_is_narrowed_down_to_a_level(carol_client: Client, log_file: Path):
    text = carol_client.get("/system/logs?level=error").text
    assert text.count('class="record record-bad"') == 1
    assert "line 203" not in text


@pytest.mark.parametrize(
    "query", ["file=../.secret_key", "file=selenite-20990101-000000.log", "level=loud", "before=-1", "before=x"]
)
def test_log_that_does_not_exist_is_not_found(carol_client: Client, log_file: Path, query: str):
    assert carol_client.get(f"/system/logs?{query}").status_code == 404


def test_page_without_logs_says_so(carol_client: Client, settings, tmp_path: Path):
    settings.LOG_DIR = tmp_path / "none"
    assert "Nothing was written yet." in carol_client.get("/system/logs").text


def test_log_file_is_saved_as_it_is(carol_client: Client, log_file: Path):
    response = carol_client.get(f"/system/logs/file?file={log_file.name}")
    assert response.content == log_file.read_bytes()
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{log_file.name}"'
    assert carol_client.get("/system/logs/file?file=../.secret_key").status_code == 404


def test_json_has_no_secret(carol_client: Client, settings):
    cache.set(detection.FOUND, look_quickly(), None)
    found = json.dumps(carol_client.get("/system/info", headers=JSON).json())
    assert settings.SECRET_KEY not in found
