"""Live copies of a guest that runs."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

from vmnb.backends.qemu.disk.layers import put_on_top
from vmnb.backends.qemu.disk.merging import tidy_disk
from vmnb.backends.qemu.disk.spare_layers import held, is_deep
from vmnb.backends.qemu.files import Sockets, WorkFiles
from vmnb.backends.qemu.holding import Holding
from vmnb.backends.qemu.instants.checkpoints import Checkpoints
from vmnb.backends.qemu.instants.clone import prepare_clone
from vmnb.backends.qemu.instants.half_done import HalfDone, forget, half_done, noted
from vmnb.backends.qemu.instants.memory import frozen_memory
from vmnb.backends.qemu.instants.personal import become_another, require_agent
from vmnb.backends.qemu.instants.saved import SavedGuest
from vmnb.backends.qemu.instants.twin import remove_twin
from vmnb.backends.qemu.running.attachment import Attachment
from vmnb.backends.qemu.running.journal import Journal, Note
from vmnb.backends.qemu.running.power import wake
from vmnb.backends.qemu.running.rest import is_known
from vmnb.core.claim import id_of_new_vm
from vmnb.core.finish import finish
from vmnb.core.forking import UNFINISHED_COPY
from vmnb.core.handle import VmHandle
from vmnb.core.spec import VmSpec
from vmnb.core.state import Action, require

__all__ = ["Forks"]


class Forks(Holding):
    """See :class:`~vmnb.core.forking.Forking`."""

    @asynccontextmanager
    async def frozen(self, handle: VmHandle) -> AsyncIterator[SavedGuest]:
        """Save the guest into memory alone; nothing of it is left when its last copy ends."""
        async with self._turn(handle):
            attachment = await self._live(handle)
            if (await attachment.execute("query-status"))["status"] == "running":
                await require_agent(handle)
            if await asyncio.to_thread(is_deep, handle):
                await tidy_disk(handle, attachment)
            memory = frozen_memory(handle.memory_mib)
            try:
                saved = await self._save(handle, attachment, memory)
            except BaseException:
                os.close(memory)
                raise
            kept = ExitStack()
            kept.callback(saved.close)
            kept.enter_context(held(handle))
        with kept:
            yield saved

    async def copy(self, handle: VmHandle, spec: VmSpec, frozen: SavedGuest) -> VmHandle:
        """Make a work directory whose disk is laid over the frozen one."""
        return await prepare_clone(handle, id_of_new_vm(), spec, frozen.layer, await self._qemu())

    async def awaken(self, handle: VmHandle, frozen: SavedGuest) -> VmHandle:
        """Start QEMU on pages that are the frozen guest's until its guest writes to them."""
        async with self._turn(handle):
            require(Action.START, await self.state(handle), handle.name)
            async with noted(handle, is_nameless=True):
                started = await self._launch(handle, frozen)
                try:
                    await become_another(started, frozen.cards)
                except BaseException:
                    await finish((await self._attachments.require(started)).end(kill=True))
                    raise
            return started.without_extra(UNFINISHED_COPY)

    async def is_half_done(self, handle: VmHandle) -> bool:
        """See :meth:`~vmnb.core.recovering.Recovering.is_half_done`."""
        if await asyncio.to_thread(half_done, handle) is not None:
            return True
        attachment = await self._attachments.find(handle)
        return attachment is not None and not is_known(attachment.process.identity, handle)

    async def recover(self, handle: VmHandle) -> None:
        """Let a guest go on that was being saved; end a start that was never finished.

        That is a copy that may not be its own yet, or a QEMU of which `handle` does not know.
        """
        async with self._turn(handle):
            act = await asyncio.to_thread(half_done, handle) or HalfDone()
            if act.twin is not None:
                await remove_twin(handle, act.twin)
            attachment = await self._attachments.find(handle)
            if attachment is not None:
                known = is_known(attachment.process.identity, handle)
                if act.is_nameless or not known:
                    await self._undo_start(handle, attachment)
                elif act.stands_still:
                    await wake(attachment)
            if act.layer is not None:
                files = WorkFiles.of_handle(handle)
                await asyncio.to_thread(put_on_top, files.directory / act.layer, files.overlay)
            await asyncio.to_thread(Checkpoints(handle).sweep)
            await asyncio.to_thread(forget, handle)

    async def _undo_start(self, handle: VmHandle, attachment: Attachment) -> None:
        journal = Journal(WorkFiles.of_handle(handle).journal)
        await asyncio.to_thread(journal.note, Note.UNDONE, {})
        await attachment.end(kill=True)
        await asyncio.to_thread(Sockets.of_handle(handle).remove)
