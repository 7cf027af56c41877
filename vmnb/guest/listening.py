"""A port on which something in the guest listens, as the guest's own kernel lists it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from vmnb.core.errors import SpecError
from vmnb.core.network import Forward
from vmnb.guest.result import CommandError, RunResult

__all__ = ["Listens", "listeners"]

_STATE = {"tcp": "0A", "udp": "07"}
"""LISTEN, and what the kernel calls a UDP socket that is bound to nobody (``tcp_states.h``)."""

_LINE = re.compile(r"^ *\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) ", re.MULTILINE)
_SHOWN_MAX = 20

_Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Listens:
    """Something in the guest takes connections to `address` and `port`.

    Raises
    ------
    SpecError
        The port is no port, the protocol neither ``tcp`` nor ``udp``, or the address no address.
    """

    port: int
    protocol: str = "tcp"
    address: str = "127.0.0.1"

    def __post_init__(self) -> None:
        Forward(guest_port=self.port, protocol=self.protocol)  # type: ignore[arg-type]
        _parsed(self.address)

    @property
    def what(self) -> str:
        """Protocol, port and address."""
        return f"{self.protocol} port {self.port} of {self.address} to listen"

    @property
    def command(self) -> str:
        """It prints the kernel's lines of all that listens; a guest may be without IPv6."""
        tables = f"/proc/net/{self.protocol} /proc/net/{self.protocol}6"
        return f"grep -hs ' {_STATE[self.protocol]} ' {tables}"

    def is_met(self, result: RunResult) -> bool:
        """Return whether one of those takes what comes to the address."""
        wanted = _parsed(self.address)
        found = (address for address, port in listeners(result.stdout) if port == self.port)
        return any(_takes(address, wanted) for address in found)

    def seen(self, result: RunResult) -> str:
        """Return what listens instead."""
        if result.stderr_bytes:
            return CommandError(result).message
        shown = [f"{address} port {port}" for address, port in listeners(result.stdout)]
        more = f", and {len(shown) - _SHOWN_MAX} more" if len(shown) > _SHOWN_MAX else ""
        return f"on {self.protocol} there listened: {', '.join(shown[:_SHOWN_MAX]) or 'none'}{more}"


def listeners(table: str) -> Iterator[tuple[_Address, int]]:
    """Yield address and port of each line of ``/proc/net/tcp`` and its like."""
    for line in _LINE.finditer(table):
        yield _address(line[1]), int(line[2], 16)


def _address(digits: str) -> _Address:
    # The kernel prints words of 32 bits as its processor has them, which here is little-endian.
    words = (bytes.fromhex(digits[at : at + 8])[::-1] for at in range(0, len(digits), 8))
    packed = b"".join(words)
    return IPv4Address(packed) if len(packed) == 4 else IPv6Address(packed)


def _takes(listener: _Address, wanted: _Address) -> bool:
    if listener.is_unspecified:  # the one of IPv6 takes IPv4 too, unless it was told otherwise
        return listener.version >= wanted.version
    mapped = listener.ipv4_mapped if isinstance(listener, IPv6Address) else None
    return wanted in (listener, mapped)


def _parsed(address: str) -> _Address:
    try:
        return ip_address(address)
    except ValueError:
        raise SpecError(
            f"{address!r} is not an address of the guest", hint='such as "127.0.0.1" or "::1"'
        ) from None
