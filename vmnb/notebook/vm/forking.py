"""Live copies of a VM: the part of a VM that forks."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from vmnb.core import runtime
from vmnb.core.checks import require_count
from vmnb.core.errors import SpecError
from vmnb.core.fork import copy_names, fork
from vmnb.core.machine import Machine
from vmnb.notebook.vm.facade import AsyncFacade, Facade

if TYPE_CHECKING:
    from vmnb.notebook.fleet.fleet import Fleet

__all__ = ["AsyncForking", "Forking"]


class Forking(Facade):
    """How a VM becomes many."""

    def fork(self, count: int | None = None, *, names: Iterable[str] | None = None) -> "Fleet":
        """Make live copies of the guest as it is now; afterwards each is ``running``, and so is it.

        A copy goes on where the guest is, with all that runs in it: it has its memory, of which it
        keeps only what it changes, and its disk likewise. It is a machine of its own: its name,
        host name, addresses, machine id, keys of its SSH server, random numbers and clock are its
        own, and TCP connections of the guest end in it. A stop and a start boot it from its disk.

        Copies share pages of memory with the guest and with each other, so that one might learn by
        timing what another reads: let those who do not trust each other have VMs that were booted.

        Parameters
        ----------
        count
            How many; as many as `names` where it is left out, else one.
        names
            Their names; by default the VM's with a number, the first that are free.

        Raises
        ------
        SpecError
            Counts or names do not fit, or a name cannot be had; nothing was made.
        VmExistsError
            A name is taken; nothing was made.
        StateError
            The VM is not live.
        CapabilityError
            The VM's backend makes no live copies.
        CloneError
            The guest has no agent that answers, or cannot be made another machine; none is left.
        BackendError
            There is no room, or a copy could not be made; none is left.
        """
        from vmnb.notebook.fleet.fleet import Fleet  # which knows the VM itself

        copies = self._wait("fork", forked(self._machine, count, names))
        return Fleet(map(self._of, copies))  # type: ignore[arg-type]  # it is a VM


class AsyncForking(AsyncFacade):
    """The awaitable twin of :class:`Forking`."""

    async def fork(
        self, count: int | None = None, *, names: Iterable[str] | None = None
    ) -> list[str]:
        """Do as :meth:`vmnb.VM.fork` does, and return the copies' names."""
        copies = await self._wait(forked(self._live.machine, count, names))
        return [copy.name for copy in copies]


async def forked(machine: Machine, count: int | None, names: Iterable[str] | None) -> list[Machine]:
    """Return live copies of `machine`; see :meth:`vmnb.VM.fork`."""
    session = runtime.session()
    if names is None:
        wanted = 1 if count is None else count
        require_count(wanted, "count")
        return await fork(session, machine, await copy_names(session, machine.name, wanted))
    return await fork(session, machine, _checked(names, count))


def _checked(names: Iterable[str], count: int | None) -> Sequence[str]:
    if isinstance(names, str):
        raise SpecError(f"names is the text {names!r}", hint=f"a list of names: [{names!r}]")
    listed = list(names)
    if not listed or (count is not None and count != len(listed)):
        raise SpecError(
            f"there are {len(listed)} names for {1 if count is None else count} copies",
            hint="give as many names as copies, or leave one of the two out",
        )
    return listed
