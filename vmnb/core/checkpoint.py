"""Instants of a VM's life to which it can go back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from vmnb.core.handle import VmHandle

__all__ = ["Checkpoint", "Checkpointing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """An instant of a VM's life, with memory, devices and disk.

    Parameters
    ----------
    size_bytes
        What its memory and the state of its devices take on the disk of the host.
    parent
        The checkpoint before it, to which the VM had gone back or that was made last; None for the
        first.
    thumbnail
        The last lines of the console.
    is_current
        Whether the VM has lived on from it.
    """

    name: str
    time: datetime
    size_bytes: int
    parent: str | None
    thumbnail: str
    is_current: bool


@runtime_checkable
class Checkpointing(Protocol):
    """A hypervisor with :attr:`~vmnb.core.hypervisor.Capability.CHECKPOINT`."""

    async def checkpoint(self, handle: VmHandle, name: str, thumbnail: str) -> Checkpoint:
        """Keep the guest as it is at this instant; it goes on.

        Raises
        ------
        CheckpointError
            There is one of that name.
        StateError
            The VM is not live.
        BackendError
            There is no room, or it cannot be saved; it goes on and nothing is left.
        """
        ...

    async def checkpoints(self, handle: VmHandle) -> tuple[Checkpoint, ...]:
        """Return all that are kept and whole, oldest first."""
        ...

    async def rewind(self, handle: VmHandle, name: str) -> VmHandle:
        """Let the VM go on from a checkpoint; what it has done since is gone, unless kept too.

        Afterwards it is ``running``, with the host's time and fresh randomness.

        Raises
        ------
        CheckpointError
            There is none of that name, or what was kept has been damaged; nothing was changed.
        """
        ...

    async def forget(self, handle: VmHandle, name: str) -> None:
        """Remove a checkpoint.

        Raises
        ------
        CheckpointError
            There is none of that name.
        """
        ...
