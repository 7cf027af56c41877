"""A console's one stream: its log so far, then its socket, joined without loss or repetition.

QEMU writes each piece of output to the socket, if a client is there, and then to the log
(``qemu_chr_write_buffer`` in chardev/char.c). A client learns neither when QEMU has accepted it nor
where in the log the first byte lies that it got. Two facts make up for that. The log's size less
the bytes received, once the socket is empty, is that place if nothing came meanwhile. And the log
has the same bytes there.

When the socket is full, QEMU logs a byte that it could not send, and logs it again when it can
(seen in 7.2.22, a byte each time), so that the log cannot be counted on while a client is slow.
From the joint on only the socket counts.
"""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

from vmnb.console.log import ConsoleLog
from vmnb.core import sockets
from vmnb.core.errors import BackendError, BusyError, StateError

__all__ = ["Source", "connect"]

_CHUNK = 256 * 1024
_DRAIN_MAX = 64
# A serial port writes single bytes, and some 280 fill the socket. To take what has gathered once
# in a millisecond gives the guest 2 to 3 times the throughput of waking up for each few bytes.
_PAUSE_S = 0.001
_LOOKS_MIN = 3
_LOOKS_MAX = 24
_NEVER_STALLED = 192
_NEAR = 8 * 1024
_FIRST_WATCH_S = 0.005
_WATCH_MAX_S = 1.0


class Source:
    """One connection to a console.

    Parameters
    ----------
    sock
        Connected, non-blocking; closed together with the source.
    log
        The console's log; closed together with the source.
    offset
        How far the log is known already.
    joined
        Whether it is known that the socket goes on there.
    receive
        Called with each piece of the stream, which goes on where the log is known to.
    ended
        Called once, after the last piece, with the log's size, if the other end has closed.
    """

    def __init__(
        self,
        sock: socket.socket,
        log: ConsoleLog,
        offset: int,
        *,
        joined: bool = False,
        receive: Callable[[bytes], None],
        ended: Callable[[int], None],
    ) -> None:
        self._socket = sock
        self._log = log
        self._offset = offset
        self._receive = receive
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._held = bytearray()
        self._joined = joined or log.path is None
        self._joining: asyncio.Task[None] | None = None
        self._pause: asyncio.TimerHandle | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._waits = False
        self._loop.add_reader(sock, self._readable)
        if not self._joined:
            self._watch = self._loop.call_later(_FIRST_WATCH_S, self._look, 2 * _FIRST_WATCH_S)

    def check(self) -> None:
        """Notice now if the other end has closed the connection, unless it waits."""
        if self._joining is None and not self._waits:
            self._take()

    def pause(self) -> None:
        """Receive no more until :meth:`resume`; the guest waits, once the socket is full."""
        self._waits = True

    def resume(self) -> None:
        """Go on."""
        if self._waits:
            self._waits = False
            if self._pause is None and self._joining is None:
                self._listen()

    async def aclose(self) -> int:
        """Close the connection and return how far the log is known; nothing is called any more."""
        if self._joining is not None:
            self._joining.cancel()
            await asyncio.gather(self._joining, return_exceptions=True)
        if self._joined and self._socket.fileno() >= 0:
            self._drain()
            self._hand_on_held()
            self._offset = self._log.size
        self._close()
        return self._offset

    async def give_up(self) -> tuple[socket.socket, int, bool]:
        """Let go of the connection as it stands; nothing is called any more.

        Returns
        -------
        tuple
            It, how far the log is known, and whether the connection goes on there.

        Raises
        ------
        StateError
            The other end has closed it.
        """
        self._waits = True
        if self._joining is not None:
            await asyncio.wait({self._joining})
        if self._socket.fileno() < 0:
            raise StateError("the console is over: the VM has stopped")
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        given = socket.socket(fileno=self._socket.detach())
        self._close()
        return given, self._offset, self._joined

    def _readable(self) -> None:
        self._loop.remove_reader(self._socket)
        self._listen()

    def _listen(self) -> None:
        """Take what there is; look again soon while there is something, else wait for it."""
        self._pause = None
        if self._waits:
            return
        if self._take():
            self._pause = self._loop.call_later(_PAUSE_S, self._listen)
        elif self._joining is None and self._socket.fileno() >= 0:
            self._loop.add_reader(self._socket, self._readable)

    def _take(self) -> bool:
        """Receive once; return whether there may be more soon."""
        if self._socket.fileno() < 0:
            return False
        try:
            data = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._finish()
        elif self._joined:
            self._receive(data)
            return True
        else:
            self._held += data
            self._stop_watch()
            self._loop.remove_reader(self._socket)
            self._joining = self._loop.create_task(self._join())
        return False

    def _look(self, again_s: float) -> None:
        """Hand on what the log alone got: there is no event for it until QEMU has accepted us."""
        size = self._log.size
        self._take()
        if self._socket.fileno() < 0 or self._joining is not None:
            return
        self._catch_up(size)
        self._watch = self._loop.call_later(again_s, self._look, min(2 * again_s, _WATCH_MAX_S))

    def _hand_on_held(self) -> None:
        if self._held:
            self._receive(bytes(self._held))
            self._held.clear()

    def _catch_up(self, offset: int) -> None:
        if data := self._log.read(self._offset, offset):
            self._offset += len(data)
            self._receive(data)

    async def _join(self) -> None:
        """Find where in the log the first byte received lies, and go on from there."""
        guess, seam = self._offset, None
        for look in range(_LOOKS_MAX):
            size = self._log.size
            alive, emptied = self._drain()
            if not alive:
                self._finish()
                return
            if emptied and (look == 0 or len(self._held) <= _NEVER_STALLED):
                guess = max(guess, size - len(self._held))
            seam = self._place(guess)
            if look + 1 >= _LOOKS_MIN and seam is not None:
                break
            await asyncio.sleep(_PAUSE_S)
        self._joined, self._joining = True, None
        self._catch_up(guess if seam is None else seam)
        self._hand_on_held()
        self._listen()

    def _drain(self) -> tuple[bool, bool]:
        """Receive what is there; return whether the link lives, and whether it was emptied."""
        for _ in range(_DRAIN_MAX):
            try:
                data = self._socket.recv(_CHUNK)
            except BlockingIOError:
                return True, True
            except OSError:
                data = b""
            if not data:
                return False, True
            self._held += data
        return True, False

    def _place(self, guess: int) -> int | None:
        """Return the place nearest to `guess` where the log has what was received first."""
        wanted = bytes(self._held[:_NEVER_STALLED])
        first = max(self._offset, guess - _NEAR)
        near = self._log.read(first, guess + _NEAR)
        places, at = [], near.find(wanted)
        while at >= 0:
            places.append(first + at)
            at = near.find(wanted, at + 1)
        return min(places, key=lambda place: abs(place - guess), default=None)

    def _finish(self) -> None:
        """Say that it is over; what was not joined yet is taken from the log, which has it all."""
        size = self._log.size
        if not self._joined and size > self._offset:
            self._catch_up(size)
            self._held.clear()
        self._hand_on_held()
        self._close()
        self._ended(size)

    def _stop_watch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _close(self) -> None:
        self._stop_watch()
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._socket.close()
        self._log.close()


def connect(path: Path) -> socket.socket:
    """Return a non-blocking connection to the console at `path`.

    Raises
    ------
    StateError
        Nobody listens there: the VM is not running.
    BusyError
        Others wait already for their turn.
    BackendError
        The socket cannot be used for another reason.
    """
    try:
        return sockets.connect(path)
    except BlockingIOError as error:
        raise BusyError(
            "the console is in use, and others wait for it already",
            hint="close the console in the other notebooks",
        ) from error
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise StateError(
            "cannot reach the console: the VM is not running", hint="start the VM"
        ) from error
    except OSError as error:
        raise BackendError(f"cannot connect to {path}: {error.strerror}") from error
