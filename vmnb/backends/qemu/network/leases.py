"""Addresses that a DHCP server of this host has lent out, as its files tell where they can be read.

dnsmasq writes a line for each lease: when it ends, the hardware address, the address, and more.
libvirt has JSON beside that, which its own helper for dnsmasq writes.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from vmnb.core.hypervisor import IpAddress

__all__ = ["Leases", "find_leases"]

_PATTERNS = (
    "var/lib/misc/dnsmasq*.leases",
    "var/lib/dnsmasq/*.leases",
    "var/lib/NetworkManager/dnsmasq-*.leases",
    "var/lib/libvirt/dnsmasq/*.leases",
    "var/lib/libvirt/dnsmasq/*.status",
    "run/dnsmasq*.leases",
    "run/dnsmasq/*.leases",
)
_LONGEST = 1 << 20
_ADDRESSES_MAX = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Leases:
    """The addresses of one card, and the files in which they were looked for."""

    addresses: tuple[IpAddress, ...]
    files: tuple[Path, ...]


def find_leases(mac: str, root: Path = Path("/")) -> Leases:
    """Look for the leases of the card `mac` in the files below `root`."""
    found: dict[IpAddress, None] = {}
    files: list[Path] = []
    for path in (path for pattern in _PATTERNS for path in root.glob(pattern)):
        with suppress(OSError), path.open(errors="replace") as file:
            text = file.read(_LONGEST)
            files.append(path)
            read = _from_json if path.suffix == ".status" else _from_lines
            found |= dict.fromkeys(read(text, mac))
    return Leases(addresses=tuple(found)[:_ADDRESSES_MAX], files=tuple(files))


def _from_lines(text: str, mac: str) -> Iterator[IpAddress]:
    for line in text.splitlines():
        with suppress(ValueError):
            _, card, address, *_ = line.split()
            if card.lower() == mac:
                yield ip_address(address)


def _from_json(text: str, mac: str) -> Iterator[IpAddress]:
    with suppress(ValueError, TypeError, AttributeError, RecursionError):
        entries: Any = json.loads(text)
        for entry in entries:
            if str(entry.get("mac-address")).lower() == mac:
                yield ip_address(str(entry.get("ip-address")))
