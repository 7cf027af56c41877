"""The machines of this process: one store, one router, one :class:`Machine` for each VM."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from weakref import WeakValueDictionary

from vmnb.core.claim import claimed
from vmnb.core.config import read_config
from vmnb.core.errors import (
    BackendUnavailableError,
    BusyError,
    LimitError,
    SpecError,
    StoreError,
    VmExistsError,
    VmnbError,
    VmNotFoundError,
)
from vmnb.core.finish import finish
from vmnb.core.handle import VmHandle
from vmnb.core.history import HistoryRow, utc_now
from vmnb.core.hypervisor import Closable, Hypervisor, check_spec
from vmnb.core.idle import IdleWatch
from vmnb.core.limits import Limits
from vmnb.core.lock import action_lock, is_locked
from vmnb.core.machine import Machine
from vmnb.core.names import checked_name
from vmnb.core.others import Others
from vmnb.core.registry import backend_tags
from vmnb.core.router import RouterHypervisor
from vmnb.core.rows import Record
from vmnb.core.spec import VmSpec
from vmnb.core.state import Action, Cause, VmState
from vmnb.core.store import Store

__all__ = ["Session"]

Prepare = Callable[[], Awaitable[VmHandle]]
"""Makes all that a VM needs, or nothing."""

_log = logging.getLogger(__name__)


class Session:
    """What one process knows of the user's VMs; lives on one event loop.

    Parameters
    ----------
    store
        The user's own store where it is None.
    router
        A router over the installed backends where it is None.
    """

    def __init__(self, store: Store | None = None, router: RouterHypervisor | None = None) -> None:
        self.store = store or Store()
        self.router = router or RouterHypervisor()
        self._machines: dict[str, Machine] = {}
        self._idle = IdleWatch(self.store)
        self._opening: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._others = Others(self.store.locks, self._machines)

    async def open(self, spec: VmSpec, backend: str | Hypervisor | None = None) -> Machine:
        """Return the VM of that spec: the one that exists, else a new one, ``prepared``.

        Parameters
        ----------
        backend
            A tag or a ready-made hypervisor; the router's preferred one where it is None.

        Raises
        ------
        VmExistsError
            A VM of that name exists with another spec or backend; the message shows both.
        """
        tag = self._tag(backend)
        async with self._lock_of(spec.name):
            machine = None
            while machine is None:
                machine = await self._find(spec.name) or await self._make(spec, tag)
            _require_same(machine, spec, tag if backend is not None else machine.handle.backend)
            return machine

    async def add(self, spec: VmSpec, tag: str, prepare: Prepare) -> Machine:
        """Return the VM of that spec that `prepare` makes, a new one.

        Raises
        ------
        VmExistsError
            The name is taken; nothing was made.
        """
        async with self._lock_of(spec.name):
            return await self._add(spec, tag, prepare)

    async def attach(self, name: str) -> Machine:
        """Return the VM of that name.

        Raises
        ------
        SpecError
            No VM can have that name.
        VmNotFoundError
            There is none.
        """
        name = checked_name(name)
        async with self._lock_of(name):
            machine = await self._find(name)
        if machine is None:
            names = [record.name for record in await self.records() if record.handle]
            raise VmNotFoundError(
                f"there is no VM named {name!r}",
                hint=f"there are: {', '.join(names)}" if names else f"make it: VM({name!r})",
            )
        return machine

    async def records(self) -> list[Record]:
        """Return what the store knows of every VM that is not destroyed."""
        records = await asyncio.to_thread(self.store.machines)
        return [record for record in records if record.handle or await self._is_claimed(record)]

    async def machines(self) -> list[Machine]:
        """Return every VM that is not destroyed and not still being prepared.

        One that cannot be asked is there too, with the last state that was recorded; its
        :meth:`~vmnb.core.machine.Machine.state` raises what is the matter.
        """
        machines = [self._machine(record) for record in await self.records()]
        known = [machine for machine in machines if machine is not None]
        await asyncio.gather(*(_try_to_refresh(machine) for machine in known))
        return [machine for machine in known if machine.last_state is not VmState.DESTROYED]

    async def aclose(self) -> None:
        """Let go of every VM; those that run go on running."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._idle.aclose)
            for backend in self.router.opened:
                if isinstance(backend, Closable):
                    stack.push_async_callback(backend.aclose)
            for machine in self._machines.values():
                stack.push_async_callback(machine.aclose)
            self._machines.clear()
            stack.push_async_callback(self._others.aclose)

    def _tag(self, backend: str | Hypervisor | None) -> str:
        if backend is None or isinstance(backend, str):
            return backend or self.router.tag
        if not isinstance(backend, Hypervisor):
            raise SpecError(
                f"backend is {backend!r}",
                hint=f"one of: {', '.join(backend_tags())}; or leave it out",
            )
        return self.router.add(backend)

    def _lock_of(self, name: str) -> asyncio.Lock:
        """Return the lock that lets one task at a time find or make the VM of that name."""
        return self._opening.setdefault(name, asyncio.Lock())

    async def _find(self, name: str) -> Machine | None:
        """Return the VM of that name as it is now; None where there is none any more."""
        record = await asyncio.to_thread(self.store.find, name)
        machine = self._machine(record) if record is not None else None
        if machine is None or await machine.refresh() is VmState.DESTROYED:
            return None
        return machine

    def _machine(self, record: Record) -> Machine | None:
        """Return the one object of that VM; None where it is still being prepared."""
        if record.handle is None:
            return None
        known = self._machines.get(record.id)
        return known or self._keep(Machine(record.handle, record.state, self.router, self.store))

    async def _is_claimed(self, record: Record) -> bool:
        """Return whether somebody is still preparing that VM, else leave nothing of it."""
        if await asyncio.to_thread(is_locked, self.store.locks, record.name):
            return True
        if not await self._is_claim(record):  # it was over just before
            return False
        try:
            async with action_lock(self.store.locks, record.name):
                await self._abandon(record)
        except BusyError:
            return True
        except VmnbError as error:
            _log.warning("something is left of %r: %s", record.name, error)
        return False

    async def _make(self, spec: VmSpec, tag: str) -> Machine | None:
        """Prepare a VM; None where another process was quicker."""
        backend = self.router.backend(tag)
        check_spec(backend, spec)
        with suppress(VmExistsError):
            return await self._add(spec, tag, lambda: backend.prepare(spec))
        return None

    async def _add(self, spec: VmSpec, tag: str, prepare: Prepare) -> Machine:
        """Let `prepare` make a VM under the name's lock."""
        async with action_lock(self.store.locks, spec.name):
            record = await asyncio.to_thread(self.store.find, spec.name)
            if record is not None:
                await self._abandon(record)
            handle = await self._claimed(spec, tag, prepare)
        return self._keep(Machine(handle, VmState.PREPARED, self.router, self.store))

    async def _abandon(self, record: Record) -> None:
        """Leave nothing of a claim whose process died; for who has its name locked."""
        if await self._is_claim(record):
            with suppress(BackendUnavailableError):  # then nothing of it can be here
                await self.router.abandon(record.backend, record.id)
            await asyncio.to_thread(self.store.release, record.id)

    async def _is_claim(self, record: Record) -> bool:
        """Return whether it still is one."""
        now = await asyncio.to_thread(self.store.get, record.id)
        return now is not None and now.handle is None

    async def _claimed(self, spec: VmSpec, tag: str, prepare: Prepare) -> VmHandle:
        """Prepare a VM under a claim, and leave neither where anything fails."""
        limits = (await asyncio.to_thread(read_config)).limits
        if limits:
            await self.records()  # which forgets claims of processes that died
        claim = await finish(asyncio.to_thread(self.store.claim, spec, tag, limits))
        try:
            with claimed(claim):
                handle, row = await _prepared(prepare)
            await finish(self._settle(claim, handle, row, limits))
        except BaseException:
            with suppress(StoreError):  # a claim that nobody holds is forgotten later
                await finish(asyncio.to_thread(self.store.release, claim))
            raise
        return handle

    async def _settle(self, claim: str, handle: VmHandle, row: HistoryRow, limits: Limits) -> None:
        try:
            await asyncio.to_thread(self.store.settle, claim, handle, row, limits)
        except (StoreError, LimitError):
            await self.router.destroy(handle)
            raise

    def _keep(self, machine: Machine) -> Machine:
        """Remember `machine`, and forget those that are gone."""
        machine.subscribe(self._idle.look)
        gone = [k for k, m in self._machines.items() if m.last_state is VmState.DESTROYED]
        for key in gone:
            del self._machines[key]
        self._machines[machine.handle.id] = machine
        self._others.heed()
        return machine


async def _prepared(prepare: Prepare) -> tuple[VmHandle, HistoryRow]:
    began = utc_now()
    handle = await prepare()
    row = HistoryRow(
        time=began,
        from_state=VmState.PREPARING,
        to_state=VmState.PREPARED,
        action=Action.PREPARE,
        duration_s=(utc_now() - began).total_seconds(),
        cause=Cause.USER,
    )
    return handle, row


async def _try_to_refresh(machine: Machine) -> None:
    try:
        await machine.refresh()
    except VmnbError as error:
        _log.warning("cannot look at %r: %s", machine.name, error)


def _require_same(machine: Machine, spec: VmSpec, tag: str) -> None:
    """Raise VmExistsError where the VM is not what was asked for."""
    differences = machine.handle.spec.differences(spec)
    if machine.handle.backend != tag:
        differences["backend"] = (machine.handle.backend, tag)
    if differences:
        lines = [
            f"  {name}: has {have}, asked for {asked}"
            for name, (have, asked) in differences.items()
        ]
        raise VmExistsError(
            "\n".join([f"{spec.name!r} exists and differs from what was asked for:", *lines]),
            hint=_once_only(differences)
            + f"VM.attach({spec.name!r}) takes it as it is; .destroy() it to make it anew; "
            "or choose another name",
        )


def _once_only(differences: Mapping[str, object]) -> str:
    if any(name.split(".")[0] in ("cloud_init", "ssh") for name in differences):
        return "cloud-init reads what it is told at the first boot only; "
    return ""
