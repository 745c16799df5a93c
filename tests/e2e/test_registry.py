"""Weights are installed, cancelled, gone on with, verified and removed in the administration, from a mirror on the loopback."""

import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from django.conf import settings
from playwright.sync_api import Locator, Page, expect

from tests.e2e.server import Person, Server, running_server
from tests.e2e.steps import sign_in
from tests.mirror import Mirror, serving

pytestmark = pytest.mark.e2e

MODELS = "/admin/registry/speechmodel/"
SLOW, QUICK, HELD = 15_000_000, 0, None
"""In bytes a second: slow enough to be seen, as quick as can be, and not at all."""
INSTALL_MILLISECONDS = 60_000
LONG_WORDS = """
from django.contrib.auth.models import User
from registry.models import Provider, SpeechModel
SpeechModel.objects.filter(key="tiny").update(enabled=False, disabled_reason="x" * 180)
Provider.objects.filter(key="vad").update(enabled=False, disabled_reason="y" * 180)
User.objects.create_user("n" * 100, email=f"{'e' * 100}@example.org", first_name="f" * 100)
"""


@pytest.fixture(scope="module")
def mirror() -> Iterator[Mirror]:
    with serving(Mirror(settings.WEIGHTS_DIR)) as mirror:
        yield mirror


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, mirror: Mirror) -> Iterator[Server]:
    """Run Selenite without any weights, with a mirror instead of the publishers."""
    folder = tmp_path_factory.mktemp("registry")
    own = {
        "SELENITE_MODELS_DIR": str(folder / "models"),
        "SELENITE_WEIGHTS_SOURCES": "publisher",
        "SELENITE_WEIGHTS_MIRROR": mirror.url,
    }
    with running_server(folder, **own) as server:
        yield server


@pytest.fixture
def administrator(server: Server) -> Person:
    return server.add_person(is_superuser=True)


def standing(page: Page, model: str) -> Locator:
    """Return the part of the list that tells how it stands with a model of faster-whisper."""
    return row_of(page, model).locator(".standing")


def row_of(page: Page, model: str) -> Locator:
    name = re.compile(rf"^{re.escape(model)}( Default| Used instead)? faster-whisper$")
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=name))


def remove(page: Page, *models: str) -> None:
    for model in models:
        standing(page, model).get_by_role("link", name="Remove…").click()
        page.get_by_role("button", name="Remove").click()
        expect(standing(page, model)).to_contain_text("Not installed")


def percent(part: Locator) -> int:
    return int(re.findall(r"(\d+) %", part.inner_text())[0])


@pytest.mark.parametrize("model", ["tiny.en", "base"])
def test_model_is_installed_cancelled_gone_on_with_verified_and_removed(
    open_page: Callable[..., Page], server: Server, mirror: Mirror, administrator: Person, model: str
):
    page = open_page()
    sign_in(page, administrator)
    page.goto(MODELS)
    part = standing(page, model)
    mirror.bytes_per_second = SLOW
    part.get_by_role("button", name="Install").press("Enter")
    expect(part.get_by_role("button", name="Cancel")).to_be_focused()
    expect(part).to_contain_text(re.compile(r"Downloading [1-9]\d? %"), timeout=INSTALL_MILLISECONDS)
    first = percent(part)
    expect(part.get_by_role("progressbar")).to_be_visible()
    expect(part).not_to_contain_text(f"Downloading {first} %", timeout=INSTALL_MILLISECONDS)
    assert percent(part) > first

    mirror.bytes_per_second = HELD
    asked = time.monotonic()
    part.get_by_role("button", name="Cancel").press("Enter")
    expect(part).to_contain_text("Not installed", timeout=INSTALL_MILLISECONDS)
    assert time.monotonic() - asked < 5
    expect(part.get_by_role("button", name="Install")).to_be_focused()
    models = Path(server.environment["SELENITE_MODELS_DIR"])
    kept = (models / f".incoming/faster-whisper/{model}/model.bin.part").stat().st_size
    assert kept > 0
    assert not (models / "faster-whisper" / model).exists()

    mirror.bytes_per_second = QUICK
    mirror.requests.clear()
    part.get_by_role("button", name="Install").click()
    expect(part).to_contain_text("Verified", timeout=INSTALL_MILLISECONDS)
    assert ("model.bin", f"bytes={kept}-") in mirror.requests

    config = models / "faster-whisper" / model / "config.json"
    config.write_bytes(b"{}".ljust(config.stat().st_size))
    part.get_by_role("button", name="Verify").press("Enter")
    expect(part).to_contain_text("config.json is not what was installed", timeout=INSTALL_MILLISECONDS)
    expect(part.get_by_role("button", name="Install")).to_be_focused()
    expect(part).to_contain_text("Broken")
    part.get_by_role("button", name="Install").click()
    expect(part).to_contain_text("Verified", timeout=INSTALL_MILLISECONDS)

    part.get_by_role("link", name="Remove…").click()
    expect(page.get_by_text("Their files are deleted")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text(f"aster-whisper/{model} is removed.")).to_be_visible()
    expect(standing(page, model)).to_contain_text("Not installed")
    assert not (models / "faster-whisper" / model).exists()


def test_marks_and_what_becomes_of_jobs_follow_what_is_installed(
    open_page: Callable[..., Page], mirror: Mirror, administrator: Person
):
    page = open_page()
    sign_in(page, administrator)
    page.goto(MODELS)
    mirror.bytes_per_second = QUICK
    instead = "Jobs for which nobody chooses a model get tiny.en (faster-whisper) instead."
    standing(page, "tiny.en").get_by_role("button", name="Install").click()
    expect(row_of(page, "tiny.en")).to_contain_text("Used instead", timeout=INSTALL_MILLISECONDS)
    expect(standing(page, "base")).to_contain_text(instead)
    standing(page, "base").get_by_role("button", name="Install").click()
    expect(row_of(page, "tiny.en")).not_to_contain_text("Used instead", timeout=INSTALL_MILLISECONDS)
    expect(standing(page, "base")).not_to_contain_text(instead)
    remove(page, "base", "tiny.en")


def test_other_rows_say_what_was_installed_meanwhile(
    open_page: Callable[..., Page], mirror: Mirror, administrator: Person
):
    page = open_page()
    sign_in(page, administrator)
    page.goto(MODELS)
    beside = page.context.new_page()
    beside.goto(MODELS)
    mirror.bytes_per_second = QUICK
    standing(page, "tiny.en").get_by_role("button", name="Install").click()
    expect(standing(page, "tiny.en")).to_contain_text("Verified", timeout=INSTALL_MILLISECONDS)
    standing(beside, "base").get_by_role("button", name="Install").press("Enter")
    expect(standing(beside, "tiny.en")).to_contain_text("Verified", timeout=INSTALL_MILLISECONDS)
    expect(standing(beside, "tiny.en").get_by_role("button", name="Measure")).to_be_visible()
    expect(standing(beside, "base").get_by_role("button", name="Verify")).to_be_focused()
    remove(beside, "base", "tiny.en")


def test_nothing_hides_beyond_the_edge_of_a_phone(
    open_page: Callable[..., Page], server: Server, administrator: Person
):
    server.run(LONG_WORDS)
    page = open_page(width=360)
    sign_in(page, administrator)
    for address in (MODELS, "/admin/registry/provider/", "/admin/auth/user/"):
        page.goto(address)
        hidden = page.locator(".results").evaluate("(list) => list.scrollWidth - list.clientWidth")
        assert (address, hidden) == (address, 0)


def test_base_is_installed_without_javascript_through_kills(
    open_page: Callable[..., Page], server: Server, mirror: Mirror, administrator: Person
):
    page = open_page(javascript=False)
    sign_in(page, administrator)
    page.goto(MODELS)
    mirror.bytes_per_second = SLOW
    standing(page, "base").get_by_role("button", name="Install").click()
    expect(standing(page, "base")).to_contain_text(re.compile("Waits|Downloading"))  # The page that follows is there.
    _wait_for_percent(page, at_least=5)
    _kill(server, lambda process: "--network" in process.cmdline())
    _wait_for_percent(page, at_least=20)
    _kill(server, lambda process: process.environ().get("Q_CLUSTER_NAME") == "long")
    mirror.bytes_per_second = QUICK

    _reload_until(page, "Verified")
    asked = [span for name, span in mirror.requests if name == "model.bin" and span]
    assert len(asked) >= 2, "It went on after each kill."
    standing(page, "base").get_by_role("link", name="Remove…").click()
    page.get_by_role("button", name="Remove").click()
    expect(standing(page, "base")).to_contain_text("Not installed")


def _kill(server: Server, is_meant: Callable[[psutil.Process], bool]) -> None:
    """Kill processes of the service with SIGKILL, and everything below them."""
    folder = server.environment["SELENITE_DATA_DIR"]
    meant = [process for process in psutil.process_iter() if _belongs(process, folder) and is_meant(process)]
    assert meant
    for process in meant:
        process.send_signal(signal.SIGKILL)


def _belongs(process: psutil.Process, folder: str) -> bool:
    try:
        return process.environ().get("SELENITE_DATA_DIR") == folder
    except psutil.Error:
        return False


def _wait_for_percent(page: Page, *, at_least: int) -> None:
    deadline = time.monotonic() + INSTALL_MILLISECONDS / 1000
    while time.monotonic() < deadline:
        page.reload()
        found = re.findall(r"Downloading (\d+) %", standing(page, "base").inner_text())
        if found and int(found[0]) >= at_least:
            return
        page.wait_for_timeout(200)
    pytest.fail(standing(page, "base").inner_text())


def _reload_until(page: Page, words: str) -> None:
    deadline = time.monotonic() + INSTALL_MILLISECONDS / 1000
    while words not in standing(page, "base").inner_text():
        assert time.monotonic() < deadline, standing(page, "base").inner_text()
        page.wait_for_timeout(500)
        page.reload()
