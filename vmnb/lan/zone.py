"""What everybody on a network is called and where: its addresses, its names, its members."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Self

from vmnb.core.names import host_name

__all__ = ["OWN_MAC", "Member", "Zone", "card_mac"]

OWN_MAC = "56:00:00:00:00:01"
"""The network's own, from which it gives addresses and names."""

_SECOND_BYTE = 77
"""Of every network's addresses, 10.77.0.0/24 to 10.77.255.0/24."""


def card_mac(vm_id: str) -> str:
    """Return the MAC of a VM's card on a private network: the VM's own for good.

    It is one of those that everybody may give out (the second bit of its first byte says so), and
    begins otherwise than that of the card behind NAT.
    """
    return ":".join(("5a", *(vm_id[place : place + 2] for place in range(0, 10, 2))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A VM that was started on a network at least once, and is not destroyed.

    Parameters
    ----------
    id
        The VM's.
    host
        What it is called on the network: its host name, unless another had that before.
    port
        The socket on which its card hears, while it runs.
    pidfile
        The file whose lock says that it runs.
    """

    id: str
    host: str
    address: IPv4Address
    port: Path
    pidfile: Path

    @property
    def mac(self) -> str:
        """The MAC of its card."""
        return card_mac(self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """The addresses and the domain of a network.

    Two networks may have the same addresses: no frame goes from one to the other.
    """

    domain: str
    subnet: IPv4Network

    @classmethod
    def of(cls, network: str) -> Self:
        """Return that of the network of this name, the same everywhere and always."""
        third = hashlib.sha256(network.encode()).digest()[0]
        subnet = IPv4Network(f"10.{_SECOND_BYTE}.{third}.0/24")
        return cls(domain=host_name(network), subnet=subnet)

    @property
    def own(self) -> IPv4Address:
        """The network's own address."""
        return self.subnet[1]

    def free_address(self, members: Iterable[Member]) -> IPv4Address | None:
        """Return the lowest address that is nobody's; None where there is none."""
        taken = {self.own, *(member.address for member in members)}
        return next((each for each in self.subnet.hosts() if each not in taken), None)
