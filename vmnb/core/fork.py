"""Forking: live copies of a VM that runs, all of them or none."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import count, islice

from vmnb.core.errors import SpecError, VmExistsError, VmnbError
from vmnb.core.finish import finish
from vmnb.core.forking import UNFINISHED_COPY, Frozen
from vmnb.core.machine import Machine
from vmnb.core.names import checked_name
from vmnb.core.rows import Record
from vmnb.core.session import Session
from vmnb.core.spec import VmSpec

__all__ = ["copy_names", "fork"]


async def copy_names(session: Session, source: str, wanted: int) -> list[str]:
    """Return `wanted` names for copies of the VM `source`, which no VM has."""
    taken = {record.name for record in await session.records()}
    names = (f"{source}-{number}" for number in count(1))
    return list(islice((name for name in names if name not in taken), wanted))


async def fork(session: Session, source: Machine, names: Sequence[str]) -> list[Machine]:
    """Return live copies of `source` under those names; it goes on, and each is its own machine.

    As many are made at once as this machine has processors.

    Raises
    ------
    SpecError
        A name cannot be had, or is there twice; nothing was made.
    VmExistsError
        A name is taken; nothing was made.
    StateError, CapabilityError, CloneError, BackendError
        It cannot be forked, or a copy could not be made; none is left.
    """
    names = [checked_name(name) for name in names]
    await _require_free(session, source, names)
    copies: list[Machine] = []
    turns = asyncio.Semaphore(os.cpu_count() or 1)

    async def make(name: str, frozen: Frozen) -> Machine:
        async with turns:
            spec = _spec_of_copy(source.handle.spec, name)
            tag = source.handle.backend
            machine = await session.add(spec, tag, lambda: source.copy(spec, frozen))
            copies.append(machine)
            await machine.awaken(frozen)
            return machine

    try:
        async with source.frozen(", ".join(names)) as frozen, asyncio.TaskGroup() as tasks:
            made = [tasks.create_task(make(name, frozen)) for name in names]
    except BaseException as error:
        await finish(_destroy(copies))
        if isinstance(error, BaseExceptionGroup):
            raise error.exceptions[0] from None
        raise
    return [task.result() for task in made]


def _spec_of_copy(spec: VmSpec, name: str) -> VmSpec:
    """Return the spec of a copy, whose ports of the host are any that are free."""
    forwards = tuple(replace(forward, host_port=None) for forward in spec.network.forwards)
    return replace(spec, name=name, network=replace(spec.network, forwards=forwards))


async def _require_free(session: Session, source: Machine, names: Sequence[str]) -> None:
    """Raise unless all names can be had; a copy that was never finished gives its name up."""
    records = {record.name: record for record in await session.records()}
    left = [name for name in names if name in records and _is_left(records[name], source)]
    await _destroy([await session.attach(name) for name in left])
    taken = records.keys() - set(left)
    for index, name in enumerate(names):
        if name in names[:index]:
            raise SpecError(f"{name!r} is there twice", hint="give each copy a name of its own")
        if name in taken:
            raise VmExistsError(
                f"there is a VM named {name!r} already", hint="choose other names for the copies"
            )


def _is_left(record: Record, source: Machine) -> bool:
    """Return whether it is a copy of `source` that was never finished: its process died."""
    handle = record.handle
    return handle is not None and handle.extra.get(UNFINISHED_COPY) == source.handle.id


async def _destroy(machines: Sequence[Machine]) -> None:
    for machine in machines:
        with suppress(VmnbError):
            await machine.destroy()
