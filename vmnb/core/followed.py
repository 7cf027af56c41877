"""A VM that is looked at: its state asked, and what happens to it by itself recorded."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import datetime
from statistics import median

from vmnb.core.errors import BusyError, VmnbError
from vmnb.core.handle import VmHandle
from vmnb.core.handle_file import read_handle
from vmnb.core.history import HistoryRow, utc_now
from vmnb.core.hypervisor import Capability, VmEvent
from vmnb.core.known import Busy, KnownVm
from vmnb.core.lock import action_lock
from vmnb.core.router import RouterHypervisor
from vmnb.core.state import LIVE, VmState
from vmnb.core.store import Beginning, Store

__all__ = ["FollowedVm"]

_log = logging.getLogger(__name__)

_ALWAYS_TOLD = frozenset({"ready", "reboot"})
"""Events that matter although the state stays as it is."""
_DRAIN_S = 5.0


class FollowedVm(KnownVm):
    """A VM whose events are recorded while it runs; lives on one event loop."""

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

    async def state(self) -> VmState:
        """Ask the hypervisor where it is; only the end is remembered, for it is for good."""
        if self.last_state is VmState.DESTROYED:
            return VmState.DESTROYED
        return await self._hypervisor.state(self.handle)

    async def refresh(self) -> VmState:
        """Ask for the state, record what changed it unseen, and follow the VM while it runs."""
        async with self._lock:
            await self._reload()
            await self._undo_half_done()
            beginning = await self._beginning(utc_now())
            self.started = beginning.time if beginning else None
            state = await self.state()
            if state is VmState.DESTROYED and self.last_state is not state:
                await self._finish_destroying()
        self._watch()
        if state not in LIVE and self._watcher is not None:
            # What happened to it tells why it ended, and is known without waiting.
            await asyncio.wait({self._watcher}, timeout=_DRAIN_S)
        async with self._lock:
            return await self._record_unseen()

    async def catch_up(self) -> None:
        """Take over what another process has done to it, as that wrote it down."""
        async with self._lock:
            await self._reload()
            beginning = await self._beginning(utc_now())
            self.started = beginning.time if beginning else None
        if self.last_state in LIVE:
            self._watch()
        self._tell()

    async def _undo_half_done(self) -> None:
        """Undo what a process that died was in the middle of; one that lives has the lock."""
        if not await self._hypervisor.is_half_done(self.handle) or await self._is_locked():
            return
        await self._reload()  # it may have been done just before
        if await self._hypervisor.is_half_done(self.handle):
            with suppress(BusyError):
                async with action_lock(self._store.locks, self.name):
                    await self._reload()
                    await self._recover()

    async def _finish_destroying(self) -> None:
        """Remove what may be left by a process that died as it destroyed the VM."""
        with suppress(BusyError):
            async with action_lock(self._store.locks, self.name):
                await self._hypervisor.destroy(self.handle)
                await asyncio.to_thread(self._uses.forget)

    async def _recover(self) -> None:
        """Take over what was written down of a start that no row tells; undo all else."""
        written = await asyncio.to_thread(read_handle, self.handle.work_dir)
        if written is not None and written.id == self.handle.id and written != self.handle:
            self.handle = written
            if not await self._hypervisor.is_half_done(written):
                await self._record_found(await self.state(), written)
                return
        await self._hypervisor.recover(self.handle)

    async def aclose(self) -> None:
        """Stop following the VM, which itself goes on as it is."""
        watcher, self._watcher = self._watcher, None
        if watcher is not None and watcher is not asyncio.current_task():
            watcher.cancel()
            await asyncio.wait({watcher})

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
            await self._reload()
            before = self.last_state
            always = event.action in _ALWAYS_TOLD
            self.last_state = after = before if always else await self.state()
            beginning = await self._beginning(event.time)
            row = _event_row(event, before, after, beginning)
            if always:
                await self._record(row)
            elif before is not after is event.state:  # else a later one tells how it came to be so
                await self._witness(row)
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
        if before is not state and not await self._witness(self._found_row(state)):
            await self._reload()
            if self.last_state is not before:  # it was an action, and is recorded by now
                return self.last_state
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
