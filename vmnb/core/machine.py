"""One VM: its handle, the hypervisor that understands it, and the record of its life."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from statistics import median
from time import monotonic

from vmnb.core.boot import BootMark
from vmnb.core.checkpoint import Checkpoint
from vmnb.core.errors import DeadlineError, SpecError, StoreError, VmnbError
from vmnb.core.finish import finish
from vmnb.core.forking import Frozen
from vmnb.core.handle import VmHandle
from vmnb.core.history import HistoryRow, utc_now
from vmnb.core.hypervisor import (
    STOP_TIMEOUT_S,
    Capability,
    Chord,
    ConsoleEndpoint,
    IpAddress,
    VmEvent,
)
from vmnb.core.known import Busy, KnownVm
from vmnb.core.lock import action_lock
from vmnb.core.metrics import Sample
from vmnb.core.network import Forward
from vmnb.core.picture import Picture
from vmnb.core.remarks import collect_remarks, remark
from vmnb.core.router import RouterHypervisor
from vmnb.core.spec import VmSpec
from vmnb.core.state import LIVE, Action, Cause, VmState, require
from vmnb.core.store import Beginning, Store
from vmnb.core.units import require_seconds

__all__ = ["Busy", "Machine"]

_log = logging.getLogger(__name__)

_REACHED = {
    Action.START: VmState.RUNNING,
    Action.STOP: VmState.STOPPED,
    Action.SUSPEND: VmState.SUSPENDED,
    Action.RESUME: VmState.RUNNING,
    Action.DESTROY: VmState.DESTROYED,
}
_ALWAYS_TOLD = frozenset({"ready", "reboot"})
"""Events that matter although the state stays as it is."""
_DRAIN_S = 5.0


class Machine(KnownVm):
    """A VM that can be acted on; every change is recorded and told to the listeners.

    Lives on one event loop. An action that is already done (``start`` of a running VM) changes
    nothing, so that a notebook can be run twice. Each action may raise
    :class:`~vmnb.core.errors.StateError`, :class:`~vmnb.core.errors.BusyError` and
    :class:`~vmnb.core.errors.BackendError`; one that fails or is cancelled is recorded too.
    """

    def __init__(
        self, handle: VmHandle, state: VmState, hypervisor: RouterHypervisor, store: Store
    ) -> None:
        super().__init__(handle, state, store)
        self._hypervisor = hypervisor
        self._lock = asyncio.Lock()
        self._watcher: asyncio.Task[None] | None = None

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the VM's backend can do."""
        return self._hypervisor.capabilities(self.handle)

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

    async def awaken(self, frozen: Frozen) -> None:
        """Let it, a prepared copy, go on from where `frozen` is; afterwards it is ``running``."""
        await self._act(
            Action.START, lambda handle: self._hypervisor.awaken(handle, frozen), called="awaken"
        )
        self._watch()

    @asynccontextmanager
    async def frozen(self, copies: str) -> AsyncIterator[Frozen]:
        """Give its guest as it is at this instant; `copies` is what is told in its history."""
        async with self._lock, action_lock(self._store.locks, self.name), AsyncExitStack() as stack:
            await self._reload()
            state = await self.state()
            async with self._recorded("fork", state, state):
                frozen = await stack.enter_async_context(self._hypervisor.frozen(self.handle))
                remark(copies)
            kept = stack.pop_all()
        async with kept:
            yield frozen

    async def copy(self, spec: VmSpec, frozen: Frozen) -> VmHandle:
        """Make all that a copy of its guest needs; see :meth:`awaken`."""
        return await self._hypervisor.copy(self.handle, spec, frozen)

    async def checkpoint(self, name: str, thumbnail: str) -> Checkpoint:
        """Keep it as it is; see :meth:`~vmnb.core.checkpoint.Checkpointing.checkpoint`."""
        async with self._lock, action_lock(self._store.locks, self.name):
            await self._reload()
            state = await self.state()
            async with self._recorded("checkpoint", state, state):
                made = await self._hypervisor.checkpoint(self.handle, name, thumbnail)
                remark(name)
            return made

    async def checkpoints(self) -> tuple[Checkpoint, ...]:
        """See :meth:`~vmnb.core.checkpoint.Checkpointing.checkpoints`."""
        return await self._hypervisor.checkpoints(self.handle)

    async def rewind(self, name: str) -> None:
        """Go on from a checkpoint; see :meth:`~vmnb.core.checkpoint.Checkpointing.rewind`."""
        await self.aclose()  # what happens to its QEMU now is no news
        async with self._lock, action_lock(self._store.locks, self.name):
            await self._reload()
            async with self._recorded("rewind", await self.state(), VmState.RUNNING):
                self.handle = await self._hypervisor.rewind(self.handle, name)
                remark(name)
        self._watch()

    async def forget_checkpoint(self, name: str) -> None:
        """Remove a checkpoint; see :meth:`~vmnb.core.checkpoint.Checkpointing.forget`."""
        async with self._lock, action_lock(self._store.locks, self.name):
            await self._hypervisor.forget(self.handle, name)

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

    async def state(self) -> VmState:
        """Ask the hypervisor where it is; only the end is remembered, for it is for good."""
        if self.last_state is VmState.DESTROYED:
            return VmState.DESTROYED
        return await self._hypervisor.state(self.handle)

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
        async with self._lock, action_lock(self._store.locks, self.name):
            return await self._hypervisor.forward(self.handle, forward)

    async def unforward(self, forward: Forward) -> None:
        """Close one; see :meth:`~vmnb.core.hypervisor.Forwarding.unforward`."""
        async with self._lock, action_lock(self._store.locks, self.name):
            await self._hypervisor.unforward(self.handle, forward)

    async def screenshot(self) -> Picture:
        """See :meth:`~vmnb.core.hypervisor.Displaying.screenshot`."""
        return await self._hypervisor.screenshot(self.handle)

    async def press(self, chords: Sequence[Chord]) -> None:
        """See :meth:`~vmnb.core.hypervisor.Displaying.press`."""
        await self._hypervisor.press(self.handle, chords)

    async def refresh(self) -> VmState:
        """Ask for the state, record what changed it unseen, and follow the VM while it runs."""
        async with self._lock:
            await self._reload()
            beginning = await self._beginning(utc_now())
            self.started = beginning.time if beginning else None
            state = await self.state()
        self._watch()
        if state not in LIVE and self._watcher is not None:
            # What happened to it tells why it ended, and is known without waiting.
            await asyncio.wait({self._watcher}, timeout=_DRAIN_S)
        async with self._lock:
            return await self._record_unseen()

    async def wait_for_state(self, wanted: VmState | str, timeout_s: float) -> None:
        """Wait until it is in state `wanted`, of itself or by anybody's action.

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
        except TimeoutError:
            raise DeadlineError(
                f"{self.name!r} was not {wanted} within {timeout_s:g} s; it is {self.last_state}",
                hint="look at its console and its history, or give it more time",
            ) from None
        finally:
            unsubscribe()

    async def aclose(self) -> None:
        """Stop following the VM, which itself goes on as it is."""
        watcher, self._watcher = self._watcher, None
        if watcher is not None and watcher is not asyncio.current_task():
            watcher.cancel()
            await asyncio.wait({watcher})

    async def _act(
        self,
        action: Action,
        perform: Callable[[VmHandle], Awaitable[VmHandle]],
        *,
        called: str | None = None,
    ) -> bool:
        """Bring it to where `action` leads; False where it was there already.

        Parameters
        ----------
        called
            What the history calls it, where that is not the action's own name.
        """
        # A full disk must not keep a VM from being destroyed: that is what makes room.
        forgiven = (StoreError,) if action is Action.DESTROY else ()
        with suppress(*forgiven):
            await self._catch_up()
        async with self._lock, action_lock(self._store.locks, self.name):
            await self._reload()
            before = await self._state_or_last() if action is Action.DESTROY else await self.state()
            if before is not self.last_state:
                with suppress(*forgiven):
                    await self._record_found(before)
            if before is _REACHED[action]:
                self._tell()
                return False
            target = require(action, before, self.name)
            async with self._recorded(called or action, before, target):
                self.handle = await perform(self.handle)
        return True

    async def _catch_up(self) -> None:
        """Let what happened by itself be recorded before what is done next."""
        if await self._state_or_last() is not self.last_state:
            await self.refresh()

    @asynccontextmanager
    async def _recorded(self, action: str, before: VmState, target: VmState) -> AsyncIterator[None]:
        """Record what the body does as `action`, also where it fails or is cancelled."""
        began, clock = utc_now(), monotonic()
        after, cause, detail = target, Cause.USER, ""
        self.last_state, self.busy = before, Busy(what=action, since=began)
        self._tell()
        try:
            with collect_remarks() as remarks:
                yield
            detail = "; ".join(remarks)
        except asyncio.CancelledError:
            after, detail = await finish(self._state_or_last()), "cancelled"
            raise
        except Exception as error:
            after, cause = await finish(self._state_or_last()), Cause.FAILURE
            detail = _first_line(error)
            raise
        finally:
            row = HistoryRow(
                time=began,
                from_state=before,
                to_state=after,
                action=action,
                duration_s=monotonic() - clock,
                cause=cause,
                detail=detail,
            )
            self.last_state, self.busy = after, None
            try:
                await finish(self._record(row, self.handle))
                if action is Action.START and after is target:
                    await self._expect_boot(began)
            finally:
                self._tell()

    async def _state_or_last(self) -> VmState:
        """Ask for the state; where it cannot be told, return the last one."""
        try:
            return await self.state()
        except VmnbError:
            return self.last_state

    async def _expect_boot(self, began: datetime) -> None:
        """Show the guest as booting until it says that it is ready."""
        self.started = began
        earlier = await asyncio.to_thread(
            self._store.boot_times_s, self.handle.spec.image, self.handle.accelerator
        )
        if earlier or self.handle.has_agent:
            expected_s = median(earlier) if earlier else None
            self.busy = Busy(what="boot", since=began, expected_s=expected_s)

    def _boot_is_over(self) -> None:
        if self.busy is not None and self.busy.what == "boot":
            self.busy = None

    def _watch(self) -> None:
        """Follow the VM from now on, if its backend tells events and nobody follows it yet."""
        if Capability.EVENTS in self.capabilities and (
            self._watcher is None or self._watcher.done()
        ):
            self._watcher = asyncio.create_task(self._follow(), name=f"watch {self.name}")

    async def _follow(self) -> None:
        events = self._hypervisor.watch(self.handle)
        try:
            async for event in events:
                await self._take(event)
        except Exception:  # noqa: BLE001 (nobody awaits this task: the log is where it is told)
            _log.exception("no longer following %r", self.name)
            self._boot_is_over()
            self._tell()
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()

    async def _take(self, event: VmEvent) -> None:
        """Record `event`, unless it is only the echo of an action that is recorded already."""
        async with self._lock:
            # In this order: an action that is over by now is in the store by now.
            acting = await self._is_locked()
            await self._reload()
            before = self.last_state
            always = event.action in _ALWAYS_TOLD
            self.last_state = after = before if always else await self.state()
            beginning = await self._beginning(event.time)
            if always or (before is not after and not acting):
                await self._record(_event_row(event, before, after, beginning))
            started = beginning.time if beginning else None
            self.started = event.time if event.action == "reboot" else started
            if event.action == "ready" or after not in LIVE:
                self._boot_is_over()
            self._tell()

    async def _beginning(self, until: datetime) -> Beginning | None:
        return await asyncio.to_thread(self._store.last_beginning, self.handle.id, until)

    async def _record_unseen(self) -> VmState:
        """Record a change that no event explains and that is no action still going on."""
        await self._reload()
        before, state = self.last_state, await self.state()
        if before is not state and not await self._is_locked():
            await self._reload()
            if self.last_state is not before:  # it was an action, and is recorded by now
                return self.last_state
            await self._record_found(state)
        self.last_state = state
        return state


def _event_row(
    event: VmEvent, before: VmState, after: VmState, beginning: Beginning | None
) -> HistoryRow:
    boot = beginning.time if beginning and beginning.is_boot else None
    since_s = (event.time - boot).total_seconds() if boot else None
    return HistoryRow(
        time=event.time,
        from_state=before,
        to_state=after,
        action=event.action,
        duration_s=since_s if event.action == "ready" else None,
        cause=event.cause,
        detail=event.detail,
        key=event.key,
    )


def _first_line(error: BaseException) -> str:
    text = str(error) or type(error).__name__
    return text.splitlines()[0]
