"""Sockets, as every room connects to them."""

import os
import socket
from pathlib import Path

__all__ = ["connect", "is_refused"]


def connect(path: Path) -> socket.socket:
    """Return a new, non-blocking connection to the Unix socket at `path`.

    Raises
    ------
    FileNotFoundError, ConnectionRefusedError
        Nobody listens there.
    BlockingIOError
        The queue of those who wait to be accepted is full.
    OSError
        It cannot be reached for another reason.
    """
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.setblocking(False)
        connection.connect(os.fspath(path))
    except BaseException:
        connection.close()
        raise
    return connection


def is_refused(error: BaseException | None) -> bool:
    """Return whether an error came of this: nobody listens at the address."""
    while error is not None and not isinstance(error, ConnectionRefusedError):
        error = error.__cause__ or error.__context__
    return error is not None
