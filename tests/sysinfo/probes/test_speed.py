"""Trying a disk: it leaves nothing behind, and does not fill what is nearly full."""

import errno
import shutil
from pathlib import Path

import psutil
import pytest

from sysinfo.probes import speed, storage
from sysinfo.probing import Finding, find
from transcripts.storage import RESERVE_BYTES


def test_disk_is_tried_and_left_as_it_was(tmp_path: Path):
    before = sorted(tmp_path.iterdir())
    written, read = speed.measure(tmp_path)
    assert written > 0
    assert read is None or read > 0
    assert sorted(tmp_path.iterdir()) == before


def test_each_disk_is_tried_once():
    names = [name for one in speed.probe() for name in one.names]
    assert sorted(names) == sorted(storage.folders())


def test_disk_that_is_nearly_full_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    usage = shutil.disk_usage("/")
    nearly = type("usage", (), {"total": usage.total, "used": usage.used, "free": RESERVE_BYTES + 1})
    monkeypatch.setattr("psutil.disk_usage", lambda path: nearly)
    assert find(speed.probe) == Finding(None, "There is too little room on the disk for a trial.")


def test_disk_that_fails_has_a_reason_and_hides_no_other(media_root: Path, monkeypatch: pytest.MonkeyPatch):
    usage = psutil.disk_usage

    def failing(path: str) -> object:
        if path == str(media_root):
            raise OSError(errno.EIO, "Input/output error")
        return usage(path)

    monkeypatch.setattr("psutil.disk_usage", failing)
    places = {place.name: place.space for place in storage.probe()}
    assert places["Recordings"] == Finding(None, "This could not be found out (OSError).")
    assert places["Weights"].value is not None
