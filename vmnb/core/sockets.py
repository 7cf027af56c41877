"""Sockets, as every room connects to them."""

import errno
import os
import socket
import struct
import sys
from pathlib import Path

__all__ = ["connect", "is_refused", "is_served"]

_SOCKETS = Path("/proc/net/unix")
_ACCEPTED = "03"

_PEER = struct.Struct("3i")  # struct ucred of unix(7): process, user, group


def connect(path: Path) -> socket.socket:
    """Return a new, non-blocking connection to the Unix socket at `path`.

    Raises
    ------
    FileNotFoundError, ConnectionRefusedError
        Nobody listens there.
    BlockingIOError
        The queue of those who wait to be accepted is full.
    OSError
        It cannot be reached for another reason: another user listens there, say.
    """
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.setblocking(False)
        connection.connect(os.fspath(path))
        _require_own(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _require_own(connection: socket.socket) -> None:
    """Raise PermissionError where somebody listens who is neither this user nor root."""
    if sys.platform != "linux":
        return
    peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    _, user, _ = _PEER.unpack(peer)
    if user not in (0, os.getuid()):
        raise PermissionError(errno.EPERM, f"user {user} listens there, not you")


def is_refused(error: BaseException | None) -> bool:
    """Return whether an error came of this: nobody listens at the address."""
    while error is not None and not isinstance(error, ConnectionRefusedError):
        error = error.__cause__ or error.__context__
    return error is not None


def is_served(path: Path) -> bool:
    """Return whether a client of the Unix socket at `path` has been accepted and is not yet gone.

    A connection has its server's path, and is "connecting" until it is accepted (proc(5)). Where
    the system does not tell, the answer is no.
    """
    try:
        lines = _SOCKETS.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return False
    fields = (line.split(maxsplit=7) for line in lines)
    return any(len(f) == 8 and f[5] == _ACCEPTED and f[7] == str(path) for f in fields)
