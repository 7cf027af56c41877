"""Finding what VMs on QEMU have left behind, and what is kept for them that nobody uses."""

import asyncio
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from vmnb.backends.qemu.disk.layers import image_below
from vmnb.backends.qemu.files import remove_tree
from vmnb.backends.qemu.instants.templates import Templates
from vmnb.backends.qemu.strays import stray_files, stray_processes, stray_sockets
from vmnb.core.errors import BackendError
from vmnb.core.paths import data_home
from vmnb.core.remnant import Kind, Remnant, disk_usage_bytes
from vmnb.images.unused import left_downloads, left_work, unused_images
from vmnb.lan import stray_members, stray_switches

__all__ = ["Pruning"]

_UNUSED = timedelta(days=30)


class Pruning:
    """See :class:`vmnb.core.remnant.Pruning`."""

    async def remnants(self, known: Collection[str], *, with_images: bool) -> list[Remnant]:
        """Look at the homes for data, sockets and the cache."""
        return await asyncio.to_thread(lambda: list(_remnants(known, with_images=with_images)))


def _remnants(known: Collection[str], *, with_images: bool) -> Iterator[Remnant]:
    yield from stray_files(known)
    yield from stray_processes(known)
    yield from stray_sockets(known)
    yield from stray_members(known)
    yield from stray_switches()
    yield from left_downloads()
    yield from left_work()
    yield from _templates()
    if with_images:
        yield from unused_images(set(_images_in_use()))


def _templates() -> Iterator[Remnant]:
    """Yield what was begun of templates and never finished, and those nobody began from lately."""
    templates = Templates()
    for path in templates.unfinished():
        yield Remnant(
            kind=Kind.TEMPLATE,
            what=str(path),
            size_bytes=disk_usage_bytes(path),
            why="it was never made, or removed, to the end",
            remove=partial(asyncio.to_thread, remove_tree, path),
        )
    for each in templates.all():
        if each.is_automatic and datetime.now(UTC) - each.used > _UNUSED:
            yield Remnant(
                kind=Kind.TEMPLATE,
                what=each.name,
                size_bytes=each.size_bytes,
                why=f"no VM began from it since {each.used:%Y-%m-%d}; it is made again by itself",
                remove=partial(asyncio.to_thread, templates.get(each.name).remove),
            )


def _images_in_use() -> Iterator[Path]:
    """Yield the images on which the disks of VMs and of templates stand."""
    for home in (data_home().absolute() / "vms", Templates().directory):
        for layer in home.glob("*/layer-*.qcow2"):
            try:
                image = image_below(layer)
            except (OSError, BackendError):  # it was removed just now, or is damaged
                continue
            if image is not None:
                yield image.resolve()
