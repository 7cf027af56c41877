"""Several VMs as one: blocking by default, awaitable by ``.aio``, a live table when shown."""

import logging
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from vmnb.core import runtime
from vmnb.core.errors import SpecError, VmNotFoundError
from vmnb.core.hypervisor import STOP_TIMEOUT_S
from vmnb.guest import RUN_TIMEOUT_S, Command
from vmnb.notebook.fleet.aio import AsyncFleet, call_each, group_of
from vmnb.notebook.fleet.group import Group
from vmnb.notebook.fleet.shown import fleet_html, fleet_text
from vmnb.notebook.live.ready import READY_TIMEOUT_S
from vmnb.notebook.vm.facade import Facade

if TYPE_CHECKING:
    import pandas as pd

    from vmnb.notebook.vm.vm import VM

__all__ = ["Fleet"]

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class Fleet:
    """Several VMs that are acted on together; in a cell, a table that follows them, with buttons.

    ``fleet[0]`` and ``fleet["web"]`` are VMs, ``fleet[1:]`` is a fleet, and ``for vm in fleet``
    goes over the VMs in their order. A VM may be in any number of fleets, and is in a fleet still
    when it is destroyed.

    An action is tried on every VM, on as many at once as the host has processors. Where some fail,
    it raises a :class:`~vmnb.errors.FleetError` that says which and why; with the others it is
    done, and stays so. What is done already changes nothing.

    Parameters
    ----------
    vms
        At least one, each once.

    Raises
    ------
    SpecError
        There is none, one is there twice, or something is no VM.
    """

    def __init__(self, vms: "Iterable[VM]") -> None:
        self._vms = {vm.name: vm for vm in _checked(vms)}

    @property
    def names(self) -> list[str]:
        """The names of the VMs, in their order."""
        return list(self._vms)

    @property
    def states(self) -> "pd.Series[str]":
        """Where each is in its life, asked now; ``unknown`` where one does not answer."""
        from vmnb.notebook.fleet.table import by_name  # pandas is imported where it is needed

        return by_name(self._wait("states", self._group.states()))

    @property
    def aio(self) -> "AsyncFleet":
        """The same actions, to be awaited."""
        return AsyncFleet(self._vms)

    def start(self) -> Self:
        """Boot all; afterwards each is ``running``, while its guest may still be booting.

        Raises
        ------
        FleetError
            Some could not be started, or are suspended.
        """
        return self._act("start", self._group.start())

    def stop(self, timeout: float = STOP_TIMEOUT_S) -> Self:
        """Shut down those that run or are suspended; afterwards none does. The disks are kept.

        Parameters
        ----------
        timeout
            Seconds that each guest is given to end by itself; past them it is ended by force.

        Raises
        ------
        SpecError
            The time-out is none; nothing was done.
        FleetError
            Some could not be stopped.
        """
        return self._act("stop", self._group.stop(timeout))

    def suspend(self) -> Self:
        """Pause the vCPUs of all; afterwards each is ``suspended`` and its memory is kept.

        Raises
        ------
        FleetError
            Some do not run, or could not be suspended.
        """
        return self._act("suspend", self._group.suspend())

    def resume(self) -> Self:
        """Let all run on; afterwards each is ``running``.

        Raises
        ------
        FleetError
            Some were not suspended, nor running, or could not be resumed.
        """
        return self._act("resume", self._group.resume())

    def destroy(self) -> None:
        """Stop what runs, and remove all of every VM but its history; the names are free again.

        Raises
        ------
        FleetError
            Some could not be destroyed.
        """
        self._act("destroy", self._group.destroy())

    def wait_ready(self, timeout: float = READY_TIMEOUT_S) -> Self:
        """Wait until every guest has booted and commands can be run in it.

        Parameters
        ----------
        timeout
            Seconds for all of them together. See :meth:`vmnb.VM.wait_ready`.

        Raises
        ------
        SpecError
            The time-out is none.
        FleetError
            Some are not ready by then, do not run, or run no commands.
        """
        return self._act("wait", self._group.wait_ready(timeout))

    def run(
        self, command: str | Sequence[str], *, timeout: float = RUN_TIMEOUT_S, check: bool = False
    ) -> "pd.DataFrame":
        """Run a command in every guest, and wait for the end of all.

        Parameters
        ----------
        command
            As for :meth:`vmnb.VM.run`, which has more to say about how it is run:
            ``fleet.map(lambda vm: vm.run("id", user="guest"))``.
        timeout
            Seconds for each guest, from its turn on, waiting for one that still boots included.
        check
            Raise an error where it did not end with exit code 0 in every guest.

        Returns
        -------
        DataFrame
            A row for each VM, in their order, by its name; with the columns of
            :data:`vmnb.notebook.fleet.table.FLEET_RUN_SCHEMA`. The output is whole.

        Raises
        ------
        SpecError
            The command or the time-out is not usable; nothing was run.
        FleetError
            With `check`: it did not run, or not well, in some. Its ``results`` has that of the
            others, and its ``errors`` those of these.
        """
        from vmnb.notebook.fleet.table import run_table  # pandas is imported where it is needed

        asked = Command.of(command)
        return run_table(self._wait("run", self._group.run(asked, timeout_s=timeout, check=check)))

    def map(self, function: "Callable[[VM], Any]") -> "pd.Series[Any]":
        """Call `function` with every VM, in threads, and return what it returned.

        ``fleet.map(lambda vm: int(vm.run("nproc").stdout))``. Ctrl-C lets no further call begin;
        those that go on end by themselves.

        Parameters
        ----------
        function
            Called with a :class:`vmnb.VM`; it may block.

        Returns
        -------
        Series
            By the VM's name, in their order.

        Raises
        ------
        FleetError
            It raised an exception for some. Its ``results`` has what it returned for the others.
        """
        from vmnb.notebook.fleet.table import by_name  # pandas is imported where it is needed

        return by_name(self._wait("map", call_each(self._vms, function)))

    @overload
    def __getitem__(self, which: slice) -> Self: ...
    @overload
    def __getitem__(self, which: int | str) -> "VM": ...
    def __getitem__(self, which: int | str | slice) -> "VM | Self":
        """Return the VM at a place or of a name, or the fleet of those at several places."""
        vms = list(self._vms.values())
        if isinstance(which, slice):
            return type(self)(vms[which])
        if isinstance(which, int):
            if not -len(vms) <= which < len(vms):
                raise IndexError(f"there is no VM {which} in a fleet of {len(vms)}")
            return vms[which]
        if which not in self._vms:
            raise VmNotFoundError(
                f"there is no VM {which!r} in this fleet", hint=f"there are: {', '.join(self._vms)}"
            )
        return self._vms[which]

    def __iter__(self) -> "Iterator[VM]":
        return iter(self._vms.values())

    def __contains__(self, vm: object) -> bool:
        return (vm.name if isinstance(vm, Facade) else vm) in self._vms

    def __len__(self) -> int:
        return len(self._vms)

    def __repr__(self) -> str:
        return fleet_text(vm._taken.machine for vm in self)  # noqa: SLF001 - its own package

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        html = fleet_html(vm._taken.machine for vm in self)  # noqa: SLF001 - its own package
        shown: dict[str, Any] = {"text/plain": repr(self), "text/html": html}
        try:
            from vmnb.notebook.fleet.widget import FleetWidget  # ipywidgets, where it is needed

            widget = FleetWidget.of(tuple(vm._live for vm in self))  # noqa: SLF001
            data, _ = widget._repr_mimebundle_() or ({}, {})
        except Exception:  # noqa: BLE001 - a repr never raises
            _log.exception("%r is shown without its widget", self)
            return shown
        return data | shown

    @property
    def _group(self) -> Group:
        return group_of(self._vms)

    def _act(self, what: str, coroutine: Coroutine[Any, Any, None]) -> Self:
        self._wait(what, coroutine)
        return self

    def _wait(self, what: str, coroutine: Coroutine[Any, Any, _T]) -> _T:
        try:
            return runtime.run(coroutine)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"{what} was interrupted; now it is {self!r}") from None


def _checked(vms: "Iterable[VM]") -> "list[VM]":
    if isinstance(vms, str) or not isinstance(vms, Iterable):
        raise SpecError(f"{vms!r:.80} is no list of VMs", hint="Fleet([vm, other])")
    found = list(vms)
    if not found:
        raise SpecError("a fleet has at least one VM", hint="Fleet([vm, other])")
    for vm in found:
        if not isinstance(vm, Facade):
            raise SpecError(f"{vm!r:.80} is no VM", hint='VM.attach("web") is one, by its name')
    names = [vm.name for vm in found]
    for name in names:
        if names.count(name) > 1:
            raise SpecError(f"{name!r} is there twice", hint="a VM is in a fleet once")
    return found
