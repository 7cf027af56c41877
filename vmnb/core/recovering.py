"""Undoing what a process that died was in the middle of."""

from typing import Protocol, runtime_checkable

from vmnb.core.handle import VmHandle

__all__ = ["Recovering"]


@runtime_checkable
class Recovering(Protocol):
    """A hypervisor that leaves a trace of acts which must not stay half done."""

    async def is_half_done(self, handle: VmHandle) -> bool:
        """Return whether something was begun with the VM and not finished, perhaps not yet."""
        ...

    async def recover(self, handle: VmHandle) -> None:
        """Undo it; only for who has the right to act on the VM, so that nobody is still at it."""
        ...

    async def abandon(self, claim: str) -> None:
        """Leave nothing of a VM that was claimed and never prepared; only for who has its name.

        Parameters
        ----------
        claim
            See :func:`~vmnb.core.claim.id_of_new_vm`.

        Raises
        ------
        BackendError
            Something of it cannot be removed.
        """
        ...
