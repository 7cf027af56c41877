"""From what the user calls an image to what a virtual machine boots."""

import asyncio
import difflib
import os
from pathlib import Path

from vmnb.core.errors import SpecError
from vmnb.images import tiny
from vmnb.images.catalogue import catalogue, find_entry
from vmnb.images.image import BootImage
from vmnb.images.library import Library, LibraryImage
from vmnb.images.unpack import packing_of
from vmnb.images.userfile import find_file, open_image

__all__ = ["resolve"]

_NEAR_MAX = 3


async def resolve(image: str) -> BootImage:
    """Find the image that is called `image`, or get it; :mod:`vmnb.core.progress` is told.

    Parameters
    ----------
    image
        ``"tiny"``, built at its first use; the name of an image that was pulled or added, or of one
        in the catalogue, which is pulled at its first use; an address, likewise; or the path of a
        disk image, perhaps packed: anything with a ``/`` in it, or the name of a file in the
        working directory. ``~`` is the home directory.

    Raises
    ------
    SpecError
        `image` is neither a known name nor an address nor a path.
    ImageError
        The file is missing, unreadable, refers to other files, or is of a format that is not
        supported; it cannot be pulled; or the tiny guest cannot be built here. Nothing half-made is
        left.
    """
    if image == tiny.NAME:
        return await tiny.ensure()
    known = await _known(image) or await _pulled(image)
    if known is not None:
        return await asyncio.to_thread(_boot_image, known, known.name)
    file = await asyncio.to_thread(find_file, await asyncio.to_thread(_as_path, image))
    if await asyncio.to_thread(packing_of, file.path):
        from vmnb.images.pulling import take_packed  # what it needs is imported where it is needed

        return await asyncio.to_thread(_boot_image, await take_packed(file), image)
    return await open_image(image, file)


async def _known(image: str) -> LibraryImage | None:
    # A path is none, though what was unpacked from it is kept by it: it may have changed since.
    return None if os.sep in image else await asyncio.to_thread(Library().find, image)


async def _pulled(image: str) -> LibraryImage | None:
    """Return the image that has an address or a place in the catalogue; None where it has none."""
    if "://" not in image and (
        os.sep in image or await asyncio.to_thread(find_entry, image) is None
    ):
        return None
    from vmnb.images.pulling import ensure  # what it needs is imported where it is needed
    from vmnb.images.sources import source_of

    source = await asyncio.to_thread(source_of, image)
    return await ensure(source) if source else None


def _boot_image(known: LibraryImage, name: str) -> BootImage:
    entry = find_entry(known.name)
    return BootImage(
        name=name,
        disk=known.disk,
        disk_format=known.format,
        disk_size_bytes=known.disk_size_bytes,
        has_agent=entry is not None and entry.guest_agent,
        digest=known.sha256,
    )


def _as_path(image: str) -> Path:
    if not image or "\0" in image or not _can_be_a_path(image):
        raise SpecError(f"{image!r} is not an image", hint=_CHOICES)
    try:
        path = Path(image).expanduser()
    except RuntimeError as error:
        raise SpecError(f"there is no such home directory: {image!r}", hint=_CHOICES) from error
    if os.sep not in image and not os.path.lexists(path):
        raise SpecError(f"there is no image called {image!r}", hint=_near(image) + _CHOICES)
    return path


def _near(image: str) -> str:
    """Return the names that `image` may have been meant to be."""
    names = {tiny.NAME, *catalogue(), *(known.name for known in Library().all())}
    near = difflib.get_close_matches(image[:100], sorted(names), n=_NEAR_MAX)
    return f"did you mean {' or '.join(repr(name) for name in near)}? " if near else ""


def _can_be_a_path(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True


_CHOICES = (
    'use "tiny" (a small Linux guest that is built on first use), '
    'the path of a disk image, such as "./disk.qcow2", its address, '
    "or a name that images.available() lists"
)
