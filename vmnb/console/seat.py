"""The right to be the one client that QEMU serves on a console.

It is a lock file beside the console's socket, which the kernel frees when its holder ends, however
that happens. Whoever holds it listens on a socket beside it for the processes that follow. Both
descriptors can be given to another process, and the right goes with them.
"""

import asyncio
import fcntl
import os
import socket
from pathlib import Path

from vmnb.core.errors import BackendError, StateError
from vmnb.core.unshared import disown, own

__all__ = ["Seat", "meeting_place"]

_BACKLOG = 64


class Seat:
    """A seat that was taken, or given; `descriptors` are its lock and its listening socket."""

    def __init__(self, lock: int, listener: int) -> None:
        self.descriptors: tuple[int, ...] = (lock, listener)
        self._owner = os.getpid()
        own(*self.descriptors)

    @classmethod
    def take(cls, console: Path) -> "Seat | None":
        """Take the seat of the console at `console`; None where another process has it.

        Raises
        ------
        StateError
            There is no such console: the VM is not running.
        BackendError
            Its directory cannot be written.
        """
        try:
            console.stat()  # else a lock might be left behind in a directory being removed
            lock = os.open(console.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError as error:
            raise StateError(
                "cannot reach the console: the VM is not running", hint="start the VM"
            ) from error
        except OSError as error:
            raise _unusable(console, error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return cls(lock, _listen(meeting_place(console)))
        except BlockingIOError:
            os.close(lock)
            return None
        except OSError as error:
            os.close(lock)
            raise _unusable(console, error) from error

    async def accept(self) -> socket.socket:
        """Return a connection to the next process that comes, non-blocking."""
        # A copy, whose owner may close it when it is cancelled.
        with socket.socket(fileno=os.dup(self.descriptors[1])) as listener:
            listener.setblocking(False)
            connection, _ = await asyncio.get_running_loop().sock_accept(listener)
        return connection

    def close(self) -> None:
        """Leave it to the next, unless it was given to somebody: that one has it on."""
        if self._owner == os.getpid():
            disown(*self.descriptors)
        self.descriptors = ()


def meeting_place(console: Path) -> Path:
    """Return the socket at which the holder of a console's seat is met."""
    return console.with_suffix(".share")


def _listen(path: Path) -> int:
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.fspath(path))
        path.chmod(0o600)
        listener.listen(_BACKLOG)
        return listener.detach()


def _unusable(console: Path, error: OSError) -> BackendError:
    return BackendError(f"cannot share the console at {console}: {error.strerror}")
