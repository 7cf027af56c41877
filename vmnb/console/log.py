"""The file in which QEMU logs everything that a serial console ever said."""

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["TAIL_MAX", "ConsoleLog"]

TAIL_MAX = 256 * 1024
"""Most bytes of the log that are shown again."""

_NEAR = 64 * 1024
_FAR = 4 * 1024 * 1024


class ConsoleLog:
    """Reads a log that grows; one that is not there yet is empty.

    Parameters
    ----------
    path
        None for a console without a log.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._file = -1

    @property
    def size(self) -> int:
        """Its present size in bytes."""
        if self._file < 0:
            self._open()
        return os.fstat(self._file).st_size if self._file >= 0 else 0

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from `start` up to `end`, or up to the file's end."""
        return os.pread(self._file, end - start, start) if self._file >= 0 and end > start else b""

    def tail(self, start: int) -> tuple[int, bytes]:
        """Return where the shown end of the log begins, `start` if possible, and that end.

        What is not shown from `start` on is cut at a line's end.
        """
        size = self.size
        if size - start <= TAIL_MAX:
            return (start, self.read(start, size))
        data = self.read(size - TAIL_MAX, size)
        cut = data.find(b"\n") + 1
        return (size - TAIL_MAX + cut, data[cut:])

    def place_after(self, said: bytes, near: int) -> int:
        """Return where the log goes on after it has what was `said`: the place next to `near`.

        Where it has that nowhere, and where nothing was said, it is `near`, or the file's end.
        """
        size = self.size
        first = max(0, near - _NEAR)
        log = self.read(first, min(size, near + _FAR))
        places, at = [], log.find(said)
        while said and at >= 0:
            places.append(first + at + len(said))
            at = log.find(said, at + 1)
        return min(places, key=lambda place: abs(place - near), default=min(near, size))

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open(self) -> None:
        if self.path is not None:
            with suppress(FileNotFoundError):
                self._file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
