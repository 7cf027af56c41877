"""The journal of a VM's runs: every QMP event with its time, written by QEMU itself.

QEMU logs what it says on a third monitor, to which nobody is connected (``logfile`` of its
character device). So how a run ended is on disk, even where no Python was alive to see it. A run
begins with QEMU's greeting. Lines of our own say what QEMU cannot know.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

__all__ = ["Journal", "Line", "Note"]

Line = Mapping[str, Any]


class Note(StrEnum):
    """What we write into the journal ourselves, in the shape of QMP's events."""

    FORCED_OFF = "VMNB_FORCED_OFF"
    """The user ends it by force; written just before the signal, so that no reader sees the end
    without its reason."""
    SETTLED = "VMNB_SETTLED"
    """The user took note of a failure by stopping what had ended already."""
    UNDONE = "VMNB_UNDONE"
    """Its start was never finished: the process that did it died. Written before it is ended."""
    EXIT = "VMNB_EXIT"
    """QEMU's exit code, known to its parent alone."""


class Journal:
    """The journal at `path`, which need not exist yet."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def size_bytes(self) -> int:
        """Return the present length of the file."""
        with suppress(OSError):
            return self.path.stat().st_size
        return 0

    def forget_after(self, size_bytes: int) -> None:
        """Cut off what a run wrote that never came to be."""
        with suppress(FileNotFoundError):
            os.truncate(self.path, size_bytes)

    def note(self, what: Note, data: Mapping[str, Any]) -> None:
        """Add a line; nothing happens where the journal is gone."""
        now = datetime.now(UTC)
        time = {"seconds": int(now.timestamp()), "microseconds": now.microsecond}
        line = json.dumps({"timestamp": time, "event": what, "data": data}) + "\n"
        with suppress(FileNotFoundError):
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND)
            try:
                os.write(descriptor, line.encode())
            finally:
                os.close(descriptor)

    def last_run(self) -> "RunReader | None":
        """Return a reader of the latest run from its beginning; None where there was no run."""
        start = None
        with suppress(FileNotFoundError), self.path.open("rb") as file:
            offset = 0
            for line in file:
                if _is_greeting(line):
                    start = offset
                offset += len(line)
        return None if start is None else RunReader(self.path, start)


class RunReader:
    """Reads one run's lines, as far as they are written, from where it stopped before."""

    def __init__(self, path: Path, offset: int) -> None:
        self._path = path
        self._start = offset
        self._offset = offset

    def read(self) -> list[Line]:
        """Return the events written since the last call; nothing of a later run."""
        lines: list[Line] = []
        with suppress(FileNotFoundError), self._path.open("rb") as file:
            file.seek(self._offset)
            for line in file:
                begins_another = _is_greeting(line) and self._offset > self._start
                if begins_another or not line.endswith(b"\n"):
                    break
                self._offset += len(line)
                lines += _event(line)
        return lines


def _is_greeting(line: bytes) -> bool:
    return line.startswith(b'{"QMP"')


def _event(line: bytes) -> list[Line]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return []
    return [said] if isinstance(said, dict) and "event" in said else []
