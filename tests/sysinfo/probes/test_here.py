"""What is found out about this machine is what its own commands say."""

import ipaddress
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from sysinfo import wording
from sysinfo.probes import memory, network, processor, storage, system
from sysinfo.probes.storage import Place, Space
from sysinfo.probing import Finding


def _said(*command: str) -> str:
    if shutil.which(command[0]) is None:
        pytest.xfail(f"{command[0]} is not on this machine")
    environment = {"LC_ALL": "C", "PATH": os.environ["PATH"]}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout


def test_processor_is_as_lscpu_says():
    rows = json.loads(_said("lscpu", "--json"))["lscpu"]
    said = dict(_flat(rows))
    found = processor.probe()
    assert found.model == said["Model name:"]
    assert found.sockets == int(said["Socket(s):"])
    assert found.cores == int(said["Core(s) per socket:"]) * int(said["Socket(s):"])
    assert found.threads == len(_numbers(said["On-line CPU(s) list:"]))
    flags = said["Flags:"].split()
    assert {"AVX2", "AVX-512F", "AMX"} & set(found.instruction_sets or ()) == {
        name for name, flag in (("AVX2", "avx2"), ("AVX-512F", "avx512f"), ("AMX", "amx_tile")) if flag in flags
    }


def _flat(rows: list[dict]) -> list[tuple[str, str]]:
    return [pair for row in rows for pair in ((row["field"], row.get("data") or ""), *_flat(row.get("children", [])))]


def _numbers(text: str) -> list[int]:
    """Return the numbers of a list such as 0-3,6."""
    parts = [part.partition("-") for part in text.split(",")]
    return [number for first, _, last in parts for number in range(int(first), int(last or first) + 1)]


def test_memory_is_as_free_says():
    lines = {line.split()[0]: line.split()[1:] for line in _said("free", "--bytes").splitlines()[1:]}
    found = memory.probe()
    assert found.total_bytes == int(lines["Mem:"][0])
    assert found.swap_total_bytes == int(lines["Swap:"][0])
    assert found.available_bytes == pytest.approx(int(lines["Mem:"][5]), rel=0.05)


def test_disk_is_as_df_says(tmp_path: Path):
    columns = "source,fstype,size,used,avail,target"
    said = _said("df", "--block-size=1", f"--output={columns}", str(tmp_path)).splitlines()[1].split()
    found = storage.space_of(tmp_path / "not made yet")
    assert (found.file_system, found.total_bytes, found.mounted_at) == (said[1], int(said[2]), said[5])
    assert found.used_bytes == pytest.approx(int(said[3]), rel=0.01)
    assert found.free_bytes == pytest.approx(int(said[4]), rel=0.01)


@pytest.mark.parametrize(
    ("free", "note"),
    [(80_200_000_000, "120.4 GB reserved by the file system, ext4, /dev/vda"), (200_000_000_000, "ext4, /dev/vda")],
)
def test_what_is_neither_used_nor_free_is_told_of_a_disk(free: int, note: str):
    disk = Space("/", "/dev/vda", "ext4", total_bytes=270_600_000_000, used_bytes=70_000_000_000, free_bytes=free)
    row, _ = wording._storage((Place("Database", Path("/db"), Finding(disk)),), (), None)
    assert (row.value, row.note) == (f"{free / 1e9:.1f} GB free of 270.6 GB", note)


def test_hypervisor_is_as_lscpu_says():
    rows = {row["field"]: row["data"] for row in json.loads(_said("lscpu", "--json"))["lscpu"]}
    assert system.probe().virtual_machine == rows.get("Hypervisor vendor:", "")


def test_network_is_as_ip_says():
    said = json.loads(_said("ip", "-json", "address"))
    found = {interface.name: interface for interface in network.probe().interfaces}
    assert {one["ifname"] for one in said} == set(found)
    for one in said:
        addresses = {f"{address['local']}/{address['prefixlen']}" for address in one["addr_info"]}
        assert set(found[one["ifname"]].addresses) == addresses
        assert found[one["ifname"]].mac == one["address"]
        assert found[one["ifname"]].mtu == one["mtu"]


def test_default_routes_are_as_ip_says():
    said = [
        route
        for version in "46"
        for route in json.loads(_said("ip", f"-{version}", "-json", "route", "show", "default"))
    ]
    expected = [
        (route["dev"], str(ipaddress.ip_address(route["gateway"])) if "gateway" in route else "") for route in said
    ]
    assert [(route.interface, route.gateway) for route in network.probe().default_routes or ()] == expected


def test_system_is_as_uname_says():
    found = system.probe()
    assert f"{found.kernel} {found.architecture}" == _said("uname", "-srm").strip()
    assert found.host_name == _said("uname", "-n").strip()
