"""One action at a time on a VM, over all processes of a user.

The locks lie beside the store, because only the processes that share a store must agree. A lock
is a file under ``flock(2)``: the kernel frees it when its process ends, however that happens. Only
who takes a lock opens its file for writing, so that its closing tells that somebody has acted.
"""

import asyncio
import fcntl
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from vmnb.core.errors import BusyError, StoreError
from vmnb.core.finish import finish
from vmnb.core.paths import private_dir
from vmnb.core.unshared import disown, own

__all__ = [
    "action_lock",
    "forgotten_locks",
    "is_held",
    "is_locked",
    "lock_name",
    "remove_lock",
]


@asynccontextmanager
async def action_lock(directory: Path, name: str) -> AsyncIterator[None]:
    """Hold the only right to act on the VM `name`; it ends with the process at the latest.

    Raises
    ------
    BusyError
        It is held already, by another process or by this one.
    StoreError
        No lock can be made in `directory`.
    """
    lock = _Lock(directory / lock_name(name))
    try:
        await finish(asyncio.to_thread(lock.take))
        if lock.descriptor is None:
            raise BusyError(
                f"another process is acting on {name!r}",
                hint="wait until it is done, then try again",
            )
        yield
    finally:
        await finish(asyncio.to_thread(lock.free))


def is_locked(directory: Path, name: str) -> bool:
    """Return whether some process is acting on the VM `name`."""
    return is_held(directory / lock_name(name))


def is_held(path: Path) -> bool:
    """Return whether some process holds the lock of the file `path`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def lock_name(name: str) -> str:
    """Return the name of the file that is the lock of the VM `name`."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def forgotten_locks(directory: Path) -> list[Path]:
    """Return the files of locks that nobody holds: their holders were killed."""
    if not directory.exists():
        return []
    return [path for path in sorted(directory.iterdir()) if not is_held(path)]


def remove_lock(path: Path) -> None:
    """Remove the file of a lock that nobody holds; nothing happens where somebody does."""
    lock = _Lock(path)
    lock.take()
    lock.free()


class _Lock:
    """A lock file; whoever holds it unlinks it, so that no file is left of a name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor: int | None = None
        self._owner = os.getpid()

    def take(self) -> None:
        """Take the lock if it is free."""
        try:
            private_dir(self.path.parent)
            while self.descriptor is None:
                descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                if not self._locks(descriptor):
                    return
        except OSError as error:
            raise StoreError(
                f"cannot lock {self.path}: {error.strerror}",
                hint="check that its directory is writable and its disk is not full, "
                "or choose another place with VMNB_HOME",
            ) from error

    def free(self) -> None:
        """Give the lock back if it was taken, and was taken by this very process."""
        if self.descriptor is not None and self._owner == os.getpid():
            self.path.unlink(missing_ok=True)
            disown(self.descriptor)
        self.descriptor = None

    def _locks(self, descriptor: int) -> bool:
        """Lock `descriptor` and keep it if it is still the file of that path; False if held.

        It is True, too, where it has to be tried again.
        """
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(self.path.stat(), os.fstat(descriptor)):
                self.descriptor = descriptor
                own(descriptor)
        except BlockingIOError:
            return _is_asked_for(descriptor)
        except FileNotFoundError:
            pass  # unlinked by its last holder
        finally:
            if self.descriptor is None:
                os.close(descriptor)
        return True


def _is_asked_for(descriptor: int) -> bool:
    """Return whether somebody is only looking at a lock; that takes but a moment."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
