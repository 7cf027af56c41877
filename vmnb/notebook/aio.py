"""The awaitable twin of a VM's blocking actions, for any event loop."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from vmnb.core import runtime
from vmnb.core.hypervisor import STOP_TIMEOUT_S, IpAddress
from vmnb.core.state import VmState
from vmnb.guest import RUN_TIMEOUT_S, RunResult
from vmnb.notebook.live import WAIT_TIMEOUT_S, Live

__all__ = ["AsyncVM"]

_T = TypeVar("_T")


class AsyncVM:
    """``vm.aio``: each method is as the one of :class:`vmnb.VM`, and is awaited.

    Cancelling the caller's task cancels the action.
    """

    def __init__(self, live: Live) -> None:
        self._live = live

    async def start(self) -> None:
        """See :meth:`vmnb.VM.start`."""
        await _wait(self._live.machine.start())

    async def stop(self, timeout: float = STOP_TIMEOUT_S) -> None:  # noqa: ASYNC109 - the guest's
        """See :meth:`vmnb.VM.stop`."""
        await _wait(self._live.machine.stop(timeout))

    async def suspend(self) -> None:
        """See :meth:`vmnb.VM.suspend`."""
        await _wait(self._live.machine.suspend())

    async def resume(self) -> None:
        """See :meth:`vmnb.VM.resume`."""
        await _wait(self._live.machine.resume())

    async def destroy(self) -> None:
        """See :meth:`vmnb.VM.destroy`."""
        await _wait(self._live.machine.destroy())

    async def wait_for_state(
        self,
        state: VmState | str,
        timeout: float = WAIT_TIMEOUT_S,  # noqa: ASYNC109 - as for the blocking twin
    ) -> None:
        """See :meth:`vmnb.VM.wait_for_state`."""
        await _wait(self._live.machine.wait_for_state(state, timeout))

    async def state(self) -> VmState:
        """See :attr:`vmnb.VM.state`."""
        return await _wait(self._live.machine.state())

    async def guest_ip(self) -> IpAddress:
        """See :attr:`vmnb.VM.guest_ip`."""
        return await _wait(self._live.machine.guest_ip())

    async def run(
        self,
        command: str | Sequence[str],
        *,
        timeout: float = RUN_TIMEOUT_S,  # noqa: ASYNC109 - it ends the command in the guest too
        check: bool = False,
        input: str | bytes | None = None,  # noqa: A002 - the name that subprocess.run has
    ) -> RunResult:
        """See :meth:`vmnb.VM.run`."""
        coroutine = self._live.run(command, timeout_s=timeout, check=check, input=input)
        return await _wait(coroutine)


async def _wait(coroutine: Coroutine[Any, Any, _T]) -> _T:
    return await asyncio.wrap_future(runtime.submit(coroutine))
