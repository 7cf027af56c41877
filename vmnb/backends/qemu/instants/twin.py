"""A guest with pages of its own over another's memory, brought back to memory that is one file.

It moves to a second QEMU that has such a file and stands still; from there it is saved as any is.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from vmnb.backends.qemu.instants.clone import prepare_clone
from vmnb.backends.qemu.instants.half_done import noted
from vmnb.backends.qemu.instants.migration import send
from vmnb.backends.qemu.launch import launch
from vmnb.backends.qemu.network.lan import leave_network
from vmnb.backends.qemu.program.accelerator import Accelerator
from vmnb.backends.qemu.program.binary import Qemu
from vmnb.backends.qemu.remains import remove_remains
from vmnb.backends.qemu.running.attachment import Attachment
from vmnb.core.finish import finish
from vmnb.core.handle import VmHandle

__all__ = ["remove_twin", "twin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moving:
    """A guest that stands still in one QEMU and comes to another.

    See :class:`~vmnb.backends.qemu.instants.migration.Origin`.
    """

    shape: str
    memory: int
    source: Attachment
    is_shared: bool = False
    brings_memory: bool = True

    async def deliver(self, path: Path) -> None:
        """Send all of it to the socket at `path`."""
        await send(self.source, path, with_memory=True)


@asynccontextmanager
async def twin(
    handle: VmHandle,
    source: Attachment,
    qemu: Qemu,
    accelerator: Accelerator,
    layer: Path,
    memory: int,
) -> AsyncIterator[tuple[VmHandle, Attachment]]:
    """Give a second QEMU with the guest of `source`, which stands still, for the time of a body.

    Parameters
    ----------
    layer
        The guest's disk as it is, a layer that nobody writes any more.
    memory
        Descriptor of the file that has the guest's memory then.
    """
    network = replace(handle.network, forwards=())
    vm_id = uuid4().hex
    spec = replace(handle.spec, name=f"twin {vm_id[:8]}", network=network, ssh=None)
    async with noted(handle, twin=vm_id):
        try:
            prepared = await prepare_clone(handle, vm_id, spec, layer, qemu)
            moving = _Moving(shape=handle.extra["shape"], memory=memory, source=source)
            started, attachment = await launch(prepared, qemu, accelerator, moving)
            try:
                yield started, attachment
            finally:
                await finish(attachment.end(kill=True))
                await finish(attachment.aclose())
        finally:
            await finish(remove_twin(handle, vm_id))


async def remove_twin(handle: VmHandle, vm_id: str) -> None:
    """Leave nothing of a twin of the VM `handle`, whoever made it."""
    await asyncio.to_thread(remove_remains, vm_id)
    await leave_network(replace(handle, id=vm_id))
