"""What can be done with images, for the background loop."""

import asyncio
import os
from pathlib import Path
from urllib.parse import urldefrag

from vmnb.core import runtime
from vmnb.core.errors import ImageError, SpecError
from vmnb.core.finish import finish
from vmnb.core.progress import report
from vmnb.images import pulling
from vmnb.images.catalogue import catalogue, find_entry
from vmnb.images.checksum import Digest
from vmnb.images.install import writing_to
from vmnb.images.library import Library, LibraryImage
from vmnb.images.sources import Source, source_of
from vmnb.images.verifying import is_intact

__all__ = ["add", "every", "inspect", "pull", "remove", "verify"]


async def pull(image: str, sha256: str | None, sha512: str | None) -> LibraryImage:
    """See :func:`vmnb.images.pull`."""
    given = _given(sha256, sha512)
    return await pulling.pull(await asyncio.to_thread(_source, _text(image), given))


async def add(path: str | os.PathLike[str], name: str) -> LibraryImage:
    """See :func:`vmnb.images.add`."""
    return await pulling.add(_path(path), name)


async def every() -> list[LibraryImage]:
    """Return every image in the library."""
    return await asyncio.to_thread(Library().all)


async def inspect(name: str) -> LibraryImage:
    """See :func:`vmnb.images.inspect`."""
    return await asyncio.to_thread(_known, Library(), name)


async def remove(name: str) -> None:
    """See :func:`vmnb.images.remove`."""
    library = Library()
    with writing_to(library):
        async with library.disks.locked(lambda: report("waiting for another image", 0.0)):
            image = await asyncio.to_thread(_known, library, name)
            names = await asyncio.to_thread(library.names_of, image.sha256)
            users = await _users(image, set(names)) if names == [image.name] else []
            if users:
                raise ImageError(
                    f"the disk of {image.name!r} is what these VMs stand on: {', '.join(users)}",
                    hint=f"destroy them first, such as by VM.attach({users[0]!r}).destroy()",
                )
            await finish(asyncio.to_thread(library.remove, image))


async def verify(name: str | None) -> list[LibraryImage]:
    """See :func:`vmnb.images.verify`."""
    images = await every() if name is None else [await inspect(name)]
    whole = {image.sha256: await asyncio.to_thread(is_intact, image) for image in images}
    damaged = [image.name for image in images if not whole[image.sha256]]
    if damaged:
        raise ImageError(
            f"damaged in the cache, so that what stands on them is too: {', '.join(damaged)}",
            hint=f"images.remove({damaged[0]!r}), then pull or add it anew",
        )
    return images


async def _users(image: LibraryImage, names: set[str]) -> list[str]:
    """Return the VMs that stand on the disk of `image`, or are about to."""
    users = []
    for record in await runtime.session().records():
        if record.handle is None:
            stands = urldefrag(record.spec.image).url in names
        else:
            stands = record.handle.extra.get("image_digest") == image.sha256
        if stands:
            users.append(record.name)
    return users


def _known(library: Library, name: str) -> LibraryImage:
    image = library.known(_text(name))
    if image is not None:
        return image
    if find_entry(name) is not None:
        raise ImageError(
            f"{name!r} has not been pulled", hint=f"images.pull({name!r}), or make a VM of it"
        )
    names = ", ".join(image.name for image in library.all())
    raise ImageError(
        f"there is no image called {name!r} in the cache",
        hint=f"there are: {names}" if names else "there is none; images.pull() gets one",
    )


def _source(image: str, given: Digest | None) -> Source:
    source = source_of(image, given)
    if source is None:
        raise SpecError(
            f"there is no image {image!r} to be pulled",
            hint=f"give its address, or one of: {', '.join(catalogue())}",
        )
    return source


def _path(path: str | os.PathLike[str]) -> Path:
    text = os.fspath(path) if isinstance(path, str | os.PathLike) else ""
    if not isinstance(text, str) or not text or "\0" in text:
        raise SpecError(f"{path!r} is not the path of a disk image", hint='"./disk.qcow2"')
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise SpecError(f"there is no such home directory: {text!r}", hint="check it") from error


def _text(name: str) -> str:
    if not isinstance(name, str) or not name:
        raise SpecError(f"{name!r} is not the name of an image", hint='images.pull("debian-12")')
    return name


def _given(sha256: str | None, sha512: str | None) -> Digest | None:
    if sha256 is not None and sha512 is not None:
        raise SpecError("two digests were given", hint="leave out one")
    if sha256 is not None:
        return Digest.parse("sha256", sha256)
    return None if sha512 is None else Digest.parse("sha512", sha512)
