"""The awaitable twin of a fleet's blocking actions, for any event loop."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from vmnb.core import runtime
from vmnb.core.hypervisor import STOP_TIMEOUT_S
from vmnb.guest import RUN_TIMEOUT_S, Command
from vmnb.notebook.fleet.each import each_in_threads, or_raise
from vmnb.notebook.fleet.group import Group, Ran
from vmnb.notebook.live.ready import READY_TIMEOUT_S

if TYPE_CHECKING:
    from vmnb.notebook.vm.vm import VM

__all__ = ["AsyncFleet", "call_each", "group_of"]

_T = TypeVar("_T")


class AsyncFleet:
    """``fleet.aio``: each method is as the one of :class:`vmnb.Fleet`, and is awaited.

    Cancelling the caller's task cancels the action.
    """

    def __init__(self, vms: "Mapping[str, VM]") -> None:
        self._vms = vms

    async def start(self) -> None:
        """See :meth:`vmnb.Fleet.start`."""
        await runtime.awaited(self._group.start())

    async def stop(self, timeout: float = STOP_TIMEOUT_S) -> None:  # noqa: ASYNC109 - the guests'
        """See :meth:`vmnb.Fleet.stop`."""
        await runtime.awaited(self._group.stop(timeout))

    async def suspend(self) -> None:
        """See :meth:`vmnb.Fleet.suspend`."""
        await runtime.awaited(self._group.suspend())

    async def resume(self) -> None:
        """See :meth:`vmnb.Fleet.resume`."""
        await runtime.awaited(self._group.resume())

    async def destroy(self) -> None:
        """See :meth:`vmnb.Fleet.destroy`."""
        await runtime.awaited(self._group.destroy())

    async def wait_ready(self, timeout: float = READY_TIMEOUT_S) -> None:  # noqa: ASYNC109
        """See :meth:`vmnb.Fleet.wait_ready`."""
        await runtime.awaited(self._group.wait_ready(timeout))

    async def run(
        self,
        command: str | Sequence[str],
        *,
        timeout: float = RUN_TIMEOUT_S,  # noqa: ASYNC109 - it ends the command in the guest too
        check: bool = False,
    ) -> list[Ran]:
        """Return what :meth:`vmnb.Fleet.run` shows, as plain values."""
        asked = Command.of(command)
        return await runtime.awaited(self._group.run(asked, timeout_s=timeout, check=check))

    async def map(self, function: "Callable[[VM], _T]") -> dict[str, _T]:
        """Return what :meth:`vmnb.Fleet.map` shows, as a dict; `function` may block."""
        return await runtime.awaited(call_each(self._vms, function))

    async def states(self) -> dict[str, str]:
        """Return what :attr:`vmnb.Fleet.states` shows, as a dict."""
        return await runtime.awaited(self._group.states())

    @property
    def _group(self) -> Group:
        return group_of(self._vms)


def group_of(vms: "Mapping[str, VM]") -> Group:
    """Return what acts on `vms`, as this process has them."""
    return Group(vm._live for vm in vms.values())  # noqa: SLF001 - its own package


async def call_each(vms: "Mapping[str, VM]", function: "Callable[[VM], _T]") -> dict[str, _T]:
    """Return what `function` returned for each; see :meth:`vmnb.Fleet.map`."""
    return or_raise(await each_in_threads(vms, function), "failed")
