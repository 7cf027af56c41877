"""The way from the switch to the card of one VM that runs."""

import asyncio
import os
import socket
from collections import deque
from collections.abc import Callable

from vmnb.core.process import Found
from vmnb.lan.zone import Member

__all__ = ["Port"]

_WAITING_FRAMES = 512
"""Most frames that wait for a card; as in every switch, what is more is lost."""

_DELAYED_FRAMES = 4096


class Port:
    """Lives until the VM's process ends.

    Attributes
    ----------
    received_bytes, sent_bytes
        What of frames the VM has been given, and has given to the switch.

    Parameters
    ----------
    found
        The VM's process; it is let go of at the end.
    on_end
        Called when that process has ended.

    Raises
    ------
    OSError
        The card does not hear.
    """

    def __init__(self, member: Member, found: Found, on_end: Callable[["Port"], None]) -> None:
        self.member = member
        self.received_bytes = self.sent_bytes = 0
        self._found = found
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[bytes] = deque()
        self._delayed = 0
        self._closed = False
        # Connected, so that the loop can tell when the card takes frames again.
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.connect(os.fspath(member.port))
        except OSError:
            self._socket.close()
            raise
        self._loop.add_reader(found.pidfd, self._end)

    def send(self, frame: bytes, delay_s: float = 0.0) -> None:
        """Send `frame` to the card, now or after `delay_s` seconds."""
        if delay_s <= 0:
            self._write(frame)
        elif self._delayed < _DELAYED_FRAMES:
            self._delayed += 1
            self._loop.call_later(delay_s, self._arrive, frame)

    def close(self) -> None:
        """Let go of the VM; it goes on."""
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._found.pidfd)
            self._loop.remove_writer(self._socket)
            self._socket.close()
            self._found.close()

    def _arrive(self, frame: bytes) -> None:
        self._delayed -= 1
        self._write(frame)

    def _write(self, frame: bytes) -> None:
        if self._closed or len(self._waiting) >= _WAITING_FRAMES:
            return
        if not self._waiting and self._took(frame):
            return
        if not self._waiting:
            self._loop.add_writer(self._socket, self._write_more)
        self._waiting.append(frame)

    def _write_more(self) -> None:
        while self._waiting and self._took(self._waiting[0]):
            self._waiting.popleft()
        if not self._waiting:
            self._loop.remove_writer(self._socket)

    def _took(self, frame: bytes) -> bool:
        """Return whether the card took `frame`, or is gone and needs no more."""
        try:
            self._socket.send(frame)
        except BlockingIOError:
            return False
        except OSError:
            return True  # its process ended, which is told by its pidfd
        self.received_bytes += len(frame)
        return True

    def _end(self) -> None:
        self.close()
        self._on_end(self)
