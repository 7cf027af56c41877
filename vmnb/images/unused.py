"""What is in the cache of images that nobody needs any more; all is for threads."""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from vmnb.core.lock import is_held
from vmnb.core.paths import cache_home
from vmnb.core.remnant import Kind, Remnant, disk_usage_bytes, is_at_rest
from vmnb.images.cache import ImageCache
from vmnb.images.library import BY_DIGEST, Library
from vmnb.images.part import Part
from vmnb.images.recipe import recipe_digest
from vmnb.images.tiny import NAME

__all__ = ["left_downloads", "left_work", "unused_images"]

_KEPT_S = 86400.0


def left_downloads() -> Iterator[Remnant]:
    """Yield the downloads that broke off, and with which nobody has gone on for a day."""
    for path in sorted((cache_home() / "images" / "downloads").glob("*.part")):
        with suppress(FileNotFoundError):
            rested_s = time.time() - path.stat().st_mtime
            if rested_s > _KEPT_S and not is_held(path.with_suffix(".lock")):
                yield Remnant(
                    kind=Kind.DOWNLOAD,
                    what=str(path),
                    size_bytes=disk_usage_bytes(path),
                    why=f"it broke off {rested_s / 86400:.0f} days ago",
                    remove=partial(asyncio.to_thread, Part(path).remove),
                )


def left_work() -> Iterator[Remnant]:
    """Yield what builders and pullers that were killed have left."""
    for kind in (NAME, Library().disks.folder.name):
        cache = ImageCache(kind)
        for path in cache.left_work():
            if is_at_rest(path) and not is_held(cache.lock):
                yield Remnant(
                    kind=Kind.IMAGE,
                    what=str(path),
                    size_bytes=disk_usage_bytes(path),
                    why="an image that was never made, or removed, to the end",
                    remove=partial(asyncio.to_thread, shutil.rmtree, path),
                )


def unused_images(in_use: Collection[Path]) -> Iterator[Remnant]:
    """Yield the images that no name leads to any more, and on which none of `in_use` stands.

    Parameters
    ----------
    in_use
        The files on which the disks of VMs stand.
    """
    folders = {path.parent for path in in_use}
    current = ImageCache(NAME).find(recipe_digest())
    for entry in ImageCache(NAME).entries():
        if entry != current and entry.folder.resolve() not in folders:
            remove = _removal(ImageCache(NAME), entry.folder.name)
            yield _image(entry.folder, "an earlier make of the tiny guest", remove)
    library = Library()
    for image in library.all():
        folder = image.disk.parent
        if image.name.startswith(BY_DIGEST) and folder.resolve() not in folders:
            yield _image(folder, "no name leads to it", _removal(library.disks, folder.name))


def _image(folder: Path, why: str, remove: Callable[[], Awaitable[object]]) -> Remnant:
    return Remnant(
        kind=Kind.IMAGE,
        what=str(folder),
        size_bytes=disk_usage_bytes(folder),
        why=f"{why}, and no VM of this data home stands on it",
        remove=remove,
    )


def _removal(cache: ImageCache, name: str) -> Callable[[], Awaitable[object]]:
    async def remove() -> None:
        async with cache.locked():
            await asyncio.to_thread(cache.remove, name)

    return remove
