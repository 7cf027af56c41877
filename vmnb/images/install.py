"""Taking a file into the library: unpacked, recognised, checked, and then there at once."""

import asyncio
import contextlib
import errno
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from vmnb.core.errors import ImageError
from vmnb.core.finish import finish
from vmnb.core.progress import report
from vmnb.images.library import Library, LibraryImage, Origin
from vmnb.images.unpack import copy, packing_of
from vmnb.images.userfile import check_whole, disk_facts

__all__ = ["install", "writing_to"]

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


async def install(
    library: Library, source: Path, name: str, origin: Origin, *, move: bool = False
) -> LibraryImage:
    """Make the disk in the file `source` the image `name`; all of it, or nothing.

    Parameters
    ----------
    move
        Whether `source` may be taken away, being of no further use; its digest is then the one that
        `origin` has.

    Raises
    ------
    ImageError
        It is damaged, no disk image, or one that refers to other files.
    OSError
        It cannot be read, or the cache cannot be written.
    """
    disks, called = library.disks, origin.source
    async with disks.locked(lambda: report("waiting for another image to be ready", 0.0)):
        async with disks.work_folder() as work:
            (made := work / "made").mkdir(mode=0o700)
            fresh = work / f"disk{source.suffix}"  # by which a blank disk is told to be one
            bring = partial(_bring, source, fresh, origin, move=move)
            sha256 = await finish(asyncio.to_thread(bring))
            facts = await disk_facts(fresh, called)
            await check_whole(fresh, facts.format, called)
            fresh.rename(made / "disk")
            values = {"format": facts.format, "disk_size_bytes": facts.size_bytes}
            (made / "facts.json").write_text(json.dumps(values))
            if await asyncio.to_thread(disks.find, sha256) is None:
                publish = partial(disks.publish, made, recipe=sha256, name=sha256)
                await finish(asyncio.to_thread(publish))
        return await finish(asyncio.to_thread(library.put, name, sha256, origin))


def _bring(source: Path, fresh: Path, origin: Origin, *, move: bool) -> str:
    if move and not packing_of(source):
        source.rename(fresh)
        return origin.digests["sha256"]
    return copy(source, fresh, origin.source)["sha256"]


@contextlib.contextmanager
def writing_to(library: Library) -> Iterator[None]:
    """Tell in words where the cache cannot be written to."""
    try:
        yield
    except OSError as error:
        full = error.errno in _FULL
        hint = "make room, or choose another place with VMNB_CACHE"
        raise ImageError(
            f"cannot write to the cache of images {library.folder}: {error.strerror}",
            hint=hint if full else "choose another with VMNB_CACHE",
        ) from error
