"""One view's own connection to a screen: RFB both ways, no faster than the view takes it."""

import asyncio
import socket
from collections.abc import Callable

from vmnb.console.keyboard import SocketKeyboard
from vmnb.core.errors import BusyError

__all__ = ["Connection"]

_WINDOW = 1024 * 1024
"""Most bytes that a view has not acknowledged; then nothing is read, and QEMU waits, too."""

_BATCH = 256 * 1024
_PAUSE_S = 0.008
"""Between two messages, so that small pieces gather; the first goes at once."""


class Connection:
    """Reads from a socket for one view, and writes what the view says.

    Parameters
    ----------
    sock
        Connected, non-blocking; closed together with this.
    patience_s
        Seconds in which a view that was sent something acknowledges something.
    deliver
        Called with each piece and the position of its first byte.
    ended
        Called once with the reason, if it ends without being closed.
    """

    def __init__(
        self,
        sock: socket.socket,
        patience_s: float,
        *,
        deliver: Callable[[int, bytes], None],
        ended: Callable[[str], None],
    ) -> None:
        self._socket = sock
        self._patience_s = patience_s
        self._deliver = deliver
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._keyboard = SocketKeyboard(sock)
        self._sent = self._taken = 0
        self._pause: asyncio.TimerHandle | None = None
        self._overdue: asyncio.TimerHandle | None = None
        self._loop.add_reader(sock, self._readable)

    def write(self, data: bytes) -> None:
        """Send what the view says; one that says more than QEMU takes is let go."""
        try:
            self._keyboard.type(data)
        except BusyError:
            self.drop("QEMU does not take what this view sends")

    def acknowledge(self, position: int) -> None:
        """Note that the view has taken everything before `position`, and read on."""
        if not self._taken < position <= self._sent:
            return
        was_full = self._is_full
        self._taken = position
        self._expect_acknowledgement()
        if was_full and self._pause is None:
            self._listen()

    def drop(self, reason: str) -> None:
        """End it and say why."""
        self.close()
        self._ended(reason)

    def close(self) -> None:
        """End it without a word to the view."""
        for timer in (self._pause, self._overdue):
            if timer is not None:
                timer.cancel()
        if self._socket.fileno() >= 0:
            self._keyboard.close()
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._socket.close()

    @property
    def _is_full(self) -> bool:
        return self._sent - self._taken >= _WINDOW

    def _listen(self) -> None:
        self._pause = None
        if not self._is_full:
            self._loop.add_reader(self._socket, self._readable)

    def _readable(self) -> None:
        room = _WINDOW - (self._sent - self._taken)
        try:
            data = self._socket.recv(min(room, _BATCH))
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.drop("the screen is gone: the VM has stopped, or shows it to too many already")
            return
        self._loop.remove_reader(self._socket)
        self._pause = self._loop.call_later(_PAUSE_S, self._listen)
        start, self._sent = self._sent, self._sent + len(data)
        if self._overdue is None:
            self._expect_acknowledgement()
        self._deliver(start, data)

    def _expect_acknowledgement(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None
        if self._sent > self._taken:
            reason = "this view did not keep up with the screen"
            self._overdue = self._loop.call_later(self._patience_s, self.drop, reason)
