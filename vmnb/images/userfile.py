"""A disk image that the user has: checked before anything is made from it."""

import asyncio
import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any

from vmnb.core.errors import ImageError
from vmnb.images.command import run
from vmnb.images.formats import recognise, refers_to_others
from vmnb.images.image import BootImage

__all__ = ["open_image"]

_NO_QEMU_IMG = "install qemu-img (Debian and Ubuntu: the package qemu-utils)"


async def open_image(name: str, path: Path) -> BootImage:
    """Check the disk image at `path`, which the user called `name`.

    Raises
    ------
    ImageError
        It is missing, not a readable regular file, of an unsupported format, damaged, encrypted,
        or refers to other files.
    """
    path, disk_format, digest = await asyncio.to_thread(_inspect, path)
    info = await _qemu_img_info(path, disk_format)
    return BootImage(
        name=name,
        disk=path,
        disk_format=disk_format,
        disk_size_bytes=int(info["virtual-size"]),
        digest=digest,
    )


def _inspect(path: Path) -> tuple[Path, str, str]:
    try:
        path = path.resolve(strict=True)
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise ImageError(f"{path} is a directory", hint="give the path of a disk image in it")
        if not stat.S_ISREG(status.st_mode):
            raise ImageError(f"{path} is not a regular file", hint="copy the disk to a file first")
        disk_format = recognise(path)
    except FileNotFoundError as error:
        raise ImageError(f"there is no image {path}", hint="check the path") from error
    except OSError as error:
        raise ImageError(
            f"cannot read the image {path}: {error.strerror}",
            hint="check the path and its permissions",
        ) from error
    facts = (path, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    return path, disk_format, hashlib.sha256(repr(facts).encode()).hexdigest()


async def _qemu_img_info(path: Path, disk_format: str) -> dict[str, Any]:
    # With its format stated, qemu-img probes nothing; "info" opens no backing file. It does not
    # take the lock (-U), since an image in use by a running VM can still be a base.
    argv = ["qemu-img", "info", "-U", "--output=json", "-f", disk_format, os.fspath(path)]
    info: dict[str, Any] = json.loads(await run(argv, hint=_NO_QEMU_IMG))
    if "backing-filename" in info:
        raise refers_to_others(path, "a backing file")
    extents = info.get("format-specific", {}).get("data", {}).get("extents", [])
    if any(extent["filename"] != os.fspath(path) for extent in extents):
        raise refers_to_others(path, "parts in other files")
    if info.get("encrypted"):
        raise ImageError(f"{path} is encrypted, which is not supported", hint="decrypt it first")
    return info
