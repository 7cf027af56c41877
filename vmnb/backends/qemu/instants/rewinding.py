"""Checkpoints of a guest, and the way back to them."""

import asyncio
import os
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from vmnb.backends.qemu.disk.layers import new_layer, put_on_top
from vmnb.backends.qemu.disk.merging import tidy_disk
from vmnb.backends.qemu.disk.sparse import copy_sparse
from vmnb.backends.qemu.files import WorkFiles
from vmnb.backends.qemu.holding import Holding
from vmnb.backends.qemu.instants.checkpoints import Checkpoints
from vmnb.backends.qemu.instants.keeping import Kept
from vmnb.backends.qemu.instants.memory import new_memory
from vmnb.backends.qemu.instants.personal import tell_time
from vmnb.backends.qemu.instants.saved import SavedGuest
from vmnb.backends.qemu.program.qemu_img import create_layer
from vmnb.core.checkpoint import Checkpoint
from vmnb.core.errors import BackendError, CheckpointError
from vmnb.core.handle import VmHandle
from vmnb.core.threads import in_thread

__all__ = ["Rewinding"]


class Rewinding(Holding):
    """See :class:`~vmnb.core.checkpoint.Checkpointing`."""

    async def checkpoint(self, handle: VmHandle, name: str, thumbnail: str) -> Checkpoint:
        """Save the guest into the work directory, and freeze what its disk has until now."""
        checkpoints = Checkpoints(handle)
        async with self._turn(handle):
            await asyncio.to_thread(checkpoints.sweep)
            kept = await asyncio.to_thread(checkpoints.new, name)
            attachment = await self._live(handle)
            about = {
                "name": name,
                "time": datetime.now(UTC).isoformat(),
                "parent": await asyncio.to_thread(checkpoints.current),
                "thumbnail": thumbnail,
            }
            await self._keep(
                handle, attachment, kept, "a checkpoint", lambda saved: kept.finish(saved, about)
            )
            await asyncio.to_thread(checkpoints.live_on_from, name)
            return await asyncio.to_thread(checkpoints.get, name)

    async def checkpoints(self, handle: VmHandle) -> tuple[Checkpoint, ...]:
        """Read what is kept in the work directory."""
        return await asyncio.to_thread(Checkpoints(handle).all)

    async def rewind(self, handle: VmHandle, name: str) -> VmHandle:
        """End QEMU, lay a new layer over the disk as it was, and start on a copy of the memory."""
        checkpoints = Checkpoints(handle)
        async with self._turn(handle):
            kept = await asyncio.to_thread(checkpoints.find, name)
            saved = await in_thread(partial(_opened, kept, checkpoints), SavedGuest.close)
            try:
                attachment = await self._attachments.find(handle)
                if attachment is not None:
                    await attachment.end(kill=True)
                qemu = await self._qemu()
                files = WorkFiles.of_handle(handle)
                top = new_layer(files.directory)
                await asyncio.to_thread(create_layer, top, qemu, saved.layer)
                await asyncio.to_thread(put_on_top, top, files.overlay)
                started = await self._launch(handle, saved)
            finally:
                saved.close()
            await asyncio.to_thread(checkpoints.live_on_from, name)
            await tidy_disk(started, await self._attachments.find(started))
            await tell_time(started)
            return started

    async def forget(self, handle: VmHandle, name: str) -> None:
        """Remove what is kept of the memory, and what only it had of the disk."""
        async with self._turn(handle):
            kept = await asyncio.to_thread(Checkpoints(handle).find, name)
            await asyncio.to_thread(kept.remove)
            await tidy_disk(handle, await self._attachments.find(handle))


def _opened(kept: Kept, checkpoints: Checkpoints) -> SavedGuest:
    """Return what was kept with a memory of its own, into which the guest may write."""
    try:
        saved = kept.open(checkpoints.layers)
    except BackendError as error:
        raise CheckpointError(error.message, hint="forget it, and rewind to another") from error
    try:
        memory = new_memory(os.fstat(saved.memory).st_size >> 20)
        copy_sparse(saved.memory, memory)
    finally:
        saved.close()
    return replace(saved, memory=memory, is_shared=False)
