"""The guest's address on a bridge, as the host's own tables have it.

The table of neighbours says which address a card answers to. What it has from before this run of
the VM, or cannot vouch for any more, is asked anew, and so is what a DHCP server has lent to the
card: one datagram, to the port that discards what it gets, makes the kernel look for the card, and
where the guest itself refuses the datagram, that too is an answer.
"""

import asyncio
import os
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vmnb.backends.qemu.network.best_address import best_address, usable
from vmnb.backends.qemu.network.leases import find_leases
from vmnb.backends.qemu.network.netlink import Neighbour, neighbour_news, neighbours
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import IpAddress

__all__ = ["BridgeSearch"]

_ASK_AGAIN_S = 1.0
_DISCARD_PORT = 9  # RFC 863


class BridgeSearch:
    """Looks for the address of one VM's card on `bridge`, by the card's MAC and nothing else."""

    def __init__(self, handle: VmHandle, bridge: str) -> None:
        self._bridge = bridge
        self._mac = handle.mac or ""
        self._started_ticks = handle.pid_start or 0
        self._files: tuple[Path, ...] = ()

    async def find(self) -> IpAddress:
        """Return the address, once there is one that answers; there is no other end to this."""
        with neighbour_news() as news, _questions(self._bridge, news) as questions:
            while True:
                news.clear()
                known = await asyncio.to_thread(self._known)
                sure = (n for n in known if n.address in questions.answered or self._is_sure(n))
                if (address := best_address(n.address for n in sure)) is not None:
                    return address
                leases = await asyncio.to_thread(find_leases, self._mac)
                self._files = leases.files
                questions.ask((*(n.address for n in known), *leases.addresses))
                await _set(news, _ASK_AGAIN_S)  # files tell no events

    def outcome(self) -> str:
        """Return what came of it so far."""
        files = f", nor one that it is lent in {', '.join(map(str, self._files))}"
        return (
            f"no neighbour with the card {self._mac} answers on the bridge {self._bridge}"
            f"{files if self._files else ', and no file of DHCP leases can be read'}"
        )

    def _known(self) -> list[Neighbour]:
        """Return the card's own neighbours, the one heard of last first."""
        try:
            index = socket.if_nametoindex(self._bridge)
        except OSError:  # it was taken away since the start
            return []
        own = [n for n in neighbours() if n.mac == self._mac and n.interface == index]
        return sorted(own, key=lambda n: n.confirmed_ticks or 0)

    def _is_sure(self, neighbour: Neighbour) -> bool:
        """Return whether the kernel vouches for it, by what it heard in this run of the VM."""
        now_ticks = time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK")
        confirmed_ticks = neighbour.confirmed_ticks
        return confirmed_ticks is not None and now_ticks - confirmed_ticks > self._started_ticks


class _Questions:
    """Datagrams to addresses on one interface, and which of them were answered."""

    def __init__(self, interface: str, news: asyncio.Event) -> None:
        self.answered: set[IpAddress] = set()
        self._interface = interface
        self._news = news
        self._loop = asyncio.get_running_loop()
        self._sockets: dict[IpAddress, socket.socket] = {}

    def ask(self, addresses: Iterable[IpAddress]) -> None:
        """Send one to each of `addresses`; what cannot be sent is not asked."""
        for address in filter(usable, addresses):
            with suppress(OSError):
                if address not in self._sockets:
                    self._sockets[address] = self._connected(address)
                self._sockets[address].send(b"\0")

    def close(self) -> None:
        for connection in self._sockets.values():
            self._loop.remove_reader(connection)
            connection.close()

    def _connected(self, address: IpAddress) -> socket.socket:
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        connection = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            with suppress(PermissionError):  # kernels before 5.7; the routes decide there
                name = self._interface.encode()
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, name)
            connection.connect((str(address), _DISCARD_PORT))
        except BaseException:
            connection.close()
            raise
        self._loop.add_reader(connection, self._hear, address, connection)
        return connection

    def _hear(self, address: IpAddress, connection: socket.socket) -> None:
        try:
            connection.recv(1)
        except ConnectionRefusedError:
            pass
        except OSError:  # some router said that there is no way
            return
        self.answered.add(address)
        self._news.set()


@contextmanager
def _questions(interface: str, news: asyncio.Event) -> Iterator[_Questions]:
    questions = _Questions(interface, news)
    try:
        yield questions
    finally:
        questions.close()


async def _set(event: asyncio.Event, timeout_s: float) -> None:
    """Return when `event` is set, or after `timeout_s` seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await event.wait()
