"""The tiny guest, the default image: found in the user's cache, or built into it."""

import asyncio
import errno
import platform
import shutil
from functools import partial
from pathlib import Path

from vmnb.core.errors import ImageError
from vmnb.core.finish import finish
from vmnb.core.progress import report
from vmnb.images.cache import Entry, ImageCache
from vmnb.images.command import find
from vmnb.images.image import BootImage
from vmnb.images.recipe import (
    CMDLINE,
    DISK_SIZE_MIB,
    EMULATED_CMDLINE,
    build,
    fetch,
    recipe_digest,
)

__all__ = ["NAME", "ensure", "is_built"]

NAME = "tiny"

_BUILD_MIB = 700  # the packages, and what is unpacked from them until the build ends
_MEMORY_MIN_MIB = 96  # measured: with 64 the kernel and its initial RAM disk do not fit
_UEFI_MEMORY_MIN_MIB = 160  # measured: with 144 the firmware finds no room for them
_HINT_PLACE = "make room, or choose another place with VMNB_CACHE"


def is_built() -> bool:
    """Return whether the tiny guest is in the cache, so that nothing need be built."""
    return _find(ImageCache(NAME)) is not None


async def ensure() -> BootImage:
    """Find the tiny guest in the cache, or build it there; one process builds, others wait.

    Raises
    ------
    ImageError
        It cannot be built on this machine, or a step of the build failed. Nothing is left of it.
    """
    cache = ImageCache(NAME)
    entry = await asyncio.to_thread(_find, cache)
    if entry is None:
        entry = await _build(cache)
    return BootImage(
        name=NAME,
        disk=entry.folder / "disk.qcow2",
        disk_format="qcow2",
        disk_size_bytes=DISK_SIZE_MIB << 20,
        kernel=entry.folder / "vmlinux",
        initrd=entry.folder / "initrd",
        uefi_kernel=entry.folder / "vmlinuz",
        cmdline=CMDLINE,
        emulated_cmdline=EMULATED_CMDLINE,
        memory_min_mib=_MEMORY_MIN_MIB,
        uefi_memory_min_mib=_UEFI_MEMORY_MIN_MIB,
        has_agent=True,
        digest=entry.digest,
    )


def _find(cache: ImageCache) -> Entry | None:
    return cache.find(recipe_digest())


async def _build(cache: ImageCache) -> Entry:
    _check_machine()
    try:
        async with cache.locked(lambda: report("waiting for another build of it to end", 0.0)):
            return await asyncio.to_thread(_find, cache) or await _build_locked(cache)
    except OSError as error:
        hint = _HINT_PLACE if error.errno == errno.ENOSPC else "choose another with VMNB_CACHE"
        raise ImageError(
            f"cannot write to the cache of images {cache.folder}: {error.strerror}", hint=hint
        ) from error


async def _build_locked(cache: ImageCache) -> Entry:
    _check_room(cache.folder)
    async with cache.work_folder() as work:
        (made := work / "made").mkdir(mode=0o700)
        ingredients = await fetch(work)
        await build(ingredients, work, made)
        publish = partial(cache.publish, made, recipe=recipe_digest(), name=ingredients.digest[:16])
        entry = await finish(asyncio.to_thread(publish))
    report("the tiny guest is built", 1.0)
    return entry


def _check_machine() -> None:
    if platform.machine() not in {"x86_64", "AMD64"}:
        raise ImageError(
            f"the tiny guest is built on x86-64 machines only; this one is {platform.machine()}",
            hint='use a disk image that you have: image="/path/to/disk.qcow2"',
        )
    if find("qemu-img") is None:
        raise ImageError(
            "qemu-img is not on this machine",
            hint="install QEMU: apt-get install qemu-system-x86 qemu-utils",
        )


def _check_room(folder: Path) -> None:
    free_mib = shutil.disk_usage(folder).free >> 20
    if free_mib < _BUILD_MIB:
        raise ImageError(
            f"to build the tiny guest takes {_BUILD_MIB} MiB at {folder}; {free_mib} MiB are free",
            hint=_HINT_PLACE,
        )
