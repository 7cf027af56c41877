"""A disk image in a file: checked before anything is made from it."""

import asyncio
import hashlib
import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vmnb.core.errors import ImageError
from vmnb.images.command import run
from vmnb.images.formats import recognise, refers_to_others
from vmnb.images.image import BootImage

__all__ = ["DiskFacts", "UserFile", "check_whole", "disk_facts", "find_file", "open_image"]

_NO_QEMU_IMG = "install qemu-img (Debian and Ubuntu: the package qemu-utils)"
_LEAKED = 3  # clusters that belong to nothing: they take space and do no harm


@dataclass(frozen=True, slots=True)
class UserFile:
    """A regular file: its real path, and text that changes when its content does."""

    path: Path
    stamp: str


@dataclass(frozen=True, slots=True)
class DiskFacts:
    """QEMU's name of a disk's format, and its size as the guest sees it."""

    format: str
    size_bytes: int


def find_file(path: Path) -> UserFile:
    """Find the regular file that `path` leads to.

    Raises
    ------
    ImageError
        It is missing, cannot be reached, or is no regular file.
    """
    try:
        path = path.resolve(strict=True)
        status = path.stat()
    except FileNotFoundError as error:
        raise ImageError(f"there is no image {path}", hint="check the path") from error
    except OSError as error:
        raise _unreadable(str(path), error) from error
    if stat.S_ISDIR(status.st_mode):
        raise ImageError(f"{path} is a directory", hint="give the path of a disk image in it")
    if not stat.S_ISREG(status.st_mode):
        raise ImageError(f"{path} is not a regular file", hint="copy the disk to a file first")
    facts = (path, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    return UserFile(path, hashlib.sha256(repr(facts).encode()).hexdigest())


async def open_image(name: str, file: UserFile) -> BootImage:
    """Check the disk image in `file`, which the user called `name`.

    Raises
    ------
    ImageError
        It is not readable, of an unsupported format, damaged, encrypted, or refers to other files.
    """
    facts = await disk_facts(file.path)
    return BootImage(
        name=name,
        disk=file.path,
        disk_format=facts.format,
        disk_size_bytes=facts.size_bytes,
        digest=file.stamp,
    )


async def disk_facts(path: Path, called: str = "") -> DiskFacts:
    """Recognise the disk at `path`; errors speak of it as `called`, where that is not its path.

    Raises
    ------
    ImageError
        As for :func:`open_image`.
    """
    called = called or str(path)
    try:
        disk_format = await asyncio.to_thread(recognise, path, called)
    except OSError as error:
        raise _unreadable(called, error) from error
    info = await _qemu_img_info(path, disk_format, called)
    return DiskFacts(disk_format, int(info["virtual-size"]))


async def check_whole(path: Path, disk_format: str, called: str) -> None:
    """Let QEMU follow all that the disk at `path` refers to within itself.

    Raises
    ------
    ImageError
        Something leads nowhere: it is damaged, or was cut off.
    """
    if disk_format == "raw":  # it has nothing to follow
        return
    argv = ["qemu-img", "check", "-q", "-f", disk_format, os.fspath(path)]
    try:
        await run(argv, hint=_NO_QEMU_IMG, good_codes=(0, _LEAKED))
    except ImageError as error:
        raise ImageError(
            f"{called} is damaged or was cut off: {error.message}", hint="get it again"
        ) from error


def _unreadable(called: str, error: OSError) -> ImageError:
    return ImageError(
        f"cannot read the image {called}: {error.strerror}",
        hint="check the path and its permissions",
    )


async def _qemu_img_info(path: Path, disk_format: str, called: str) -> dict[str, Any]:
    # With its format stated, qemu-img probes nothing; "info" opens no backing file. It does not
    # take the lock (-U), since an image in use by a running VM can still be a base.
    argv = ["qemu-img", "info", "-U", "--output=json", "-f", disk_format, os.fspath(path)]
    info: dict[str, Any] = json.loads(await run(argv, hint=_NO_QEMU_IMG))
    if "backing-filename" in info:
        raise refers_to_others(called, "a backing file")
    extents = info.get("format-specific", {}).get("data", {}).get("extents", [])
    if any(extent["filename"] != os.fspath(path) for extent in extents):
        raise refers_to_others(called, "parts in other files")
    if info.get("encrypted"):
        raise ImageError(f"{called} is encrypted, which is not supported", hint="decrypt it first")
    return info
