"""Machines that are not this one, by the files that Linux has on them."""

from pathlib import Path

import pytest

from speech import limits
from sysinfo.probes import memory, network, processor, system
from sysinfo.probes.memory import Modules
from sysinfo.probes.network import Route
from sysinfo.probing import NotKnown
from tests.sysinfo.conftest import PutFiles, PutProgram

XEON = "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Xeon(R) Platinum 8480+\nflags\t\t: {}\n\nprocessor\t: 1\n"
PI = "processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd asimddp\nCPU part\t: 0xd0b\n\n"
DMIDECODE = """
Memory Device
	Size: 32 GB
	Type: DDR5
	Speed: 5600 MT/s
	Configured Memory Speed: 4800 MT/s

Memory Device
	Size: No Module Installed
	Type: Unknown
	Speed: Unknown

Memory Device
	Size: 32 GB
	Type: DDR5
	Configured Memory Speed: 4400 MT/s
"""


def test_two_sockets_with_hyperthreading_and_amx(put_files: PutFiles):
    files = {
        "proc/cpuinfo": XEON.format("fpu avx2 avx512f avx512_vnni avx512_bf16 avx_vnni amx_tile amx_int8 amx_bf16")
    }
    for number in range(8):
        folder = f"sys/devices/system/cpu/cpu{number}/topology"
        files[f"{folder}/physical_package_id"] = str(number // 2 % 2)
        files[f"{folder}/core_id"] = str(number % 2)
        files[f"{folder}/thread_siblings_list"] = f"{number % 4},{number % 4 + 4}"
    found = processor.probe(put_files(files))
    assert (found.model, found.sockets, found.cores, found.threads) == ("Intel(R) Xeon(R) Platinum 8480+", 2, 4, 8)
    assert found.absent_instruction_sets == ()
    assert found.instruction_sets == tuple(processor.INSTRUCTIONS)


def test_arm_has_instruction_sets_of_its_own_and_may_not_tell_its_name(put_files: PutFiles):
    found = processor.probe(put_files({"proc/cpuinfo": PI}))
    assert found.model is None
    assert found.instruction_sets == ("NEON", "DotProd")
    assert found.absent_instruction_sets == ("SVE", "BF16", "I8MM")


def test_processor_that_tells_nothing_is_not_known(tmp_path: Path):
    found = processor.probe(tmp_path)
    assert (found.model, found.sockets, found.instruction_sets) == (None, None, None)


@pytest.mark.parametrize(
    ("files", "share", "memory_bytes"),
    [
        ({}, None, None),
        (
            {"proc/self/cgroup": "0::/", "sys/fs/cgroup/cpu.max": "max 100000", "sys/fs/cgroup/memory.max": "max"},
            None,
            None,
        ),
        ({"proc/self/cgroup": "0::/", "sys/fs/cgroup/cpu.max": "150000 100000"}, 1.5, None),
        (
            {
                "proc/self/cgroup": "0::/system.slice/selenite.service",
                "sys/fs/cgroup/system.slice/memory.max": "8000000000",
                "sys/fs/cgroup/system.slice/selenite.service/memory.max": "max",
                "sys/fs/cgroup/system.slice/selenite.service/cpu.max": "400000 100000",
            },
            4.0,
            8_000_000_000,
        ),
        (
            {
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "1073741824",
            },
            0.5,
            1 << 30,
        ),
        (
            {
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
            },
            None,
            None,
        ),
    ],
    ids=["none", "max", "share", "of a group above", "version 1", "version 1 without"],
)
def test_limits_of_a_container(
    put_files: PutFiles, files: dict[str, str], share: float | None, memory_bytes: int | None
):
    root = put_files({"etc/hostname": "machine", **files})
    assert (limits.processors(root), limits.memory_bytes(root)) == (share, memory_bytes)


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({"proc/1/cgroup": "0::/init.scope"}, ""),
        ({".dockerenv": ""}, "docker"),
        ({"run/.containerenv": "engine=podman"}, "podman"),
        ({"run/systemd/container": "systemd-nspawn\n"}, "systemd-nspawn"),
        ({"proc/1/environ": "PATH=/bin\0container=lxc\0"}, "lxc"),
        ({"proc/1/environ": "KUBERNETES_SERVICE_HOST=10.0.0.1\0", ".dockerenv": ""}, "kubernetes"),
        ({"proc/1/cgroup": "12:cpu:/kubepods/besteffort/pod1"}, "kubernetes"),
        ({"proc/sys/kernel/osrelease": "5.15.90.1-microsoft-standard-WSL2"}, "wsl"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_container_is_told_by_its_marks(put_files: PutFiles, files: dict[str, str], kind: str):
    assert system.container(put_files(files)) == kind


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({"sys/class/dmi/id/sys_vendor": "Dell Inc.", "proc/cpuinfo": "flags : fpu"}, ""),
        ({"sys/class/dmi/id/sys_vendor": "QEMU"}, "QEMU"),
        ({"sys/class/dmi/id/product_name": "VMware Virtual Platform"}, "VMware"),
        ({"sys/hypervisor/type": "xen\n", "proc/cpuinfo": "flags : fpu"}, "Xen"),
        ({"proc/cpuinfo": "flags : fpu hypervisor avx2"}, "unknown"),
    ],
)
def test_virtual_machine_is_told_by_its_files(put_files: PutFiles, files: dict[str, str], kind: str):
    assert system.virtual_machine(put_files(files)) == kind


IS_GUEST = {"proc/cpuinfo": "flags : fpu hypervisor avx2"}
QEMU = {**IS_GUEST, "sys/class/dmi/id/sys_vendor": "QEMU"}


@pytest.mark.parametrize(
    ("lscpu", "systemd", "files", "kind"),
    [
        ("Architecture: x86_64\nHypervisor vendor:  KVM\n", "", QEMU, "KVM"),
        ("Architecture: x86_64\n", "kvm\n", QEMU, "QEMU"),
        ("Architecture: x86_64\n", "kvm\n", IS_GUEST, "KVM"),
        ("Architecture: aarch64\n", "oracle\n", {}, "VirtualBox"),
        ("Architecture: x86_64\n", "zvm\n", {}, "zvm"),
        ("Architecture: x86_64\n", "none\n", {}, ""),
        ("Architecture: x86_64\n", "none\n", IS_GUEST, "unknown"),
    ],
)
def test_hypervisor_is_the_one_that_programs_name(
    put_program: PutProgram, put_files: PutFiles, lscpu: str, systemd: str, files: dict[str, str], kind: str
):
    put_program("lscpu", says=lscpu)
    put_program("systemd-detect-virt", says=systemd, status=int(systemd == "none\n"))
    assert system.hypervisor(put_files(files)) == kind


def test_hypervisor_is_unknown_where_nothing_names_it(no_programs: None, put_files: PutFiles):
    assert system.hypervisor(put_files(IS_GUEST)) == "unknown"


def test_hypervisor_is_the_firmwares_where_there_are_no_programs(no_programs: None, put_files: PutFiles):
    assert system.hypervisor(put_files(QEMU)) == "QEMU"


def test_slowest_module_decides():
    assert memory.read_modules(DMIDECODE) == Modules("DDR5", 4_400_000_000)


@pytest.mark.parametrize(
    "output", ["", "# No SMBIOS nor DMI entry point found, sorry.", "	Type: Unknown\n	Speed: Unknown\n"]
)
def test_firmware_that_does_not_tell_gives_a_reason(output: str):
    with pytest.raises(NotKnown, match=r"The firmware does not tell\."):
        memory.read_modules(output)


def test_default_routes_are_in_the_order_of_their_metric(put_files: PutFiles):
    head = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
    rows = (
        "wlan0\t00000000\t0100A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
        "ppp0\t00000000\t00000000\t0001\t0\t0\t50\t00000000\t0\t0\t0\n"
        "eth0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0\n"
    )
    six = f"{'0' * 32} 00 {'0' * 32} 00 {'0' * 32} ffffffff 00000001 00000000 00200200       lo\n"
    root = put_files({"proc/net/route": head + rows, "proc/net/ipv6_route": six})
    assert network.default_routes(root) == (Route("ppp0", ""), Route("wlan0", "192.168.0.1"))


def test_routes_are_not_known_where_no_linux_tells_them(tmp_path: Path):
    assert network.default_routes(tmp_path) is None
