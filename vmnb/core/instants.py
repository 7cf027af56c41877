"""Instants of a VM: copies that go on from one, and checkpoints to go back to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from vmnb.core.acting import ActingVm
from vmnb.core.checkpoint import Checkpoint
from vmnb.core.finish import finish
from vmnb.core.forking import Frozen
from vmnb.core.handle import VmHandle
from vmnb.core.remarks import remark
from vmnb.core.spec import VmSpec
from vmnb.core.state import Action, VmState
from vmnb.core.template import UNTOUCHED, Template
from vmnb.core.threads import in_thread

__all__ = ["Instants"]


class Instants(ActingVm):
    """What a VM does with its guest as it is at one instant."""

    _touched = False
    _marking: asyncio.Task[None] | None = None

    async def awaken(self, frozen: Frozen) -> None:
        """Let it, a prepared copy, go on from where `frozen` is; afterwards it is ``running``."""
        await self._act(
            Action.START, lambda handle: self._hypervisor.awaken(handle, frozen), called="awaken"
        )
        self._watch()

    @asynccontextmanager
    async def frozen(self, copies: str) -> AsyncIterator[Frozen]:
        """Give its guest as it is at this instant; `copies` is what is told in its history."""
        async with self._alone(), AsyncExitStack() as stack:
            state = await self.state()
            async with self._recorded("fork", state, state):
                frozen = await stack.enter_async_context(self._hypervisor.frozen(self.handle))
                remark(copies)
            kept = stack.pop_all()
        async with kept:
            yield frozen

    async def copy(self, spec: VmSpec, frozen: Frozen) -> VmHandle:
        """Make all that a copy of its guest needs; see :meth:`awaken`."""
        return await self._hypervisor.copy(self.handle, spec, frozen)

    async def template(self, name: str | None) -> Template:
        """Save it for others; see :meth:`~vmnb.core.template.Templating.template`."""
        async with self._alone():
            state = await self.state()
            async with self._recorded("template", state, state):
                made = await self._hypervisor.template(self.handle, name)
                remark(made.name)
            return made

    async def touch(self) -> None:
        """Take note, before, that somebody does something in its guest.

        It is in use then, and others must not begin from what becomes of it.
        """
        is_there = self.last_state is not VmState.DESTROYED
        if is_there and self._uses.is_due and (self._marking is None or self._marking.done()):
            self._marking = asyncio.create_task(asyncio.to_thread(self._uses.mark), name="use")
        if not self._touched and UNTOUCHED in self.handle.extra:
            await self._hypervisor.touch(self.handle)
            self._touched = True

    @asynccontextmanager
    async def in_use(self) -> AsyncIterator[None]:
        """Have it taken as in use, while somebody does something in its guest.

        Who is about to calls :meth:`touch` inside.
        """
        if self.last_state is VmState.DESTROYED:
            yield
            return
        use = await in_thread(self._uses.begin, self._uses.end)
        try:
            yield
        finally:
            await finish(asyncio.to_thread(self._uses.end, use))

    async def aclose(self) -> None:
        """Stop following the VM, which itself goes on as it is."""
        await super().aclose()
        if self._marking is not None:
            await asyncio.wait({self._marking})

    async def checkpoint(self, name: str, thumbnail: str) -> Checkpoint:
        """Keep it as it is; see :meth:`~vmnb.core.checkpoint.Checkpointing.checkpoint`."""
        async with self._alone():
            state = await self.state()
            async with self._recorded("checkpoint", state, state):
                made = await self._hypervisor.checkpoint(self.handle, name, thumbnail)
                remark(name)
            return made

    async def checkpoints(self) -> tuple[Checkpoint, ...]:
        """See :meth:`~vmnb.core.checkpoint.Checkpointing.checkpoints`."""
        return await self._hypervisor.checkpoints(self.handle)

    async def rewind(self, name: str) -> None:
        """Go on from a checkpoint; see :meth:`~vmnb.core.checkpoint.Checkpointing.rewind`."""
        await self.aclose()  # what happens to its QEMU now is no news
        async with (
            self._alone(),
            self._recorded("rewind", await self.state(), VmState.RUNNING),
        ):
            self.handle = await self._hypervisor.rewind(self.handle, name)
            remark(name)
        self._watch()

    async def forget_checkpoint(self, name: str) -> None:
        """Remove a checkpoint; see :meth:`~vmnb.core.checkpoint.Checkpointing.forget`."""
        async with self._alone():
            await self._hypervisor.forget(self.handle, name)
