"""Getting images into the library: downloaded from where they are, or taken from a file."""

import asyncio
from pathlib import Path

from vmnb.core.errors import SpecError
from vmnb.core.finish import finish
from vmnb.core.names import checked_name
from vmnb.core.progress import report
from vmnb.images import tiny
from vmnb.images.catalogue import find_entry
from vmnb.images.checksum import Digest
from vmnb.images.download import download
from vmnb.images.install import install, writing_to
from vmnb.images.library import BY_DIGEST, Library, LibraryImage, Origin
from vmnb.images.sources import Source
from vmnb.images.userfile import UserFile, find_file
from vmnb.images.web import client

__all__ = ["add", "ensure", "pull", "take_packed"]


async def ensure(source: Source) -> LibraryImage:
    """Return the image of `source` that is in the library, else pull it.

    Raises
    ------
    ImageError
        As for :func:`pull`.
    """
    known = await asyncio.to_thread(Library().find, source.name)
    if known is not None and _has(known, source.given):
        return known
    return await pull(source, renew=False)


async def pull(source: Source, *, renew: bool = True) -> LibraryImage:
    """Bring the image of `source` into the library; one process downloads it, others wait.

    Parameters
    ----------
    renew
        Whether to ask for something newer where that can be and there is one already.

    Raises
    ------
    ImageError
        It cannot be had, is not what it should be, or is no disk image; or the cache cannot be
        written to. Nothing is left but, of a connection that broke, what has come.
    """
    library = Library()
    with writing_to(library):
        async with library.turn(source.name, _say_waiting) as part, client() as http:
            known = await asyncio.to_thread(library.find, source.name)
            if known is not None and _has(known, source.given) and not (source.moves and renew):
                return known
            remote = await source.locate(http)
            if known is not None and remote.expected and _has(known, remote.expected):
                return known
            digests = await download(http, remote, part)
            origin = Origin(source=remote.called, digests=digests, checked=source.checked)
            try:
                return await install(library, part.path, source.name, origin, move=True)
            finally:
                await finish(asyncio.to_thread(part.remove))


async def add(path: Path, name: str) -> LibraryImage:
    """Copy the disk image at `path` into the library, unpacked, as `name`.

    Raises
    ------
    SpecError
        The name cannot be one, or is taken.
    ImageError
        The file is no disk image that can be used, or the cache cannot be written to. Nothing is
        left.
    """
    name = checked_name(name)
    await asyncio.to_thread(_require_free, name)
    file = await asyncio.to_thread(find_file, path)
    library = Library()
    with writing_to(library):
        async with library.turn(name, _say_waiting):
            known = await asyncio.to_thread(library.find, name)
            if known is not None and known.origin.stamp == file.stamp:
                return known
            if known is not None:
                raise SpecError(
                    f"there is an image called {name!r} already, from {known.origin.source}",
                    hint=f"choose another name, or remove that one: images.remove({name!r})",
                )
            return await install(library, file.path, name, _origin(file))


async def take_packed(file: UserFile) -> LibraryImage:
    """Return the disk that is packed in `file`, unpacked into the library at its first use.

    Raises
    ------
    ImageError
        As for :func:`add`.
    """
    library, name = Library(), str(file.path)
    with writing_to(library):
        async with library.turn(name, _say_waiting):
            known = await asyncio.to_thread(library.find, name)
            if known is not None and known.origin.stamp == file.stamp:
                return known
            return await install(library, file.path, name, _origin(file))


def _require_free(name: str) -> None:
    if name == tiny.NAME or find_entry(name) is not None or name.startswith(BY_DIGEST):
        raise SpecError(f"the name {name!r} has a meaning already", hint="choose another name")


def _has(image: LibraryImage, digest: Digest | None) -> bool:
    return digest is None or image.origin.digests.get(digest.algorithm) == digest.value


def _origin(file: UserFile) -> Origin:
    return Origin(source=str(file.path), stamp=file.stamp)


def _say_waiting() -> None:
    report("waiting for another process that gets the image", 0.0)
