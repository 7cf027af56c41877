"""One VM: its handle, the hypervisor that understands it, and the record of its life."""

import asyncio
from collections.abc import Sequence

from vmnb.core.boot import BootMark
from vmnb.core.errors import DeadlineError, SpecError
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import STOP_TIMEOUT_S, Chord, ConsoleEndpoint, IpAddress
from vmnb.core.instants import Instants
from vmnb.core.known import Busy
from vmnb.core.metrics import Sample
from vmnb.core.network import Forward
from vmnb.core.picture import Picture
from vmnb.core.remarks import remark
from vmnb.core.state import Action, Cause, VmState
from vmnb.core.units import require_seconds

__all__ = ["Busy", "Machine"]

_LET_GO_S = 1.0


class Machine(Instants):
    """A VM that can be acted on; every change is recorded and told to the listeners.

    Lives on one event loop. An action that is already done (``start`` of a running VM) changes
    nothing, so that a notebook can be run twice. Each action may raise
    :class:`~vmnb.core.errors.StateError`, :class:`~vmnb.core.errors.BusyError` and
    :class:`~vmnb.core.errors.BackendError`; one that fails or is cancelled is recorded too.
    """

    @property
    def console_endpoint(self) -> ConsoleEndpoint:
        """Where the serial console is."""
        return self._hypervisor.console_endpoint(self.handle)

    @property
    def console_endpoints(self) -> tuple[ConsoleEndpoint, ...]:
        """Where each serial console is; empty where the backend has none."""
        return self._hypervisor.console_endpoints(self.handle)

    async def start(self) -> None:
        """Boot it; afterwards it is ``running``, and its guest may still be booting."""
        if await self._act(Action.START, self._hypervisor.start):
            await self.aclose()  # it followed the run before this one
        self._watch()

    async def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """Shut it down, by force after `timeout_s` seconds; afterwards it is ``stopped``."""
        require_seconds(timeout_s, "timeout")
        await self._act(Action.STOP, lambda handle: self._hypervisor.stop(handle, timeout_s))

    async def suspend(self) -> None:
        """Pause its vCPUs; afterwards it is ``suspended``."""
        await self._act(Action.SUSPEND, self._hypervisor.suspend)

    async def resume(self) -> None:
        """Let its vCPUs run on; afterwards it is ``running``."""
        await self._act(Action.RESUME, self._hypervisor.resume)

    async def destroy(self) -> None:
        """Remove everything of it but its history; afterwards its name is free."""

        async def destroy(handle: VmHandle) -> VmHandle:
            await self._hypervisor.destroy(handle)
            return handle

        await self._act(Action.DESTROY, destroy)
        await self.aclose()
        await asyncio.to_thread(self._uses.forget)

    async def rest(self, action: Action, why: str) -> None:
        """Suspend or stop it, since it runs for nobody; its history tells `why`."""

        async def rest(handle: VmHandle) -> VmHandle:
            remark(why)
            if action is Action.SUSPEND:
                return await self._hypervisor.suspend(handle)
            return await self._hypervisor.stop(handle, STOP_TIMEOUT_S)

        await self._act(action, rest, cause=Cause.HOST)

    async def guest_ip(self) -> IpAddress:
        """Return the guest's address; see :meth:`~vmnb.core.hypervisor.Hypervisor.guest_ip`."""
        return await self._hypervisor.guest_ip(self.handle)

    async def measure(self) -> Sample:
        """Look at what it uses now; see :meth:`~vmnb.core.metrics.Measuring.measure`."""
        return await self._hypervisor.measure(self.handle)

    async def boot_marks(self) -> tuple[BootMark, ...]:
        """Return what its host knows of its last boot, oldest first."""
        return await self._hypervisor.boot_marks(self.handle)

    async def forwards(self) -> tuple[Forward, ...]:
        """Ask which ports of the host lead into the guest now."""
        return await self._hypervisor.forwards(self.handle)

    async def forward(self, forward: Forward) -> Forward:
        """Open one more until it stops; see :meth:`~vmnb.core.hypervisor.Forwarding.forward`."""
        async with self._alone():
            await self.touch()
            return await self._hypervisor.forward(self.handle, forward)

    async def unforward(self, forward: Forward) -> None:
        """Close one; see :meth:`~vmnb.core.hypervisor.Forwarding.unforward`."""
        async with self._alone():
            await self._hypervisor.unforward(self.handle, forward)

    async def screenshot(self) -> Picture:
        """See :meth:`~vmnb.core.hypervisor.Displaying.screenshot`."""
        return await self._hypervisor.screenshot(self.handle)

    async def press(self, chords: Sequence[Chord]) -> None:
        """See :meth:`~vmnb.core.hypervisor.Displaying.press`."""
        await self.touch()
        await self._hypervisor.press(self.handle, chords)

    async def wait_for_state(self, wanted: VmState | str, timeout_s: float) -> None:
        """Wait until it is in state `wanted`, of itself or by anybody's action.

        Who brought it there has then let go of it, so that it can be acted on.

        Raises
        ------
        SpecError
            There is no such state, or `timeout_s` is no number of seconds.
        DeadlineError
            It was not within `timeout_s` seconds.
        """
        require_seconds(timeout_s, "timeout")
        if wanted not in set(VmState):
            raise SpecError(f"there is no state {wanted!r}", hint=f"one of: {', '.join(VmState)}")
        reached = asyncio.Event()
        unsubscribe = self.subscribe(lambda it: reached.set() if it.last_state == wanted else None)
        try:
            async with asyncio.timeout(timeout_s):
                if await self.refresh() != wanted:
                    await reached.wait()
            await self._until_let_go()
        except TimeoutError:
            raise DeadlineError(
                f"{self.name!r} was not {wanted} within {timeout_s:g} s; it is {self.last_state}",
                hint="look at its console and its history, or give it more time",
            ) from None
        finally:
            unsubscribe()

    async def _until_let_go(self) -> None:
        """Wait until nobody acts on it, but not for one whose action goes on for long."""
        told = asyncio.Event()
        unsubscribe = self.subscribe(lambda _: told.set())
        try:
            async with asyncio.timeout(_LET_GO_S):
                while await self._is_locked():
                    await told.wait()
                    told.clear()
        except TimeoutError:
            pass
        finally:
            unsubscribe()
