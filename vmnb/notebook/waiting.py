"""Waiting for a VM: the part of it that returns when something has become so."""

from typing import Self

from vmnb.core.state import VmState
from vmnb.notebook.facade import AsyncFacade, Facade
from vmnb.notebook.live import WAIT_TIMEOUT_S

__all__ = ["AsyncWaiting", "Waiting"]


class Waiting(Facade):
    """What a VM can be waited for."""

    def wait_for_state(self, state: VmState | str, timeout: float = WAIT_TIMEOUT_S) -> Self:
        """Wait until it is in that state, of itself or by anybody's action.

        Parameters
        ----------
        state
            Such as ``"stopped"``.
        timeout
            In seconds.

        Raises
        ------
        SpecError
            There is no such state.
        DeadlineError
            It was not in time.
        """
        return self._act("wait", lambda: self._machine.wait_for_state(state, timeout))


class AsyncWaiting(AsyncFacade):
    """The awaitable twin of :class:`Waiting`."""

    async def wait_for_state(
        self,
        state: VmState | str,
        timeout: float = WAIT_TIMEOUT_S,  # noqa: ASYNC109 - as for the blocking twin
    ) -> None:
        """See :meth:`vmnb.VM.wait_for_state`."""
        await self._wait(self._live.machine.wait_for_state(state, timeout))
