"""What is typed into a console that processes share."""

import socket
from collections.abc import Awaitable, Callable

from vmnb.console.keyboard import SocketKeyboard

__all__ = ["SharedKeyboard"]


class SharedKeyboard(SocketKeyboard):
    """Sends on the connection to QEMU, while it is this process's; else what is typed waits for it.

    Parameters
    ----------
    typed
        Called before anything is typed; raises BusyError where that may not be.
    wanted
        Called when something waits for the connection.
    take
        Gets the connection; raises BusyError where that may not be.
    """

    def __init__(
        self,
        *,
        typed: Callable[[], None],
        wanted: Callable[[], None],
        take: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(None)
        self._typed = typed
        self._wanted = wanted
        self._take = take

    def type(self, data: bytes) -> None:
        """Send `data` as soon as the guest takes it; see the base class."""
        self._typed()
        super().type(data)

    def answer(self, data: bytes) -> None:
        """Send what a terminal says by itself, which is no typing, where the connection is here."""
        if self._socket is not None:
            super().type(data)

    async def write(self, data: bytes) -> None:
        """Send `data` and wait; see the base class."""
        if self._socket is None:
            await self._take()
        await super().write(data)

    def use(self, sock: socket.socket) -> None:
        """Send on this non-blocking socket from now on, which somebody else closes."""
        self._socket = sock
        self._end = ""
        self._send()

    def leave(self, why: str) -> None:
        """Send on it no more, nor what waits; who closes it stops waiting for it to take more."""
        self._socket = None
        self._writing = False
        self.close(why)

    def _send(self) -> None:
        if self._socket is None:
            self._wanted()
        else:
            super()._send()
