"""All that is known of this machine: what stays as it is until somebody looks anew, and what is looked at each time."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from sysinfo.probes import (
    devices,
    graphics,
    memory,
    network,
    paces,
    processor,
    queue,
    smart,
    software,
    speed,
    storage,
    system,
)
from sysinfo.probing import Finding, Look, find

NOT_ASKED = "Nobody has asked the libraries yet. “Detect” does."
NOT_TRIED = "Nobody has tried the disks yet. “Detect” does."
STEPS = ("Looking at the machine", "Asking the libraries", "Trying the disks")

OnStep = Callable[[int], None]
"""Called with the number of the step that begins, from 0."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """What changes only when the machine or the program does."""

    looked_at: datetime
    system: Finding[system.System]
    processor: Finding[processor.Processor]
    memory_modules: Finding[memory.Modules]
    graphics: Finding[graphics.Graphics]
    software: Finding[software.Software]
    libraries: Finding[tuple[devices.Library, ...]]
    disk_speeds: Finding[tuple[speed.Speed, ...]]
    disk_health: Finding[tuple[smart.Health, ...]]


@dataclass(frozen=True, slots=True)
class Current:
    """What changes all the time."""

    looked_at: datetime
    memory: Finding[memory.Memory]
    storage: Finding[tuple[storage.Place, ...]]
    network: Finding[network.Network]
    queue: Finding[queue.Queue]
    paces: Finding[tuple[paces.Pace, ...]]


def look_quickly() -> Lasting:
    """Look at what lasts, for a second at the most or until the limits of the probes. Loads and tries nothing."""
    looks = (
        Look("system", system.probe),
        Look("processor", processor.probe),
        Look("memory modules", memory.probe_modules),
        Look("graphics", graphics.probe),
        Look("software", software.probe),
        Look("disk health", smart.probe),
    )
    of_system, of_processor, of_modules, of_graphics, of_software, of_health = looks
    return Lasting(
        datetime.now(UTC),
        of_system.finding(),
        of_processor.finding(),
        of_modules.finding(),
        of_graphics.finding(),
        of_software.finding(),
        Finding(None, NOT_ASKED),
        Finding(None, NOT_TRIED),
        of_health.finding(),
    )


def look_closely(on_step: OnStep = lambda _: None) -> Lasting:
    """Look at what lasts, have the libraries load and compute, and try the disks. Takes several seconds."""
    on_step(0)
    found = look_quickly()
    on_step(1)
    found = replace(found, libraries=find(devices.probe))
    on_step(2)
    return replace(found, disk_speeds=Look("disk speeds", speed.probe, limit_seconds=60).finding())


def look_now() -> Current:
    """Look at what changes all the time. Takes milliseconds, and two seconds where a disk does not answer."""
    of_storage = Look("storage", storage.probe)
    of_memory, of_network = Look("memory", memory.probe), Look("network", network.probe)
    # In this thread: connections to the database belong to theirs, and have a time limit of their own.
    of_queue, of_paces = find(queue.probe), find(paces.probe)
    return Current(
        datetime.now(UTC), of_memory.finding(), of_storage.finding(), of_network.finding(), of_queue, of_paces
    )


def has_card(found: Lasting) -> bool:
    return bool(found.graphics.value and found.graphics.value.cards)


def to_json(lasting: Lasting | None, current: Current) -> dict[str, Any]:
    """Return both as plain values. What is not known is null, and `unknown` says why for each subject."""
    subjects = {**(asdict(lasting) if lasting else {}), **asdict(current)}
    subjects["looked_at"] = lasting.looked_at if lasting else None
    unknown: dict[str, str] = {}
    plain = {name: _plain(value, name, unknown) for name, value in subjects.items()}
    values: dict[str, Any] = json.loads(json.dumps({**plain, "unknown": unknown}, cls=_Encoder))
    return values


def _plain(value: Any, name: str, unknown: dict[str, str]) -> Any:
    """Return a value with each finding in it replaced by what was found, noting the reasons by where they stand."""
    if isinstance(value, dict) and value.keys() == {"value", "reason"}:
        if value["value"] is None:
            unknown[name] = value["reason"]
        return _plain(value["value"], name, unknown)
    if isinstance(value, dict):
        return {key: _plain(one, f"{name}.{key}", unknown) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one, f"{name}.{index}", unknown) for index, one in enumerate(value)]
    return value


class _Encoder(DjangoJSONEncoder):
    def default(self, o: Any) -> Any:
        return str(o) if hasattr(o, "__fspath__") else super().default(o)
