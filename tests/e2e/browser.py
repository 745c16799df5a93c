"""The browser that the tests drive: the one that is there, else one that gets installed.

`python -m tests.e2e.browser` makes sure of one and prints where it is.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "google-chrome", "chromium-browser", "google-chrome-stable")


def find_browser() -> Path | None:
    """Return the program that SELENITE_BROWSER names, else one on the PATH, else Playwright's own, else None."""
    if named := os.environ.get("SELENITE_BROWSER"):
        return Path(named)
    for name in NAMES:
        if (found := shutil.which(name)) and _runs(Path(found)):
            return Path(found)
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    return own if own.exists() and _runs(own) else None


def _runs(browser: Path) -> bool:
    """Tell whether the program starts: Ubuntu's `chromium-browser` may only advertise a snap."""
    return subprocess.run([browser, "--version"], capture_output=True, timeout=60).returncode == 0


def _install_with_playwright() -> None:
    playwright = (sys.executable, "-m", "playwright")
    if subprocess.run([*playwright, "install", "chromium"]).returncode == 0 and os.geteuid() == 0:
        subprocess.run([*playwright, "install-deps", "chromium"])


def _install_from_debian() -> None:
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update"])
        subprocess.run(["apt-get", "install", "--yes", "--no-install-recommends", "chromium", "fonts-dejavu-core"])


def ensure_browser() -> Path:
    """Return the browser, installed if need be. Exits with a sentence where none can be had."""
    ways: tuple[Callable[[], None], ...] = (_install_with_playwright, _install_from_debian)
    for install in ways:
        if browser := find_browser():
            return browser
        print("The tests need a browser: installing Chromium.", flush=True)
        install()
    if browser := find_browser():
        return browser
    sys.exit("The tests need Chromium or Chrome. Install one, or name it by the variable SELENITE_BROWSER.")


if __name__ == "__main__":
    print(f"The tests drive {ensure_browser()}.")
