"""Checkpoints: the part of a VM that keeps instants of its life, and goes back to them."""

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Self

from vmnb.core.checkpoint import Checkpoint
from vmnb.core.errors import VmnbError
from vmnb.notebook.live.live import Live
from vmnb.notebook.vm.checkpoint_names import checked_name, name_of_time
from vmnb.notebook.vm.facade import AsyncFacade, Facade

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AsyncCheckpointing", "Checkpointing", "thumbnail"]

_THUMBNAIL_LINES = 3
_THUMBNAIL_MAX = 400


class Checkpointing(Facade):
    """What a VM keeps of its life."""

    def checkpoint(self, name: str | None = None) -> Self:
        """Keep the guest as it is now, with memory, devices and disk; it goes on.

        It stands still meanwhile, for the time that its memory takes to be copied. What it was is
        kept beside its disk until it is forgotten or the VM is destroyed.

        Parameters
        ----------
        name
            1 to 200 characters; by default the time, such as ``14:03:12``. ``In[7]`` and the like
            are for those of ``%vm_autocheckpoint``.

        Raises
        ------
        SpecError
            No checkpoint can have that name.
        CheckpointError
            There is one of that name.
        StateError
            The VM is not live.
        CapabilityError
            The VM's backend keeps none.
        BackendError
            The disk is full; the guest goes on, and nothing is left.
        """
        self._wait("checkpoint", keep(self._live, name))
        return self

    def rewind(self, name: str) -> Self:
        """Go back to a checkpoint; afterwards it is ``running``, as it was then.

        What it has done since is lost, unless that was kept, too. Its clock is right, and what it
        takes for random is fresh.

        Raises
        ------
        CheckpointError
            There is none of that name, or what was kept has been damaged; nothing was changed.
        """
        self._wait("rewind", self._live.machine.rewind(name))
        return self

    def forget_checkpoint(self, name: str) -> Self:
        """Remove a checkpoint and free what it takes; the VM is as it was.

        Raises
        ------
        CheckpointError
            There is none of that name.
        """
        self._wait("forget_checkpoint", self._live.machine.forget_checkpoint(name))
        return self

    @property
    def checkpoints(self) -> "pd.DataFrame":
        """The checkpoints that are kept, oldest first.

        See :data:`vmnb.notebook.tables.checkpoints.CHECKPOINT_SCHEMA`.
        """
        # pandas is imported where it is needed
        from vmnb.notebook.tables.checkpoints import checkpoint_table

        return checkpoint_table(self._wait("checkpoints", self._live.machine.checkpoints()))


class AsyncCheckpointing(AsyncFacade):
    """The awaitable twin of :class:`Checkpointing`."""

    async def checkpoint(self, name: str | None = None) -> Checkpoint:
        """See :meth:`vmnb.VM.checkpoint`."""
        return await self._wait(keep(self._live, name))

    async def rewind(self, name: str) -> None:
        """See :meth:`vmnb.VM.rewind`."""
        await self._wait(self._live.machine.rewind(name))

    async def forget_checkpoint(self, name: str) -> None:
        """See :meth:`vmnb.VM.forget_checkpoint`."""
        await self._wait(self._live.machine.forget_checkpoint(name))

    async def checkpoints(self) -> tuple[Checkpoint, ...]:
        """Return what :attr:`vmnb.VM.checkpoints` shows, as plain values."""
        return await self._wait(self._live.machine.checkpoints())


async def keep(live: Live, name: str | None) -> Checkpoint:
    """Make a checkpoint, with what the console shows as its thumbnail."""
    if name is None:
        taken = [each.name for each in await live.machine.checkpoints()]
        name = name_of_time(datetime.now(), taken)
    return await live.machine.checkpoint(checked_name(name), await thumbnail(live))


async def thumbnail(live: Live) -> str:
    """Return the last lines of the console; none where it cannot be read."""
    with suppress(VmnbError):
        text = await live.consoles.read()
        lines = [line.rstrip() for line in text.splitlines() if line.strip()]
        return "\n".join(lines[-_THUMBNAIL_LINES:])[-_THUMBNAIL_MAX:]
    return ""
