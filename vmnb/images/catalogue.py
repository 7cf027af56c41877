"""From what the user calls an image to what a virtual machine boots."""

import asyncio
import os
from pathlib import Path

from vmnb.core.errors import SpecError
from vmnb.images import tiny
from vmnb.images.image import BootImage
from vmnb.images.userfile import open_image

__all__ = ["resolve"]


async def resolve(image: str) -> BootImage:
    """Find the image that is called `image`, or make it; :mod:`vmnb.core.progress` is told.

    Parameters
    ----------
    image
        ``"tiny"``, built at its first use, or the path of a disk image: anything with a ``/`` in
        it, or the name of a file in the working directory. ``~`` is the home directory.

    Raises
    ------
    SpecError
        `image` is neither a known name nor a path.
    ImageError
        The file is missing, unreadable, refers to other files, or is of a format that is not
        supported; or the tiny guest cannot be built here. Nothing half-made is left.
    """
    if image == tiny.NAME:
        return await tiny.ensure()
    return await open_image(image, await asyncio.to_thread(_as_path, image))


def _as_path(image: str) -> Path:
    if not image or "\0" in image or not _can_be_a_path(image):
        raise SpecError(f"{image!r} is not an image", hint=_CHOICES)
    try:
        path = Path(image).expanduser()
    except RuntimeError as error:
        raise SpecError(f"there is no such home directory: {image!r}", hint=_CHOICES) from error
    if os.sep not in image and not os.path.lexists(path):
        raise SpecError(f"there is no image called {image!r}", hint=_CHOICES)
    return path


def _can_be_a_path(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True


_CHOICES = (
    'use "tiny" (a small Linux guest that is built on first use), '
    'or the path of a disk image, such as "./disk.qcow2"'
)
