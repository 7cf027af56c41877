"""The process of a switch: one for each network, in nobody's session, gone when it is not needed.

It forks when its sockets stand, so that its parent, which waits for the first process alone, learns
by that one's end that members can begin.
"""

import asyncio
import fcntl
import os
import shutil
import socket
import sys
from contextlib import suppress
from pathlib import Path

from vmnb.core.detached import leave_terminal
from vmnb.core.errors import VmnbError
from vmnb.core.paths import private_dir
from vmnb.lan.files import Rendezvous
from vmnb.lan.switch import Switch

__all__ = ["main"]

_PRIVATE_UMASK = 0o177


def main(network: str, register: str, directory: str) -> None:
    """Become the switch of `network`; the calling process ends as soon as that stands."""
    rendezvous = Rendezvous(Path(directory))
    try:
        _take_lock(rendezvous)  # for as long as this process and its child live
        frames, control = _bound(rendezvous.frames, socket.SOCK_DGRAM), _bound(rendezvous.control)
    except (OSError, VmnbError) as error:
        sys.exit(str(error).splitlines()[0])
    if os.fork():
        os._exit(0)
    try:
        rendezvous.lock.write_text(f"{os.getpid()}\n")
        leave_terminal(rendezvous.log)
        asyncio.run(Switch(network, Path(register), rendezvous, frames, control).serve())
    finally:
        with suppress(FileNotFoundError):
            shutil.rmtree(rendezvous.directory)


def _take_lock(rendezvous: Rendezvous) -> None:
    """Wait until a predecessor is gone, then keep others out for as long as this process lives."""
    while True:
        private_dir(rendezvous.directory)
        with suppress(FileNotFoundError):  # the predecessor removed the directory just now
            descriptor = os.open(rendezvous.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.path.samestat(os.fstat(descriptor), rendezvous.lock.stat()):
                return


def _bound(path: Path, kind: int = socket.SOCK_STREAM) -> socket.socket:
    path.unlink(missing_ok=True)  # a predecessor that was killed
    bound = socket.socket(socket.AF_UNIX, kind)
    before = os.umask(_PRIVATE_UMASK)
    try:
        bound.bind(os.fspath(path))
    finally:
        os.umask(before)
    bound.setblocking(False)
    if kind == socket.SOCK_STREAM:
        bound.listen()
    return bound
