"""The awaitable twin of a VM's blocking actions, for any event loop."""

from vmnb.core.hypervisor import STOP_TIMEOUT_S, IpAddress
from vmnb.core.state import VmState
from vmnb.notebook.vm.checkpointing import AsyncCheckpointing
from vmnb.notebook.vm.copying import AsyncCopying
from vmnb.notebook.vm.forking import AsyncForking
from vmnb.notebook.vm.measuring import AsyncMeasured
from vmnb.notebook.vm.ports import AsyncPorts
from vmnb.notebook.vm.screen import AsyncScreen
from vmnb.notebook.vm.scripting import AsyncScripting
from vmnb.notebook.vm.templating import AsyncTemplating
from vmnb.notebook.vm.timelines import AsyncTimelines
from vmnb.notebook.vm.waiting import AsyncWaiting

__all__ = ["AsyncVM"]


class AsyncVM(
    AsyncScripting,
    AsyncCopying,
    AsyncPorts,
    AsyncWaiting,
    AsyncScreen,
    AsyncMeasured,
    AsyncTimelines,
    AsyncForking,
    AsyncCheckpointing,
    AsyncTemplating,
):
    """``vm.aio``: each method is as the one of :class:`vmnb.VM`, and is awaited.

    Cancelling the caller's task cancels the action.
    """

    async def start(self) -> None:
        """See :meth:`vmnb.VM.start`."""
        await self._wait(self._live.machine.start())

    async def stop(self, timeout: float = STOP_TIMEOUT_S) -> None:  # noqa: ASYNC109 - the guest's
        """See :meth:`vmnb.VM.stop`."""
        await self._wait(self._live.machine.stop(timeout))

    async def suspend(self) -> None:
        """See :meth:`vmnb.VM.suspend`."""
        await self._wait(self._live.machine.suspend())

    async def resume(self) -> None:
        """See :meth:`vmnb.VM.resume`."""
        await self._wait(self._live.machine.resume())

    async def destroy(self) -> None:
        """See :meth:`vmnb.VM.destroy`."""
        await self._wait(self._live.machine.destroy())

    async def state(self) -> VmState:
        """See :attr:`vmnb.VM.state`."""
        return await self._wait(self._live.machine.state())

    async def guest_ip(self) -> IpAddress:
        """See :attr:`vmnb.VM.guest_ip`."""
        return await self._wait(self._live.machine.guest_ip())
