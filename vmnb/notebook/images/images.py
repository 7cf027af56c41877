"""The images of this user, as a notebook has them: ``vmnb.images``."""

import os
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from vmnb.core import runtime
from vmnb.core.progress import reporting_to
from vmnb.images.library import LibraryImage
from vmnb.notebook.images import actions
from vmnb.notebook.images.aio import AsyncImages
from vmnb.notebook.progress import progress_bar

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["add", "aio", "available", "inspect", "list", "pull", "remove", "verify"]

_T = TypeVar("_T")

aio = AsyncImages()
"""The same functions, to be awaited."""


def pull(image: str, *, sha256: str | None = None, sha512: str | None = None) -> LibraryImage:
    """Bring an image into the cache, or bring it up to date there.

    A catalogue name and a tag in a registry are asked for something newer each time; what is at
    another address is taken for the same as long as it is in the cache. VMs keep standing on the
    disk they were made from.

    Parameters
    ----------
    image
        A name that :func:`available` lists; an address by https or http, perhaps with a digest,
        ``"https://example.org/disk.qcow2#sha256=…"``; or ``"oci://host/repository:tag"``, with the
        login that ``docker login`` keeps. What comes may be packed with gzip, xz or zstd.
    sha256, sha512
        What the file's digest must be, in hexadecimal, as it lies at its address. For a catalogue
        name it is otherwise the one that its maker publishes; in a registry that of the manifest;
        at another address nothing but the connection vouches for it.

    Returns
    -------
    LibraryImage
        What there is now.

    Raises
    ------
    SpecError
        There is no such name, or the address or digest is none.
    ImageError
        It cannot be had, is not what it should be, or is no disk image that can be used; or the
        disk is full. Nothing is left of it.
    ImageUnavailableError
        The connection broke, or the server has trouble; the next pull goes on from there. It is a
        kind of ``ImageError``.
    """
    return _run(f"pulling {image!r}", actions.pull(image, sha256, sha512))


def add(path: str | os.PathLike[str], name: str) -> LibraryImage:
    """Copy a disk image of your own into the cache, unpacked; afterwards ``image=name`` means it.

    Parameters
    ----------
    path
        A disk in qcow2, raw, vmdk, vdi or vhdx, perhaps packed with gzip, xz or zstd.
    name
        1 to 200 printable characters, no ``/``, and neither ``-`` nor ``.`` first.

    Raises
    ------
    SpecError
        It cannot be called so, or another image is.
    ImageError
        It is no disk image that can be used, or the disk is full. Nothing is left of it.
    """
    return _run(f"adding {name!r}", actions.add(path, name))


def list() -> "pd.DataFrame":  # noqa: A001 - as vmnb.images.list it takes nothing's place
    """Return the images in the cache, one in each row, by name.

    Returns
    -------
    DataFrame
        With the columns of :data:`vmnb.notebook.images.table.IMAGE_SCHEMA`. A disk that no name
        leads to any more is called ``sha256:`` and its digest.
    """
    from vmnb.notebook.images.table import image_table  # pandas is imported where it is needed

    return image_table(runtime.run(actions.every()))


def available() -> "pd.DataFrame":
    """Return the images that can be pulled by name, the user's own in ``images.toml`` included.

    Returns
    -------
    DataFrame
        With the columns of :data:`vmnb.notebook.images.table.AVAILABLE_SCHEMA`.

    Raises
    ------
    SpecError
        The user's file cannot be read, or an entry in it is not complete.
    """
    from vmnb.images.catalogue import catalogue
    from vmnb.notebook.images.table import available_table

    return available_table(catalogue().values())


def inspect(name: str) -> LibraryImage:
    """Return the facts of an image in the cache.

    Raises
    ------
    ImageError
        There is none of that name.
    """
    return runtime.run(actions.inspect(name))


def remove(name: str) -> None:
    """Forget an image; its disk goes with its last name.

    Raises
    ------
    ImageError
        There is none of that name, or VMs stand on its disk. Nothing was removed.
    """
    runtime.run(actions.remove(name))


def verify(name: str | None = None) -> "pd.DataFrame":
    """Read images again, all of them by default, and see that every byte is as it came.

    Returns
    -------
    DataFrame
        Those that were read, as :func:`list` shows them.

    Raises
    ------
    ImageError
        There is none of that name, or some are damaged; the message names them.
    """
    from vmnb.notebook.images.table import image_table

    return image_table(_run("verifying", actions.verify(name)))


def _run(what: str, coroutine: Coroutine[Any, Any, _T]) -> _T:
    try:
        with progress_bar() as show, reporting_to(show):
            return runtime.run(coroutine)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"{what} was interrupted; nothing was changed") from None
