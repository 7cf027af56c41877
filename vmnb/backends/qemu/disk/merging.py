"""Keeping a running guest's disk from becoming ever more layers: QEMU reads through all of them."""

import asyncio
import json
import logging
from pathlib import Path
from uuid import uuid4

from vmnb.backends.qemu.disk.layers import name_below
from vmnb.backends.qemu.disk.spare_layers import Spare, first_spare, remove_abandoned, to_tidy
from vmnb.backends.qemu.running.attachment import Attachment
from vmnb.core.errors import BackendError, VmnbError
from vmnb.core.finish import finish
from vmnb.core.handle import VmHandle

__all__ = ["tidy_disk"]

_log = logging.getLogger(__name__)

_TIMEOUT_S = 60.0


async def tidy_disk(handle: VmHandle, attachment: Attachment | None) -> None:
    """Do away with the layers of a VM's disk that nobody needs; what it holds stays the same.

    To be called by one who may act on the VM. What cannot be done now is left for the next time.

    Parameters
    ----------
    attachment
        The hold on the VM, None where it does not run: then no layers are merged.
    """
    try:
        with to_tidy(handle) as is_free:
            if is_free:
                await finish(_tidy(handle, attachment))
    except (OSError, KeyError, VmnbError) as error:
        _log.warning("the disk of %r keeps layers that nobody needs: %s", handle.name, error)


async def _tidy(handle: VmHandle, attachment: Attachment | None) -> None:
    await asyncio.to_thread(remove_abandoned, handle)
    while attachment is not None and (spare := await asyncio.to_thread(first_spare, handle)):
        # A guest that stands still may have been saved, and then its disks are closed.
        if (await attachment.execute("query-status"))["status"] != "running":
            return
        await _merge(attachment, spare)


async def _merge(attachment: Attachment, spare: Spare) -> None:
    """Let the upper layer have what the lower has, and no longer lie on it."""
    below = await asyncio.to_thread(name_below, spare.layer)
    if below is None:
        raise BackendError(f"{spare.layer} lies on nothing")
    nodes = await _nodes(attachment, spare.layer.parent)
    layer, above, base = (
        nodes[path] for path in (spare.layer, spare.above, spare.layer.parent / below)
    )
    await _stream(attachment, device=above, base_node=base, backing_file=below)
    if await asyncio.to_thread(name_below, spare.above) != below:
        raise BackendError(f"QEMU did not merge {spare.layer} into {spare.above}")
    if layer == spare.layer.stem:  # one that QEMU opened by itself it closes by itself
        await attachment.execute("blockdev-del", node_name=layer)
    await asyncio.to_thread(spare.layer.unlink)


async def _nodes(attachment: Attachment, directory: Path) -> dict[Path, str]:
    """Return the names that QEMU has for the disks that it has opened, layers in `directory` too.

    Such a layer is named as its file is, or was opened by QEMU itself, as what another lies on.
    """
    nodes: dict[Path, str] = {}
    for node in await attachment.execute("query-named-block-nodes", flat=True):
        if node["drv"] != "file":
            name = str(node["node-name"])
            nodes[_file_of(node["file"])] = nodes[directory / f"{name}.qcow2"] = name
    return nodes


def _file_of(known_as: str) -> Path:
    """Return the path of a node's file: QEMU writes it so, or within how it would be opened."""
    if known_as.startswith("json:"):
        known_as = json.loads(known_as.removeprefix("json:"))["file"]["filename"]
    return Path(known_as)


async def _stream(attachment: Attachment, **what: str) -> None:
    """Let QEMU copy from the layers between, and return when it no longer does so."""
    job = f"merge-{uuid4().hex[:12]}"

    async def is_over() -> bool:
        return all(each["id"] != job for each in await attachment.execute("query-jobs"))

    with attachment.news() as news:
        await attachment.execute("block-stream", job_id=job, **what)
        await attachment.until(news, is_over, _TIMEOUT_S)
