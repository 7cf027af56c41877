"""The backend that runs nothing: deterministic, in memory, with delays and failures on demand.

It is for lessons where no QEMU can run, and for programs that want to try their own code. What
it remembers lives as long as the Python process: a VM of an earlier process is found ``stopped``.
Its metrics are made up too, and say so: every run has the same.
"""

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from ipaddress import IPv4Address

from vmnb.core.errors import BackendError, CapabilityError, StateError
from vmnb.core.finish import finish
from vmnb.core.handle import VmHandle
from vmnb.core.history import utc_now
from vmnb.core.hypervisor import (
    STOP_TIMEOUT_S,
    BackendTag,
    Capability,
    IpAddress,
    NoConsole,
    VmEvent,
    check_spec,
)
from vmnb.core.metrics import Sample, Traffic
from vmnb.core.network import NetworkMode
from vmnb.core.spec import VmSpec
from vmnb.core.state import LIVE, Action, Cause, VmState, require
from vmnb.lan import leave

__all__ = ["NoopHypervisor"]

_CAPABILITIES = frozenset(
    {
        Capability.SUSPEND,
        Capability.GRACEFUL_STOP,
        Capability.GUEST_ADDRESS,
        Capability.EVENTS,
        Capability.METRICS,
        Capability.CLOUD_INIT,
        Capability.SSH,
        Capability.UEFI,
        Capability.NETWORK_USER,
        Capability.NETWORK_PRIVATE,
        Capability.NETWORK_NONE,
    }
)
_WORK_S = tuple(step / 10 for step in range(1, 9))
_MOVED_BYTES = 64 * 1024
_EVENTS = {
    "power-off": (VmState.STOPPED, Cause.GUEST, "the guest switched itself off"),
    "reboot": (VmState.RUNNING, Cause.GUEST, "the guest restarted"),
    "panic": (VmState.FAILED, Cause.GUEST, "the guest's kernel panicked"),
    "exit": (VmState.FAILED, Cause.FAILURE, "the imaginary process died"),
}


@dataclass(slots=True)
class _Guest:
    state: VmState
    run: int = 0
    looks: int = 0
    looks_at_work: int = 0
    events: list[VmEvent] = field(default_factory=list)
    watchers: list[Callable[[], object]] = field(default_factory=list)

    def change(self, state: VmState) -> None:
        self.state = state
        for wake in tuple(self.watchers):
            wake()


_guests: dict[str, _Guest] = {}


class NoopHypervisor:
    """A hypervisor without guests.

    Parameters
    ----------
    delays_s
        How long an action takes, in seconds; no time where it is not named.
    failures
        What an action fails with, each time it is asked for, until the entry is removed.
    """

    tag: str = BackendTag.NOOP

    def __init__(
        self,
        *,
        delays_s: Mapping[Action, float] | None = None,
        failures: Mapping[Action, str] | None = None,
    ) -> None:
        self.delays_s = dict(delays_s or {})
        self.failures = dict(failures or {})

    def capabilities(self, handle: VmHandle | None = None) -> frozenset[Capability]:  # noqa: ARG002
        """Return what it can do: all that needs no guest."""
        return _CAPABILITIES

    async def prepare(self, spec: VmSpec) -> VmHandle:
        """See :meth:`~vmnb.core.hypervisor.Hypervisor.prepare`."""
        check_spec(self, spec)
        await self._take_time(Action.PREPARE, spec.name)
        handle = VmHandle(id=uuid.uuid4().hex, backend=self.tag, spec=spec, accelerator="none")
        _guests[handle.id] = _Guest(VmState.PREPARED)
        return handle

    async def start(self, handle: VmHandle) -> VmHandle:
        """See :meth:`~vmnb.core.hypervisor.Hypervisor.start`."""
        guest = _guest(handle)
        await self._act(Action.START, handle)
        guest.run, guest.events = guest.run + 1, []
        guest.looks = guest.looks_at_work = 0
        return handle

    async def stop(self, handle: VmHandle, timeout_s: float = STOP_TIMEOUT_S) -> VmHandle:  # noqa: ARG002
        """See :meth:`~vmnb.core.hypervisor.Hypervisor.stop`; an imaginary guest never lingers."""
        return await self._act(Action.STOP, handle)

    async def suspend(self, handle: VmHandle) -> VmHandle:
        """See :meth:`~vmnb.core.hypervisor.Hypervisor.suspend`."""
        return await self._act(Action.SUSPEND, handle)

    async def resume(self, handle: VmHandle) -> VmHandle:
        """See :meth:`~vmnb.core.hypervisor.Hypervisor.resume`."""
        return await self._act(Action.RESUME, handle)

    async def destroy(self, handle: VmHandle) -> None:
        """See :meth:`~vmnb.core.hypervisor.Hypervisor.destroy`."""
        if _guest(handle).state is not VmState.DESTROYED:
            await self._act(Action.DESTROY, handle)
            if handle.network.network is not None:
                await finish(asyncio.to_thread(leave, handle.network.network, handle.id))

    async def state(self, handle: VmHandle) -> VmState:
        """See :meth:`~vmnb.core.hypervisor.Hypervisor.state`."""
        return _guest(handle).state

    async def guest_ip(self, handle: VmHandle) -> IpAddress:
        """Return an address of 192.0.2.0/24, which RFC 5737 keeps for examples."""
        if handle.network.mode is NetworkMode.NONE:
            raise CapabilityError(
                f"{handle.name!r} has no network", hint="make it with another network"
            )
        if _guest(handle).state is not VmState.RUNNING:
            raise BackendError(f"{handle.name!r} has no address: it does not run", hint="start it")
        digest = hashlib.sha256(handle.name.encode()).digest()
        return IPv4Address("192.0.2.1") + digest[0] % 254

    def console_endpoint(self, handle: VmHandle) -> NoConsole:  # noqa: ARG002
        """Return that there is no console."""
        return NoConsole()

    async def measure(self, handle: VmHandle) -> Sample:
        """Make up what a VM uses: each look is a second after the one before it."""
        guest = _guest(handle)
        if guest.state not in LIVE:
            raise StateError(
                f"{handle.name!r} uses nothing: it is {guest.state}", hint="start it first"
            )
        guest.looks += 1
        guest.looks_at_work += guest.state is VmState.RUNNING
        return _pretended(handle, guest)

    async def watch(self, handle: VmHandle) -> AsyncIterator[VmEvent]:
        """See :meth:`~vmnb.core.hypervisor.Watchable.watch`."""
        guest, seen, changed = _guest(handle), 0, asyncio.Event()
        run, events = guest.run, guest.events
        # `happen` may be called in another thread than that of the loop.
        wake = partial(asyncio.get_running_loop().call_soon_threadsafe, changed.set)
        guest.watchers.append(wake)
        try:
            while True:
                changed.clear()
                for event in events[seen:]:
                    seen += 1
                    yield event
                if guest.run != run or guest.state not in LIVE:
                    return
                await changed.wait()
        finally:
            guest.watchers.remove(wake)

    def happen(self, handle: VmHandle, action: str) -> None:
        """Let something happen to a running VM, as if by itself; any thread may call it.

        Parameters
        ----------
        action
            ``power-off``, ``reboot``, ``panic`` or ``exit``.

        Raises
        ------
        StateError
            It does not run.
        """
        guest, now = _guest(handle), utc_now()
        if guest.state not in LIVE:
            raise StateError(
                f"nothing happens to {handle.name!r}: it is {guest.state}", hint="start it first"
            )
        state, cause, detail = _EVENTS[action]
        guest.events.append(
            VmEvent(
                key=f"{action}:{now.isoformat()}",
                time=now,
                action=action,
                state=state,
                cause=cause,
                detail=detail,
            )
        )
        guest.change(state)

    async def _act(self, action: Action, handle: VmHandle) -> VmHandle:
        guest = _guest(handle)
        target = require(action, guest.state, handle.name)
        await self._take_time(action, handle.name)
        guest.change(target)
        return handle

    async def _take_time(self, action: Action, name: str) -> None:
        await asyncio.sleep(self.delays_s.get(action, 0))
        if action in self.failures:
            raise BackendError(
                f"cannot {action} {name!r}: {self.failures[action]}",
                hint="this failure was asked for",
            )


def _pretended(handle: VmHandle, guest: _Guest) -> Sample:
    """Return what a VM would use that works by fits: eight seconds ever more, then little again."""
    rounds, left = divmod(guest.looks_at_work, len(_WORK_S))
    vcpu_s = rounds * sum(_WORK_S) + sum(_WORK_S[:left])
    moved = guest.looks_at_work * _MOVED_BYTES
    on_network = handle.network.mode is not NetworkMode.NONE
    return Sample(
        time=utc_now(),
        clock_s=float(guest.looks),
        run=str(guest.run),
        cpu_s=handle.vcpus * vcpu_s,
        vcpu_s=(vcpu_s,) * handle.vcpus,
        memory_mib=handle.memory_mib / 2,
        memory_pss_mib=handle.memory_mib / 2,
        guest_memory_mib=handle.memory_mib / 4,
        traffic=Traffic(
            disk_read_bytes=moved,
            disk_written_bytes=2 * moved,
            disk_reads=guest.looks_at_work,
            disk_writes=2 * guest.looks_at_work,
            network_received_bytes=moved if on_network else None,
            network_sent_bytes=2 * moved if on_network else None,
        ),
        notes=("all of it is made up: the noop backend runs no guest",),
    )


def _guest(handle: VmHandle) -> _Guest:
    return _guests.setdefault(handle.id, _Guest(VmState.STOPPED))
