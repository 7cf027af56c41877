"""A process's hold on one running VM: its QEMU, a monitor when needed, and who waits for news.

QEMU serves two monitors, so a process keeps one for a moment only: any number can take turns.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from signal import SIGKILL, SIGTERM
from typing import Any

from vmnb.backends.qemu.files import Sockets
from vmnb.backends.qemu.running.journal import Journal, Note
from vmnb.backends.qemu.running.monitor import Monitor
from vmnb.backends.qemu.running.process import QemuProcess
from vmnb.core.errors import BackendError
from vmnb.core.inotify import changes
from vmnb.core.process import Found

__all__ = ["Attachment"]

_TERM_TIMEOUT_S = 3.0
_KILL_TIMEOUT_S = 10.0
_IDLE_S = 0.02
"""How long a monitor is kept for a further command: some follow each other closely."""


class Attachment:
    """Lives on the loop it was made on, until :meth:`aclose`; the VM does not depend on it."""

    def __init__(self, name: str, found: Found, sockets: Sockets, journal: Journal) -> None:
        self.name = name
        self._sockets = sockets
        self._journal = journal
        self._monitor: Monitor | None = None
        self._connecting = asyncio.Lock()
        self._users = 0
        self._idle: asyncio.TimerHandle | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._news: set[asyncio.Event] = set()
        self.process = QemuProcess(found, lambda code: journal.note(Note.EXIT, {"code": code}))
        self._closing = asyncio.create_task(self._close_at_end(), name=f"end of {name}")

    async def greet(self, connection: socket.socket, timeout_s: float) -> None:
        """Take over the first connection to a QEMU that was just spawned."""
        self._monitor = await Monitor.greet(connection, timeout_s)
        self._leave_soon()

    async def execute(self, command: str, **arguments: object) -> Any:
        """Carry out a QMP command; see :meth:`Monitor.execute` and :meth:`Monitor.connect_any`."""
        async with self._connected() as monitor:
            return await monitor.execute(command, **arguments)

    @contextmanager
    def news(self) -> Iterator[asyncio.Event]:
        """Give an event that is set when the journal has something new, and when QEMU ends.

        Raises
        ------
        BackendUnavailableError
            This machine does not tell that files change.
        """
        event = asyncio.Event()
        with ExitStack() as stack:
            with suppress(FileNotFoundError):  # it is being destroyed, and its end is told
                stack.enter_context(changes(self._journal.path, lambda _: event.set()))
            self._news.add(event)
            stack.callback(self._news.discard, event)
            yield event

    async def until(
        self, news: asyncio.Event, is_so: Callable[[], Awaitable[bool]], timeout_s: float
    ) -> None:
        """Return when `is_so`, which is asked now and after each of the :meth:`news`.

        Raises
        ------
        TimeoutError
            It was not so in time.
        """
        async with asyncio.timeout(timeout_s):
            while not await is_so():
                await news.wait()
                news.clear()

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
        self._stay()
        if self._leaving is not None:
            await asyncio.wait({self._leaving})
        await self._close_monitor()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Monitor]:
        """Give a monitor, and let go of it when nobody here has used it for a moment."""
        self._users += 1
        self._stay()
        try:
            async with self._connecting:
                if self._monitor is None or not self._monitor.usable:
                    await self._close_monitor()
                    self._monitor = await Monitor.connect_any(self._sockets.monitors, self.name)
                monitor = self._monitor
            yield monitor
        finally:
            self._users -= 1
            if self._users == 0:
                self._leave_soon()

    def _stay(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _leave_soon(self) -> None:
        self._stay()
        self._idle = asyncio.get_running_loop().call_later(_IDLE_S, self._begin_to_leave)

    def _begin_to_leave(self) -> None:
        self._leaving = asyncio.create_task(self._leave(), name=f"leave {self.name}")

    async def _leave(self) -> None:
        async with self._connecting:
            if self._users == 0:
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
