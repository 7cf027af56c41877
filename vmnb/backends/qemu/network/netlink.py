"""What the kernel tells of bridges and neighbours, over its netlink socket (rtnetlink(7)).

The address of a machine on a bridge is in the kernel's table of neighbours, with its hardware
address and the kernel's own word on whether it answers; each change of the table is told.
"""

import asyncio
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address

from vmnb.core.hypervisor import IpAddress

__all__ = ["Neighbour", "is_bridge", "neighbour_news", "neighbours"]

_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_ATTRIBUTE = struct.Struct("=HH")  # length, type
_LINK = struct.Struct("=BxHiII")  # struct ifinfomsg
_NEIGHBOUR = struct.Struct("=BxxxiHBB")  # struct ndmsg
_AGES = struct.Struct("=III")  # struct nda_cacheinfo: since confirmed, used, updated

_ERROR, _DONE = 2, 3
_GET_LINK, _GET_NEIGHBOURS = 18, 30
_REQUEST, _DUMP = 0x1, 0x300
_LINK_INFO, _LINK_KIND = 18, 1
_ADDRESS, _HARDWARE_ADDRESS, _CACHE_INFO = 1, 2, 3
_NEWS_OF_NEIGHBOURS = 0x4  # RTMGRP_NEIGH
_TYPE_MASK = 0x3FFF  # the bits above say how an attribute is made
_INCOMPLETE, _REACHABLE, _FAILED, _PERMANENT = 0x01, 0x02, 0x20, 0x80
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A machine that the kernel knows of.

    Parameters
    ----------
    confirmed_ticks
        How long ago it last proved to be there, in clock ticks; None where the kernel no longer
        takes that for granted, or never heard it.
    """

    address: IpAddress
    mac: str
    interface: int
    confirmed_ticks: int | None


def is_bridge(interface: int) -> bool:
    """Return whether the interface of that index is a bridge of the kernel."""
    request = _LINK.pack(socket.AF_UNSPEC, 0, interface, 0, 0)
    for body in _ask(_GET_LINK, 0, request):
        info = _attributes(body[_LINK.size :]).get(_LINK_INFO, b"")
        return _attributes(info).get(_LINK_KIND) == b"bridge\0"
    return False


def neighbours() -> list[Neighbour]:
    """Return the neighbours that have a hardware address, those that no longer answer left out."""
    told = _ask(_GET_NEIGHBOURS, _DUMP, _NEIGHBOUR.pack(socket.AF_UNSPEC, 0, 0, 0, 0))
    return [neighbour for neighbour in map(_neighbour, told) if neighbour is not None]


@contextmanager
def neighbour_news() -> Iterator[asyncio.Event]:
    """Give an event that is set whenever the kernel's table of neighbours changes."""
    loop = asyncio.get_running_loop()
    news = asyncio.Event()
    with _netlink() as told:
        told.setblocking(False)
        told.bind((0, _NEWS_OF_NEIGHBOURS))

        def hear() -> None:
            with suppress(OSError):  # where it told more than was heard, the table has it all
                told.recv(_CHUNK)
            news.set()

        loop.add_reader(told, hear)
        try:
            yield news
        finally:
            loop.remove_reader(told)


def _netlink() -> socket.socket:
    return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)


def _ask(kind: int, flags: int, body: bytes) -> Iterator[bytes]:
    """Ask the kernel, which answers at once, and yield the bodies of its answers."""
    header = _HEADER.pack(_HEADER.size + len(body), kind, _REQUEST | flags, 1, 0)
    with _netlink() as connection:
        connection.send(header + body)
        while True:
            for answer, part in _messages(connection.recv(_CHUNK)):
                if answer in (_ERROR, _DONE):
                    return
                yield part
            if not flags & _DUMP:
                return


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= _HEADER.size:
        length, kind, *_ = _HEADER.unpack_from(data)
        yield kind, data[_HEADER.size : length]
        data = data[_aligned(length) :]


def _attributes(data: bytes) -> dict[int, bytes]:
    found = {}
    while len(data) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(data)
        found[kind & _TYPE_MASK] = data[_ATTRIBUTE.size : length]
        data = data[_aligned(length) :]
    return found


def _aligned(length: int) -> int:
    return max(-(-length // 4) * 4, 4)


def _neighbour(body: bytes) -> Neighbour | None:
    _, interface, state, _, _ = _NEIGHBOUR.unpack_from(body)
    said = _attributes(body[_NEIGHBOUR.size :])
    if state & (_FAILED | _INCOMPLETE) or not said.get(_HARDWARE_ADDRESS):
        return None
    try:
        address = ip_address(said[_ADDRESS])
        age_ticks, _, _ = _AGES.unpack_from(said[_CACHE_INFO])
    except (ValueError, LookupError, struct.error):
        return None
    return Neighbour(
        address=address,
        mac=said[_HARDWARE_ADDRESS].hex(":"),
        interface=interface,
        confirmed_ticks=_confirmed(state, age_ticks),
    )


def _confirmed(state: int, age_ticks: int) -> int | None:
    if state & _PERMANENT:  # an administrator says so
        return 0
    return age_ticks if state & _REACHABLE else None
