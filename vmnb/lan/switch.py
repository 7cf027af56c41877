"""The switch of a network: frames from member to member, addresses and names for all."""

import asyncio
import json
import logging
import os
import socket
from contextlib import suppress
from pathlib import Path

from vmnb.core.errors import VmnbError
from vmnb.core.process import find_process
from vmnb.lan.dhcp import SERVER_PORT, answer_dhcp
from vmnb.lan.files import Rendezvous
from vmnb.lan.frames import HEADER_BYTES, Datagram, answer_arp, is_for_many, mac_bytes
from vmnb.lan.names import DNS_PORT, answer_dns
from vmnb.lan.port import Port
from vmnb.lan.register import Register, read_register
from vmnb.lan.zone import OWN_MAC, Member, Zone

__all__ = ["Switch"]

_log = logging.getLogger(__name__)

_FRAME_BYTES = 70_000
"""More than any that QEMU sends."""

_AT_ONCE = 64
"""Frames that are taken before the loop looks at anything else."""

_UNTIL_FIRST_S = 60.0
"""How long a switch that was just asked for waits for a member to run."""

_AFTER_LAST_S = 5.0
"""How long it stays when no member runs any more: the VM may only be starting again."""

_OWN_MAC = mac_bytes(OWN_MAC)


class Switch:
    """Serves the members of one network until none runs."""

    def __init__(
        self,
        network: str,
        register: Path,
        rendezvous: Rendezvous,
        frames: socket.socket,
        control: socket.socket,
    ) -> None:
        self._zone = Zone.of(network)
        self._path = register
        self._rendezvous = rendezvous
        self._frames = frames
        self._control = control
        self._register = Register()
        self._ports: dict[str, Port] = {}
        self._by_path: dict[str, Port] = {}
        self._by_mac: dict[bytes, Port] = {}
        self._looking = asyncio.Lock()
        self._over = asyncio.Event()
        self._end_due: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Carry frames until it is over."""
        loop = asyncio.get_running_loop()
        await self._look(_UNTIL_FIRST_S)
        loop.add_reader(self._frames, self._receive)
        server = await asyncio.start_unix_server(self._asked, sock=self._control)
        try:
            await self._over.wait()
        finally:
            # First of all: who comes now must see that nobody is here, and start another.
            server.close()
            loop.remove_reader(self._frames)
            for port in self._ports.values():
                port.close()

    async def _asked(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer whoever connects when the network is as its file says: what each VM has moved."""
        with suppress(ConnectionError):
            await self._look(_UNTIL_FIRST_S)
            if not self._over.is_set():
                counts = {
                    vm_id: (port.received_bytes, port.sent_bytes)
                    for vm_id, port in self._ports.items()
                }
                writer.write(json.dumps(counts).encode() + b"\n")
                await writer.drain()
        writer.close()

    async def _look(self, stay_s: float) -> None:
        """Go by what the network's file says now; without members that run, for `stay_s` more."""
        async with self._looking:
            try:
                register = await asyncio.to_thread(read_register, self._path)
            except VmnbError:
                _log.exception("going on by what the network's file said before")
                register = self._register
            if not register.members or register.directory != self._rendezvous.directory:
                self._over.set()
            for vm_id in self._ports.keys() - {member.id for member in register.members}:
                self._ports[vm_id].close()
                del self._ports[vm_id]
            for member in register.members:
                await self._connect(member)
            self._register = register
            self._by_path = {os.fspath(p.member.port): p for p in self._ports.values()}
            self._by_mac = {mac_bytes(p.member.mac): p for p in self._ports.values()}
            self._stay(stay_s)

    async def _connect(self, member: Member) -> None:
        """Find the way to a member that runs, and keep one that is known."""
        if member.id in self._ports:
            return
        with suppress(VmnbError, OSError):
            found = await asyncio.to_thread(find_process, member.pidfile, None)
            if found is None:
                return
            try:
                self._ports[member.id] = Port(member, found, self._ended)
            except OSError:
                found.close()

    def _ended(self, port: Port) -> None:
        del self._ports[port.member.id]
        task = asyncio.get_running_loop().create_task(self._look(_AFTER_LAST_S))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _stay(self, stay_s: float) -> None:
        if self._end_due is not None:
            self._end_due.cancel()
            self._end_due = None
        if not self._ports:
            loop = asyncio.get_running_loop()
            self._end_due = loop.call_later(stay_s, self._over.set)

    def _receive(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                frame, path = self._frames.recvfrom(_FRAME_BYTES)
            except BlockingIOError:
                return
            sender = self._by_path.get(path)
            if sender is not None and len(frame) >= HEADER_BYTES:
                sender.sent_bytes += len(frame)
                self._carry(frame, sender)

    def _carry(self, frame: bytes, sender: Port) -> None:
        target = frame[:6]
        if target == _OWN_MAC or is_for_many(frame):
            answer = self._answer(frame, sender.member)
            if answer is not None:
                sender.send(answer)
        if target == _OWN_MAC:
            return
        known = self._by_mac.get(target)
        for port in (known,) if known else self._ports.values():
            if port is not sender and self._register.passes(sender.member.id, port.member.id):
                port.send(frame, self._register.delay_ms / 1000)

    def _answer(self, frame: bytes, member: Member) -> bytes | None:
        """Return what the network itself answers, which no rule holds back."""
        datagram = Datagram.read(frame)
        if datagram is None:
            return answer_arp(frame, _OWN_MAC, self._zone.own)
        if datagram.to_port == SERVER_PORT:
            offered = answer_dhcp(datagram, member, self._zone)
            return offered.write() if offered else None
        if (datagram.to_ip, datagram.to_port) != (self._zone.own, DNS_PORT):
            return None
        said = answer_dns(datagram.payload, self._register.members, self._zone)
        return datagram.answered(said).write() if said else None
