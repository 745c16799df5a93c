"""What disks say of themselves: answers of real disks, as smartctl printed them, shortened and without serial numbers.

Those of the first three stand in the tests of AnalogJ/scrutiny and prometheus-community/smartctl_exporter.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sysinfo import wording
from sysinfo.probes import smart
from sysinfo.probes.smart import Health
from sysinfo.probing import Finding, NotKnown, find
from sysinfo.wording import Row
from tests.sysinfo.conftest import DATA, PutProgram
from transcripts import mounts

NVME = Health("nvme0n1", "INTEL SSDPEKNW010T8", True, 36, 2401, 0.0)
FAILING = Health("sdc", "Hitachi HDS721050DLE630", False, 25, 65592)
SCSI = Health("sdb", "HITACHI H109060SESUN600G", True, 26, 22364)
VIRTUAL = Health("vda", problem="smartctl says: /dev/vda: Unable to detect device type.")


PutDisk = Callable[[str], Path]


@pytest.fixture
def put_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PutDisk:
    """Return a function that has everything lie on a disk, and returns where the file system that tells so begins."""

    def put(disk: str) -> Path:
        (tmp_path / "mounts").write_text(f"/dev/{disk} / ext4 rw 0 0\n")
        monkeypatch.setattr(mounts, "MOUNTS", tmp_path / "mounts")
        (tmp_path / "root/sys/class/block" / disk).mkdir(parents=True)
        return tmp_path / "root"

    return put


@pytest.mark.parametrize(
    ("name", "health"),
    [("nvme", NVME), ("ata_failing", FAILING), ("scsi", SCSI), ("virtual", VIRTUAL)],
    ids=["NVMe", "failing", "SCSI", "virtual"],
)
def test_answer_is_read(name: str, health: Health):
    assert smart.read(health.disk, (DATA / f"smartctl_{name}.json").read_text()) == health


@pytest.mark.parametrize(
    ("health", "value", "note"),
    [
        (NVME, "good", "INTEL SSDPEKNW010T8, 36 °C, 2401 hours in use, 0% worn"),
        (
            FAILING,
            "failing: save what is on it, and replace it",
            "Hitachi HDS721050DLE630, 25 °C, 65592 hours in use",
        ),
        (VIRTUAL, "not known", "smartctl says: /dev/vda: Unable to detect device type."),
    ],
    ids=["good", "failing", "virtual"],
)
def test_health_is_told_in_words(health: Health, value: str, note: str):
    rows = list(wording._storage((), (), Finding((health,))))
    assert rows == [Row(f"Health of {health.disk}", value, note)]


def test_disk_that_only_root_may_ask_says_so():
    answer = '{"smartctl": {"messages": [{"string": "Smartctl open device: /dev/sda failed: Permission denied"}]}}'
    assert smart.read("sda", answer) == Health("sda", problem="Only root may ask the disk.")


@pytest.mark.parametrize("answer", ["", "no", "[]", '{"temperature": 3}', '{"smartctl": {"messages": [1]}}'])
def test_answer_that_is_none_is_a_reason(answer: str):
    with pytest.raises(NotKnown, match="smartctl answered something that cannot be read."):
        smart.read("sda", answer)


def test_failing_disk_is_told_although_smartctl_ends_with_a_status(put_program: PutProgram, put_disk: PutDisk):
    put_program("smartctl", file=DATA / "smartctl_ata_failing.json", status=216)
    assert smart.probe(put_disk("sdc")) == (FAILING,)


def test_disk_that_hangs_is_waited_for_no_longer_than_the_limit(
    put_program: PutProgram, put_disk: PutDisk, monkeypatch: pytest.MonkeyPatch
):
    """It is a disk of its own: the look at it goes on after the test."""
    monkeypatch.setattr(smart, "LIMIT_SECONDS", 0.2)
    put_program("smartctl", seconds=2)
    root, began = put_disk("hangs"), time.monotonic()
    assert smart.probe(root) == (Health("hangs", problem="This machine did not tell within 0.2 s."),)
    assert time.monotonic() - began < 1


def test_machine_without_smartctl_or_disks_has_a_reason(put_disk: PutDisk, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    sentence = "smartctl is not installed: the package smartmontools has it."
    assert find(lambda: smart.probe(put_disk("sdc"))) == Finding(None, sentence)
    assert find(lambda: smart.probe(tmp_path)) == Finding(None, smart.NO_DISK)


def test_disks_below_partitions_volumes_and_arrays_are_found(tmp_path: Path):
    blocks, devices = tmp_path / "sys/class/block", tmp_path / "sys/devices"
    for disk in ("sda", "sdb"):
        (devices / disk / f"{disk}1").mkdir(parents=True)
        (devices / disk / f"{disk}1/partition").write_text("1\n")
    for volume, parts in {"md0": ("sda1", "sdb1"), "dm-0": ("md0",)}.items():
        (devices / volume / "slaves").mkdir(parents=True)
        for part in parts:
            (devices / volume / "slaves" / part).touch()
    blocks.mkdir(parents=True)
    for folder in [*devices.iterdir(), devices / "sda/sda1", devices / "sdb/sdb1"]:
        (blocks / folder.name).symlink_to(os.path.relpath(folder, blocks))
    assert smart.disks_of("/dev/sda1", tmp_path) == ["sda"]
    assert smart.disks_of("/dev/dm-0", tmp_path) == ["sda", "sdb"]
    assert smart.disks_of("overlay", tmp_path) == smart.disks_of("/dev/sdz", tmp_path) == []
