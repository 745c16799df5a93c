"""What is known of the machine in the words that page and command show."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from django.utils import timezone

from registry import terminal
from sysinfo.probes.card import Card
from sysinfo.probes.devices import Library
from sysinfo.probes.graphics import Graphics
from sysinfo.probes.memory import Memory, Modules
from sysinfo.probes.network import Interface, Network
from sysinfo.probes.paces import Pace
from sysinfo.probes.processor import Processor
from sysinfo.probes.queue import Queue
from sysinfo.probes.smart import Health
from sysinfo.probes.software import Software
from sysinfo.probes.speed import Speed
from sysinfo.probes.storage import Place, Space
from sysinfo.probes.system import UNKNOWN, System
from sysinfo.probing import Finding
from sysinfo.report import Current, Lasting

Value = TypeVar("Value")

NOT_KNOWN = "not known"
NONE = "none"
MEASURE = f"“Measure” on the page, or “{terminal.manage('benchmark quick')}”, measures what was not yet, in half a minute each."
UNIT = "Sizes are told in GB of 1,000,000,000 bytes, here as on all pages. A memory module of 16 GB has 17.2 of them."
RESERVED_SHARE = 0.01
"""From how much of a disk on it would be asked why used and free are not the whole."""
NOTHING_RUNS = "No model is installed that can run."


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
        "Speed",
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
    memory = _section("Memory", current.memory, lambda memory: _memory(memory, modules))
    yield replace(memory, reason=memory.reason or UNIT)
    health = lasting.disk_health if lasting else None
    yield _section("Storage", current.storage, lambda places: _storage(places, speeds or (), health))
    yield _section("Network", current.network, _network)
    yield _section("Queue", current.queue, _queue)
    yield _speed(current.paces)


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
    yield Row("In all", gigabytes(total), f"{gigabytes(available)} free for use", share)
    if found.limit_bytes:
        yield Row("Limit", gigabytes(found.limit_bytes), "This container or service may not use more.")
    swap = f"{gigabytes(found.swap_used_bytes)} used" if found.swap_total_bytes else ""
    yield Row("Swap", gigabytes(found.swap_total_bytes) if found.swap_total_bytes else NONE, swap)
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
    memory = gigabytes(card.memory_bytes) if card.memory_bytes is not None else NOT_KNOWN
    share = card.used_bytes / card.memory_bytes if card.memory_bytes and card.used_bytes is not None else None
    used = f"{gigabytes(card.used_bytes)} used" if card.used_bytes is not None else ""
    split = "split, and no part is set up" if card.is_split and not card.parts else ""
    yield Row(card.name, memory, ", ".join(filter(None, (used, split, card.address))), share)
    for part in card.parts:
        size = gigabytes(part.memory_bytes) if part.memory_bytes is not None else NOT_KNOWN
        yield Row(part.name, size, f"{gigabytes(part.used_bytes)} used" if part.used_bytes is not None else "")


def _libraries(found: Sequence[Library]) -> Iterator[Row]:
    for library in found:
        where = ", ".join(library.cards) or "the processor only"
        facts = [library.problem, f"version {library.version}" if library.version else ""]
        facts += [f"built for CUDA {library.cuda}" if library.cuda else "", _joined(library.processor_types, empty="")]
        value = "cannot be used" if library.problem and not library.version else where
        yield Row(library.name, value, "; ".join(filter(None, facts)))


def _speed(finding: Finding[tuple[Pace, ...]]) -> Section:
    if finding.value is None:
        return Section("Speed", (), finding.reason)
    if not finding.value:
        return Section("Speed", (), NOTHING_RUNS)
    is_all_measured = all(pace.speed for pace in finding.value)
    return Section("Speed", tuple(map(_pace, finding.value)), "" if is_all_measured else MEASURE)


def _pace(found: Pace) -> Row:
    memory = gigabytes(found.memory_bytes) if found.memory_bytes else ""
    by = (found.engine or "tells speakers apart") + (", English only" if found.english_only else "")
    if found.speed is None:
        return Row(found.name, "not measured yet", f"{by}, needs about {memory}" if memory else by)
    measured = f"measured {timezone.localtime(found.measured_at):%-d %b %Y}" if found.measured_at else ""
    return Row(found.name, ", ".join(filter(None, (times(found.speed), memory))), f"{by}, {measured}".rstrip(", "))


def _storage(
    places: Sequence[Place], speeds: Sequence[Speed], health: Finding[tuple[Health, ...]] | None
) -> Iterator[Row]:
    """Yield each disk once, what the disks say of themselves, then what lies where."""
    disks = {place.space.value.mounted_at: place.space.value for place in places if place.space.value}
    for point, disk in disks.items():
        yield _disk(disk, next((speed for speed in speeds if speed.mounted_at == point), None))
    if health is not None:
        yield from map(_health, health.value or ())
        if health.reason:
            yield Row("Health of disks", NOT_KNOWN, health.reason)
    for place in places:
        path = str(place.path) if place.path else "elsewhere"
        on = f"On the disk at {place.space.value.mounted_at}." if place.space.value and len(disks) > 1 else ""
        yield Row(place.name, path, on or place.space.reason)


def _disk(disk: Space, speed: Speed | None) -> Row:
    measured = [f"{megabytes(speed.written_per_second)}/s written"] if speed else []
    measured += [f"{megabytes(speed.read_per_second)}/s read"] if speed and speed.read_per_second else []
    is_worth_telling = disk.reserved_bytes > RESERVED_SHARE * disk.total_bytes
    reserved = f"{gigabytes(disk.reserved_bytes)} reserved by the file system" if is_worth_telling else ""
    note = ", ".join(filter(None, (reserved, disk.file_system, disk.device, *measured)))
    value = f"{gigabytes(disk.free_bytes)} free of {gigabytes(disk.total_bytes)}"
    return Row(f"Disk at {disk.mounted_at}" if disk.mounted_at else "Disk", value, note, disk.used_share)


def _health(found: Health) -> Row:
    facts = [found.problem, found.model]
    facts += [f"{found.celsius} °C"] if found.celsius is not None else []
    facts += [f"{found.hours} hours in use"] if found.hours is not None else []
    facts += [f"{found.worn_share:.0%} worn"] if found.worn_share is not None else []
    value = {True: "good", False: "failing: save what is on it, and replace it", None: NOT_KNOWN}[found.is_good]
    return Row(f"Health of {found.disk}", value, ", ".join(filter(None, facts)))


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
    if found.fetching:
        yield Row("Wait for weights", counted(found.fetching, "job"), "They are being downloaded.")


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


def times(speed: float) -> str:
    """Return how fast something is: about 7.5 x real time."""
    return f"about {speed:.{0 if speed >= 10 else 1}f} x real time"


def gigabytes(size: int) -> str:
    """Return a size of memory or of a disk, as all sizes here are told: a GB has 1,000,000,000 bytes."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else megabytes(size)


def megabytes(size: float) -> str:
    return f"{size / 1e6:.0f} MB"
