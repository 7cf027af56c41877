"""What is left of something that nobody has any more, and who can find it."""

import os
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

__all__ = ["Kind", "Pruning", "Remnant", "disk_usage_bytes", "is_at_rest"]

_REST_S = 600.0


class Kind(StrEnum):
    """What it was a part of."""

    VM = "vm"
    PROCESS = "process"
    SOCKETS = "sockets"
    LOCK = "lock"
    NETWORK = "network"
    DOWNLOAD = "download"
    TEMPLATE = "template"
    IMAGE = "image"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remnant:
    """Something that can be removed.

    Parameters
    ----------
    what
        A path, or what else names it; two of one kind differ in it.
    size_bytes
        What it takes on the disk.
    why
        Why nobody needs it, in words.
    remove
        Removes it; what it raises is an OSError or a VmnbError.
    """

    kind: Kind
    what: str
    size_bytes: int
    why: str
    remove: Callable[[], Awaitable[object]] = field(repr=False, compare=False)


@runtime_checkable
class Pruning(Protocol):
    """A hypervisor that finds what is left of VMs, and of what it keeps for them."""

    async def remnants(self, known: Collection[str], *, with_images: bool) -> list[Remnant]:
        """Return what can be removed; nothing that a process may be in the middle of making.

        Parameters
        ----------
        known
            The ids of all VMs that there are, and of those that are being prepared.
        with_images
            Whether images of the cache are among it on which none of these VMs stands.
        """
        ...


def is_at_rest(path: Path) -> bool:
    """Return whether `path` has been as it is for so long that nobody is about to make it."""
    try:
        return time.time() - path.lstat().st_mtime > _REST_S
    except OSError:
        return False


def disk_usage_bytes(path: Path) -> int:
    """Return what a file, or a directory with all in it, takes on the disk."""
    total = 0
    for each in (path, *path.rglob("*")):
        try:
            total += os.lstat(each).st_blocks * 512
        except OSError:
            continue
    return total
