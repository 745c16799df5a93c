"""The network: interfaces, their addresses, and where everything else goes."""

import ipaddress
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from speech.files import ROOT, text

UP, REJECTED = 0x1, 0x200
"""RTF_UP and RTF_REJECT of Linux's route.h."""
NOWHERE = "0" * 32


@dataclass(frozen=True, slots=True)
class Interface:
    """`addresses` are written with the length of their network. `megabits` is 0 where the interface has no speed."""

    name: str
    is_up: bool
    mac: str
    mtu: int
    megabits: int
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """Where packets go that are for no network of this machine. `gateway` is empty where there is none between."""

    interface: str
    gateway: str


@dataclass(frozen=True, slots=True)
class Network:
    """`default_routes` is None where the system does not tell."""

    interfaces: tuple[Interface, ...]
    default_routes: tuple[Route, ...] | None


def probe() -> Network:
    """Look at the network."""
    addresses, states = psutil.net_if_addrs(), psutil.net_if_stats()
    interfaces = (_interface(name, addresses.get(name, []), state) for name, state in states.items())
    return Network(tuple(interfaces), default_routes())


def default_routes(root: Path = ROOT) -> tuple[Route, ...] | None:
    """Return the default routes, the first choice first, those of IPv4 before those of IPv6."""
    if not (root / "proc/net/route").exists():
        return None
    return (*_routes(text(root / "proc/net/route")), *_routes6(text(root / "proc/net/ipv6_route")))


def _interface(name: str, addresses: list["psutil._ntuples.snicaddr"], state: "psutil._ntuples.snicstats") -> Interface:
    macs = [address.address for address in addresses if address.family == psutil.AF_LINK]
    written = tuple(
        _written(one.address, one.netmask) for one in addresses if one.family in (socket.AF_INET, socket.AF_INET6)
    )
    return Interface(name, state.isup, next(iter(macs), ""), state.mtu, max(0, state.speed), written)


def _written(address: str, netmask: str | None) -> str:
    """Return an address with the length of its network, as 192.0.2.2/24 or fe80::1/64."""
    plain = address.partition("%")[0]
    if not netmask:
        return plain
    return f"{plain}/{int(ipaddress.ip_address(netmask)).bit_count()}"


def _routes(table: str) -> Iterator[Route]:
    rows = [line.split() for line in table.splitlines()[1:]]
    found = [row for row in rows if row[1] == row[7] == "00000000" and int(row[3], 16) & UP]
    for row in sorted(found, key=lambda row: int(row[6])):
        gateway = socket.inet_ntoa(struct.pack("=I", int(row[2], 16)))
        yield Route(row[0], "" if gateway == "0.0.0.0" else gateway)  # noqa: S104 - How "none" is written.


def _routes6(table: str) -> Iterator[Route]:
    rows = [line.split() for line in table.splitlines()]
    found = [row for row in rows if row[0] == NOWHERE and row[1] == "00" and _is_used(int(row[8], 16))]
    for row in sorted(found, key=lambda row: int(row[5], 16)):
        gateway = str(ipaddress.IPv6Address(bytes.fromhex(row[4])))
        yield Route(row[9], "" if gateway == "::" else gateway)


def _is_used(flags: int) -> bool:
    return bool(flags & UP and not flags & REJECTED)
