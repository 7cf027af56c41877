"""What is typed into a console, sent as fast as the guest's serial port takes it."""

import asyncio
import socket
from abc import ABC, abstractmethod

from vmnb.core.errors import BusyError, LinkLostError

__all__ = ["PENDING_MAX", "SLICE", "Keyboard", "SocketKeyboard"]

PENDING_MAX = 2 * 1024 * 1024
"""Most bytes that wait for the guest."""

SLICE = 64 * 1024
"""Most bytes that are sent at once."""


class Keyboard(ABC):
    """Sends bytes in order, in the way that a subclass has."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._writing = False
        self._lock = asyncio.Lock()
        self._progress = asyncio.Event()
        self._end = ""

    def type(self, data: bytes) -> None:
        """Send `data` as soon as the guest takes it.

        Raises
        ------
        BusyError
            More than :data:`PENDING_MAX` bytes would wait; nothing of `data` is sent.
        """
        if len(self._pending) + len(data) > PENDING_MAX:
            raise BusyError(
                f"the guest has not taken {len(self._pending)} bytes that were typed before",
                hint="does something in the guest read the serial console? try again later",
            )
        self._pending += data
        if not self._writing:
            self._send()

    def answer(self, data: bytes) -> None:
        """Send what a terminal says by itself."""
        self.type(data)

    async def write(self, data: bytes) -> None:
        """Send `data`, however long, and wait until the guest's serial port took it.

        Raises
        ------
        LinkLostError
            The VM stopped before, or another process took over.
        """
        async with self._lock:
            for start in range(0, len(data), SLICE):
                part = data[start : start + SLICE]
                await self._room_for(len(part))
                self.type(part)
            await self._room_for(PENDING_MAX)

    def close(self, why: str = "the VM stopped") -> None:
        """Forget what waits; who waits for it gets a LinkLostError that says `why`."""
        self._end = why
        self._pending.clear()
        self._progress.set()

    async def _room_for(self, count: int) -> None:
        while not self._end and len(self._pending) + count > PENDING_MAX:
            self._progress.clear()
            await self._progress.wait()
        if self._end:
            raise LinkLostError(f"{self._end} before the guest took what was typed")

    @abstractmethod
    def _send(self) -> None:
        """Begin to send what is pending; called where ``_writing`` is not set."""


class SocketKeyboard(Keyboard):
    """Sends on a non-blocking socket, while there is one; somebody else closes it."""

    def __init__(self, sock: socket.socket | None) -> None:
        super().__init__()
        self._socket = sock
        self._loop = asyncio.get_running_loop()

    def _send(self) -> None:
        if self._socket is None:
            return
        try:
            while self._pending:
                del self._pending[: self._socket.send(self._pending[:SLICE])]
        except BlockingIOError:
            pass
        except OSError:  # the reader of the same socket sees its end and closes us
            self._pending.clear()
        self._progress.set()
        if bool(self._pending) != self._writing:
            self._writing = bool(self._pending)
            if self._writing:
                self._loop.add_writer(self._socket, self._send)
            else:
                self._loop.remove_writer(self._socket)
