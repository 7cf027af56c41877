"""A process's hold on one running VM: its QEMU, a monitor of it, and who waits for news."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from signal import SIGKILL, SIGTERM
from typing import Any

from vmnb.backends.qemu.files import Sockets
from vmnb.backends.qemu.journal import Journal, Note
from vmnb.backends.qemu.monitor import Monitor
from vmnb.backends.qemu.process import QemuProcess
from vmnb.core.errors import BackendError, VmnbError
from vmnb.core.process import Found

__all__ = ["Attachment"]

_TERM_TIMEOUT_S = 3.0
_KILL_TIMEOUT_S = 10.0


class Attachment:
    """Lives on the loop it was made on, until :meth:`aclose`; the VM does not depend on it."""

    def __init__(self, name: str, found: Found, sockets: Sockets, journal: Journal) -> None:
        self.name = name
        self._sockets = sockets
        self._journal = journal
        self._monitor: Monitor | None = None
        self._connecting = asyncio.Lock()
        self._news: set[asyncio.Event] = set()
        self.process = QemuProcess(found, lambda code: journal.note(Note.EXIT, {"code": code}))
        self._closing = asyncio.create_task(self._close_at_end(), name=f"end of {name}")

    async def greet(self, connection: socket.socket, timeout_s: float) -> None:
        """Take over the first connection to a QEMU that was just spawned."""
        self._monitor = await Monitor.greet(connection, timeout_s, self._tell)

    async def execute(self, command: str, **arguments: object) -> Any:
        """Carry out a QMP command; see :meth:`Monitor.execute` and :meth:`Monitor.connect_any`."""
        async with self._connecting:
            if self._monitor is None or not self._monitor.usable:
                await self._close_monitor()
                monitors = self._sockets.monitors
                self._monitor = await Monitor.connect_any(monitors, self.name, self._tell)
            monitor = self._monitor
        return await monitor.execute(command, **arguments)

    @contextmanager
    def news(self) -> Iterator[asyncio.Event]:
        """Give an event that is set whenever there may be something new in the journal."""
        event = asyncio.Event()
        self._news.add(event)
        try:
            yield event
        finally:
            self._news.discard(event)

    async def journal_written(self) -> None:
        """Return when the event that was heard of is in the journal too.

        QEMU tells its monitors one after the other, in no order that we know, and answers only
        when it is done with that.
        """
        with suppress(VmnbError):
            await self.execute("query-status")

    async def end(self, *, kill: bool) -> None:
        """End QEMU by a signal and return when it is over.

        Parameters
        ----------
        kill
            At once by SIGKILL; else SIGTERM comes first, which lets QEMU write out its caches.

        Raises
        ------
        BackendError
            Not even SIGKILL ended it in time.
        """
        steps = ((SIGKILL, _KILL_TIMEOUT_S),)
        for number, timeout_s in steps if kill else ((SIGTERM, _TERM_TIMEOUT_S), *steps):
            await asyncio.to_thread(self._journal.note, Note.FORCED_OFF, {"signal": number.name})
            self.process.signal(number)
            if await self.process.wait(timeout_s):
                await self._closing
                return
        raise BackendError(
            f"QEMU of {self.name!r} (process {self.process.identity.pid}) did not end within "
            f"{_KILL_TIMEOUT_S:g} s of SIGKILL",
            hint="it waits for a disk or file system of this machine that does not answer",
        )

    async def aclose(self) -> None:
        """Let go of the VM, which goes on."""
        if not self.process.ended:
            self._closing.cancel()
        with suppress(asyncio.CancelledError):
            await self._closing
        await self._close_monitor()

    async def _close_at_end(self) -> None:
        try:
            await self.process.wait()
        finally:
            self.process.close()
        self._tell()
        await self._close_monitor()

    async def _close_monitor(self) -> None:
        monitor, self._monitor = self._monitor, None
        if monitor is not None:
            await monitor.aclose()

    def _tell(self) -> None:
        for event in self._news:
            event.set()
