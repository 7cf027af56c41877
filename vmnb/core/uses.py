"""When somebody last did something in a guest, for all processes to know."""

import fcntl
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from vmnb.core.paths import private_dir
from vmnb.core.unshared import disown, own

__all__ = ["Uses"]

_EVERY_S = 1.0
"""So often it is written down, at most: each key that is typed is a use."""


class Uses:
    """The uses of one VM: the last is the time of a file, in a directory beside the store.

    It is only a help: where it cannot be written, nobody is told of the use.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._due = 0.0

    @property
    def is_due(self) -> bool:
        """Whether the last mark is long enough ago for another."""
        return monotonic() >= self._due

    def mark(self) -> None:
        """Take note that it is used now."""
        if (descriptor := self.begin()) is not None:
            self.end(descriptor)

    def begin(self) -> int | None:
        """Take note that it is in use until :meth:`end`, or until this process ends.

        Returns
        -------
        int or None
            What :meth:`end` takes; None where it cannot be written down.
        """
        self._due = monotonic() + _EVERY_S
        with suppress(OSError):
            private_dir(self._path.parent)
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            own(descriptor)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH)
                os.utime(descriptor)
            except OSError:
                disown(descriptor)
                raise
            return descriptor
        return None

    def end(self, descriptor: int | None) -> None:
        """Take note that a use that began is over now."""
        if descriptor is None:
            return
        with suppress(OSError):
            os.utime(descriptor)
        disown(descriptor)

    def last(self) -> datetime | None:
        """Return when it was used last, in UTC: now, if it is in use; None where nobody knows."""
        with suppress(OSError), self._path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return datetime.now(UTC)
            return datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
        return None

    def forget(self) -> None:
        """Leave nothing of them."""
        with suppress(OSError):
            self._path.unlink()
