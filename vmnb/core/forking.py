"""Live copies of a VM that runs."""

from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, runtime_checkable

from vmnb.core.handle import VmHandle
from vmnb.core.spec import VmSpec

__all__ = ["FORKED_FROM", "UNFINISHED_COPY", "Forking", "Frozen"]

UNFINISHED_COPY = "unfinished_copy_of"
"""In the extra facts of a copy's handle, until it is a machine of its own: of whom it is one."""

FORKED_FROM = "forked_from"
"""In the extra facts of a copy's handle: the name of the VM that it is one of."""

Frozen = Any
"""A guest at one instant, as its backend has it."""


@runtime_checkable
class Forking(Protocol):
    """A hypervisor with :attr:`~vmnb.core.hypervisor.Capability.FORK`."""

    def frozen(self, handle: VmHandle) -> AbstractAsyncContextManager[Frozen]:
        """Give the guest as it is at this instant, for the time of a body; it goes on itself.

        Raises
        ------
        StateError
            The VM is not live.
        CloneError
            Its copies could not be made other machines than it.
        BackendError
            There is no room for its memory, or it cannot be saved; it goes on.
        """
        ...

    async def copy(self, handle: VmHandle, spec: VmSpec, frozen: Frozen) -> VmHandle:
        """Make all that a copy with that `spec` needs; afterwards it is ``prepared``.

        Its handle has :data:`UNFINISHED_COPY` until :meth:`awaken` has made it its own machine;
        until then it cannot be started.
        """
        ...

    async def awaken(self, handle: VmHandle, frozen: Frozen) -> VmHandle:
        """Let a prepared copy go on from where `frozen` is; afterwards it is ``running``.

        By then it has what makes it another machine: addresses, names, keys, randomness, the time.

        Raises
        ------
        CloneError
            It could not be given these; it does not run.
        """
        ...
