"""What a console said last: a guest that goes on from another's memory has it behind it, too."""

import os
from pathlib import Path

__all__ = ["last_words", "write_words"]

_MAX_BYTES = 256 * 1024


def last_words(log: Path) -> bytes:
    """Return the end of a console's log; nothing where there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _MAX_BYTES))
            return file.read()
    except FileNotFoundError:
        return b""


def write_words(log: Path, said: bytes) -> None:
    """Let a console's log, which is not there yet, begin with that."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(said)
