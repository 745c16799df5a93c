"""What is known of the machine in the words that page and command show."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.utils import timezone

from sysinfo.probes.card import Card
from sysinfo.probes.devices import Library
from sysinfo.probes.graphics import Graphics
from sysinfo.probes.memory import Memory, Modules
from sysinfo.probes.network import Interface, Network
from sysinfo.probes.processor import Processor
from sysinfo.probes.queue import Queue
from sysinfo.probes.software import Software
from sysinfo.probes.speed import Speed
from sysinfo.probes.storage import Place, Space
from sysinfo.probes.system import UNKNOWN, System
from sysinfo.probing import Finding
from sysinfo.report import Current, Lasting

Value = TypeVar("Value")

NOT_KNOWN = "not known"
NONE = "none"


@dataclass(frozen=True, slots=True)
class Row:
    """One fact. `note` is said more quietly; `used_share` is how full something is, from 0 to 1."""

    label: str
    value: str
    note: str = ""
    used_share: float | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A subject with its facts; `reason` says why there are none."""

    title: str
    rows: Sequence[Row]
    reason: str = ""


def sections(lasting: Lasting | None, current: Current) -> list[Section]:
    """Return every subject, in the order in which it is read."""
    found = [*(_lasting(lasting) if lasting else ()), *_current(lasting, current)]
    order = (
        "System",
        "Processor",
        "Memory",
        "Graphics cards",
        "Recognition",
        "Storage",
        "Network",
        "Queue",
        "Software",
    )
    return sorted(found, key=lambda section: order.index(section.title))


def _lasting(found: Lasting) -> Iterator[Section]:
    yield _section("System", found.system, _system)
    yield _section("Processor", found.processor, _processor)
    yield _section("Graphics cards", found.graphics, _graphics)
    yield _section("Recognition", found.libraries, _libraries)
    yield _section("Software", found.software, _software)


def _current(lasting: Lasting | None, current: Current) -> Iterator[Section]:
    modules = lasting.memory_modules if lasting else None
    speeds = lasting.disk_speeds.value if lasting else None
    yield _section("Memory", current.memory, lambda memory: _memory(memory, modules))
    yield _section("Storage", current.storage, lambda places: _storage(places, speeds or ()))
    yield _section("Network", current.network, _network)
    yield _section("Queue", current.queue, _queue)


def _section(title: str, finding: Finding[Value], rows: Callable[[Value], Iterator[Row]]) -> Section:
    if finding.value is None:
        return Section(title, (), finding.reason)
    return Section(title, tuple(rows(finding.value)))


def _system(found: System) -> Iterator[Row]:
    yield Row("Name", found.host_name)
    yield Row("Operating system", found.operating_system)
    yield Row("Kernel", found.kernel, found.architecture)
    yield _surroundings(found)
    yield Row("Up since", f"{timezone.localtime(found.booted_at):%-d %b %Y, %H:%M}")


def _surroundings(found: System) -> Row:
    kind = "" if found.virtual_machine == UNKNOWN else f" ({found.virtual_machine})"
    machine = f"a virtual machine{kind}" if found.virtual_machine else "a machine of its own"
    if not found.container:
        return Row("Runs on", machine)
    kind = "" if found.container == UNKNOWN else f" ({found.container})"
    return Row("Runs in", f"a container{kind}", f"on {machine}")


def _processor(found: Processor) -> Iterator[Row]:
    yield Row("Model", found.model or NOT_KNOWN)
    counts = ((found.sockets, "socket"), (found.cores, "core"), (found.threads, "thread"))
    yield Row("Has", ", ".join(counted(number, name) for number, name in counts if number))
    if found.usable_threads and found.usable_threads != found.threads:
        yield Row("Of use here", f"{found.usable_threads:g} threads", "This container or service may not use more.")
    absent = ", ".join(found.absent_instruction_sets or ())
    yield Row("Faster with", _joined(found.instruction_sets), f"Not there: {absent}" if absent else "")


def _memory(found: Memory, modules: Finding[Modules] | None) -> Iterator[Row]:
    total, available = found.total_bytes, found.available_bytes
    share = 1 - available / total
    yield Row("In all", gibibytes(total), f"{gibibytes(available)} free for use", share)
    if found.limit_bytes:
        yield Row("Limit", gibibytes(found.limit_bytes), "This container or service may not use more.")
    swap = f"{gibibytes(found.swap_used_bytes)} used" if found.swap_total_bytes else ""
    yield Row("Swap", gibibytes(found.swap_total_bytes) if found.swap_total_bytes else NONE, swap)
    if modules and modules.value:
        yield Row("Modules", f"{modules.value.kind}, {modules.value.transfers_per_second // 1_000_000} MT/s")
    elif modules:
        yield Row("Modules", NOT_KNOWN, modules.reason)


def _graphics(found: Graphics) -> Iterator[Row]:
    for card in found.cards:
        yield from _card(card)
    if not found.cards:
        yield Row("Cards", NONE, found.problem or "The processor does the work.")
    elif found.problem:
        yield Row("Problem", found.problem)
    versions = {"Driver": found.driver, "CUDA up to": found.cuda, "ROCm": found.rocm}
    for name, version in versions.items():
        if version:
            yield Row(name, version)


def _card(card: Card) -> Iterator[Row]:
    memory = gibibytes(card.memory_bytes) if card.memory_bytes is not None else NOT_KNOWN
    share = card.used_bytes / card.memory_bytes if card.memory_bytes and card.used_bytes is not None else None
    used = f"{gibibytes(card.used_bytes)} used" if card.used_bytes is not None else ""
    split = "split, and no part is set up" if card.is_split and not card.parts else ""
    yield Row(card.name, memory, ", ".join(filter(None, (used, split, card.address))), share)
    for part in card.parts:
        size = gibibytes(part.memory_bytes) if part.memory_bytes is not None else NOT_KNOWN
        yield Row(part.name, size, f"{gibibytes(part.used_bytes)} used" if part.used_bytes is not None else "")


def _libraries(found: Sequence[Library]) -> Iterator[Row]:
    for library in found:
        where = ", ".join(library.cards) or "the processor only"
        facts = [library.problem, f"version {library.version}" if library.version else ""]
        facts += [f"built for CUDA {library.cuda}" if library.cuda else "", _joined(library.processor_types, empty="")]
        value = "cannot be used" if library.problem and not library.version else where
        yield Row(library.name, value, "; ".join(filter(None, facts)))


def _storage(places: Sequence[Place], speeds: Sequence[Speed]) -> Iterator[Row]:
    """Yield each disk once, then what lies where."""
    disks = {place.space.value.mounted_at: place.space.value for place in places if place.space.value}
    for point, disk in disks.items():
        yield _disk(disk, next((speed for speed in speeds if speed.mounted_at == point), None))
    for place in places:
        path = str(place.path) if place.path else "elsewhere"
        on = f"On the disk at {place.space.value.mounted_at}." if place.space.value and len(disks) > 1 else ""
        yield Row(place.name, path, on or place.space.reason)


def _disk(disk: Space, speed: Speed | None) -> Row:
    measured = [f"{megabytes(speed.written_per_second)}/s written"] if speed else []
    measured += [f"{megabytes(speed.read_per_second)}/s read"] if speed and speed.read_per_second else []
    note = ", ".join(filter(None, (disk.file_system, disk.device, *measured)))
    value = f"{gigabytes(disk.free_bytes)} free of {gigabytes(disk.total_bytes)}"
    return Row(f"Disk at {disk.mounted_at}" if disk.mounted_at else "Disk", value, note, disk.used_share)


def _network(found: Network) -> Iterator[Row]:
    for interface in found.interfaces:
        yield Row(interface.name, _joined(interface.addresses, empty="no address"), _state(interface))
    routes = found.default_routes
    if routes is None:
        yield Row("Default route", NOT_KNOWN, "Only Linux tells it.")
    else:
        ways = [f"{route.gateway} over {route.interface}" if route.gateway else route.interface for route in routes]
        yield Row("Default route", _joined(ways))


def _state(interface: Interface) -> str:
    speed = f"{interface.megabits} Mbit/s" if interface.megabits else ""
    return ", ".join(filter(None, ("up" if interface.is_up else "down", speed, interface.mac)))


def _queue(found: Queue) -> Iterator[Row]:
    yield Row("Workers", _joined(found.workers), counted(found.slots, "job") + " at once" if found.workers else "")
    held = "The queue is held." if found.is_held else ""
    counts = {"running": found.running, "waiting": found.waiting, "paused": found.paused}
    yield Row("Jobs", ", ".join(f"{number} {name}" for name, number in counts.items()), held)
    if found.blocked:
        yield Row("Cannot start", counted(found.blocked, "job"), "The queue page says why.")


def _software(found: Software) -> Iterator[Row]:
    yield Row("Selenite", found.selenite)
    yield Row("Python", found.python, found.python_path)
    yield Row("Database", found.database)
    yield Row("Node", found.node or "not installed", "Selenite does not need it.")
    for library in found.libraries:
        yield Row(library.name, library.version or "not installed")


def _joined(words: Sequence[str] | None, *, empty: str = NONE) -> str:
    return NOT_KNOWN if words is None else ", ".join(words) or empty


def counted(number: int, name: str) -> str:
    """Return a number with its noun: 1 core, 2 cores."""
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def gibibytes(size: int) -> str:
    """Return a size of memory, which is made and sold by powers of two."""
    return f"{size / (1 << 30):.1f} GiB" if size >= 1 << 30 else f"{size >> 20} MiB"


def gigabytes(size: int) -> str:
    """Return a size of a disk."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else megabytes(size)


def megabytes(size: float) -> str:
    return f"{size / 1e6:.0f} MB"
