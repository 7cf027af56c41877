"""A file that is being downloaded: what has come of it, and of which version of the file it is."""

import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from vmnb.images.checksum import Hashes

__all__ = ["Part", "Sink", "sweep"]

_CHUNK_BYTES = 1 << 20
_FORGOTTEN_S = 7 * 86400.0


@dataclass(frozen=True, slots=True)
class Part:
    """The file `path`, and beside it one that says which version of the whole it is a part of.

    All methods are for threads.
    """

    path: Path

    @property
    def _facts(self) -> Path:
        return self.path.with_suffix(".json")

    def size_bytes(self) -> int:
        """Return how much has come."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def validator(self) -> str:
        """Return what names the version on the server, empty where nothing does."""
        try:
            return str(json.loads(self._facts.read_text())["validator"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def note(self, validator: str) -> None:
        """Write down what names the version on the server."""
        self._facts.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(self._facts, flags, 0o600), "w") as file:
            json.dump({"validator": validator}, file)

    def remove_if_empty(self) -> None:
        """Remove it, if nothing has come of it."""
        if not self.size_bytes():
            self.remove()

    def remove(self) -> None:
        """Remove it, if it is there."""
        self.path.unlink(missing_ok=True)
        self._facts.unlink(missing_ok=True)


class Sink:
    """Takes the bytes of `part` that come, and counts the digests of all of it.

    Parameters
    ----------
    begin
        How many bytes of what is there are kept; the rest is cut off.
    validator
        What names the version on the server, where nothing is kept.
    """

    def __init__(self, part: Part, begin: int, validator: str) -> None:
        self.hashes = Hashes()
        self._part = part
        self._begin = begin
        self._validator = validator
        self._file: BinaryIO | None = None

    def open(self) -> None:
        """Open the file, and count what is kept of it."""
        descriptor = os.open(self._part.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(descriptor, "r+b")
        self._file.truncate(self._begin)
        if not self._begin:  # after the cut: bytes of one version never stand beside another's name
            self._part.note(self._validator)
        while data := self._file.read(_CHUNK_BYTES):
            self.hashes.update(data)

    def write(self, data: bytes) -> None:
        """Add `data`."""
        assert self._file is not None  # noqa: S101
        self._file.write(data)
        self._file.flush()  # what is told to have come outlasts this process
        self.hashes.update(data)

    def close(self) -> None:
        """Close the file, if it was opened; all that came is in it."""
        if self._file is not None:
            self._file.close()


def sweep(folder: Path) -> None:
    """Remove what nobody has gone on with for a week."""
    for path in folder.glob("*.part"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _FORGOTTEN_S:
                Part(path).remove()
