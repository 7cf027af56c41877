"""Finds the VMs that a timeline shows, those that are gone too."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from vmnb.core import runtime
from vmnb.core.errors import SpecError, VmnbError, VmNotFoundError
from vmnb.core.history import utc_now
from vmnb.core.names import checked_name
from vmnb.core.rows import Record
from vmnb.core.store import Store
from vmnb.core.timeline import StateLine
from vmnb.notebook.live.live import Live
from vmnb.notebook.pictures.timeline import Lane, Timeline
from vmnb.notebook.vm.facade import Facade

__all__ = ["timeline", "timeline_of"]

_MOST = 40
"""VMs that one picture shows where none was named."""


def timeline(*vms: Facade | str) -> Timeline:
    """Return the states of several VMs over time, on one axis; alone in a cell, it is shown.

    Parameters
    ----------
    vms
        VMs or their names; a name stands for all VMs that ever had it, destroyed ones too. All of
        this user where none is named; of more than 40, the newest.

    Raises
    ------
    VmNotFoundError
        There never was a VM of that name.
    SpecError
        It is neither a VM nor a name.
    """
    finders = [_finder(vm) for vm in vms]
    if not finders:
        return runtime.run(_timeline(Store.remembered, _MOST))
    return runtime.run(_timeline(lambda store: [r for find in finders for r in find(store)], None))


async def timeline_of(live: Live) -> Timeline:
    """Return the states of one VM over time."""
    with suppress(VmnbError):  # what is recorded is shown, even where it cannot be asked
        await live.machine.refresh()
    lane = Lane(name=live.machine.name, states=StateLine.of(await live.machine.history()))
    return Timeline([lane], utc_now())


async def _timeline(ask: Callable[[Store], list[Record]], most: int | None) -> Timeline:
    session = runtime.session()
    await session.machines()  # what happened unseen is recorded by that
    records = await asyncio.to_thread(ask, session.store)
    shown = records[-most:] if most else records
    lanes = [await _lane(record) for record in shown]
    return Timeline(lanes, utc_now(), left_out=len(records) - len(shown))


def _finder(vm: object) -> Callable[[Store], list[Record]]:
    """Return what finds the VM, or all that had the name; asked of the VM in its own thread."""
    if isinstance(vm, Facade):
        vm_id = vm._machine.handle.id  # noqa: SLF001 - its own package
        return lambda store: [record for record in (store.get(vm_id),) if record]
    if not isinstance(vm, str):
        raise SpecError(f"there is no timeline of {vm!r:.80}", hint="give VMs, or their names")
    return partial(_named, name=checked_name(vm))


def _named(store: Store, name: str) -> list[Record]:
    records = store.remembered(name)
    if not records:
        raise VmNotFoundError(f"there never was a VM named {name!r}", hint="timeline() shows all")
    return records


async def _lane(record: Record) -> Lane:
    rows = await asyncio.to_thread(runtime.session().store.history, record.id)
    return Lane(name=record.name, states=StateLine.of(rows))
