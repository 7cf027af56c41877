"""A guest's memory as a file: anonymous, found again by QEMU's process.

Where several guests go on from one, ``share=off`` gives each pages of its own. The file is not
opened as ``readonly``, which every QEMU from 8.2 on takes otherwise than those before.
"""

import os
from contextlib import suppress
from pathlib import Path

from vmnb.core.errors import BackendError

__all__ = ["frozen_memory", "inherited", "memory_of", "new_memory", "open_memory"]

_OWN, _FROZEN = "vmnb-memory", "vmnb-frozen"
_LINK = f"/memfd:{_OWN} (deleted)"  # as proc(5) shows it


def new_memory(size_mib: int) -> int:
    """Return the descriptor of a new memory for one guest, without a page yet."""
    return _anonymous(_OWN, size_mib)


def frozen_memory(size_mib: int) -> int:
    """Return the descriptor of a new memory that several guests are to go on from."""
    return _anonymous(_FROZEN, size_mib)


def inherited(descriptor: int) -> Path:
    """Return the path by which a child that inherits `descriptor` opens its file."""
    return Path(f"/proc/self/fd/{descriptor}")


def memory_of(pid: int) -> Path | None:
    """Return where the memory of a QEMU can be opened, into which its guest writes.

    None where the guest has pages of its own: it is a copy of another.

    Raises
    ------
    BackendError
        This system does not let us see the process's files.
    """
    try:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                if str(entry.readlink()) == _LINK:
                    return entry
    except OSError as error:
        raise BackendError(
            f"the memory of QEMU (process {pid}) cannot be read: {error.strerror}",
            hint="act on this VM where it was started: by that user, in that container",
        ) from error
    return None


def open_memory(path: Path) -> int:
    """Return a descriptor of a memory file, for reading."""
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def _anonymous(name: str, size_mib: int) -> int:
    descriptor = os.memfd_create(name)
    os.ftruncate(descriptor, size_mib << 20)
    return descriptor
