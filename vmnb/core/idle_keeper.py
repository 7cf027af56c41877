"""The process that suspends or stops VMs which run for nobody; it ends when none runs.

A VM is in use while somebody acts on it, types, runs a command or copies files, and while its guest
keeps a processor busy. Nothing tells of the last but the processor's clock: so this looks at it, a
few times in the time that is configured.
"""

import asyncio
import logging
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from vmnb.core.config import IdleRule, read_config
from vmnb.core.detached import leave_terminal
from vmnb.core.errors import BusyError, StateError, VmnbError
from vmnb.core.history import utc_now
from vmnb.core.idle import KEEPER_LOCK
from vmnb.core.lock import action_lock
from vmnb.core.machine import Machine
from vmnb.core.metrics import Sample
from vmnb.core.session import Session
from vmnb.core.state import VmState
from vmnb.core.store import Store

__all__ = ["IdleKeeper", "main"]

_log = logging.getLogger(__name__)

BUSY_PERCENT = 20.0
"""Of one core: an emulated guest that waits takes a few."""

_LOOKS = 4
_LOOK_MIN_S, _LOOK_MAX_S = 0.5, 60.0


def main(store: str) -> None:
    """Become the keeper; the calling process ends at once."""
    path = Path(store)
    if os.fork():
        os._exit(0)
    leave_terminal(path.with_name("idle.log"))
    asyncio.run(_keep(Store(path)))


async def _keep(store: Store) -> None:
    session = Session(store)
    try:
        keeper = IdleKeeper(session)
        while await keeper.is_needed():
            async with action_lock(store.locks, KEEPER_LOCK):
                await _look_again_and_again(keeper)
            # Whoever started a VM just now saw the lock, and left it to this process.
    except BusyError:  # there is another keeper
        pass
    finally:
        await session.aclose()


async def _look_again_and_again(keeper: "IdleKeeper") -> None:
    while (rule := _rule()) is not None and await keeper.look(rule):
        pause_s = min(max(_LOOK_MIN_S, rule.after_s / _LOOKS), _LOOK_MAX_S)
        await asyncio.sleep(pause_s)


def _rule() -> IdleRule | None:
    return read_config().idle


@dataclass(slots=True)
class _Seen:
    """The last look at a VM, and until when its guest was busy."""

    sample: Sample
    busy: datetime | None = None


class IdleKeeper:
    """Looks at all VMs of a user."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._seen: dict[str, _Seen] = {}

    async def is_needed(self) -> bool:
        """Return whether a VM runs, and something is to be done with it when it is idle."""
        return _rule() is not None and bool(await self._running())

    async def look(self, rule: IdleRule) -> bool:
        """Do as `rule` says with each that is idle; return whether one of them still runs."""
        running = await self._running()
        for machine in running:
            try:
                await self._look_at(machine, rule)
            except (BusyError, StateError) as error:
                _log.info("%r is left alone: %s", machine.name, error)
            except VmnbError as error:
                _log.warning("cannot look after %r: %s", machine.name, error)
        ids = {machine.handle.id for machine in running}
        self._seen = {vm_id: seen for vm_id, seen in self._seen.items() if vm_id in ids}
        return any(machine.last_state is VmState.RUNNING for machine in running)

    async def _running(self) -> list[Machine]:
        machines = await self._session.machines()
        return [machine for machine in machines if machine.last_state is VmState.RUNNING]

    async def _look_at(self, machine: Machine, rule: IdleRule) -> None:
        busy = await self._last_busy(machine)
        used = max(filter(None, (await machine.last_use(), busy)))
        idle = utc_now() - used
        if idle >= timedelta(seconds=rule.after_s):
            await machine.rest(rule.action, f"idle for {idle.total_seconds():.0f} s")

    async def _last_busy(self, machine: Machine) -> datetime | None:
        """Return when its guest was last seen to keep a processor busy."""
        sample = await machine.measure()
        seen = self._seen.setdefault(machine.handle.id, _Seen(sample))
        elapsed_s = sample.clock_s - seen.sample.clock_s
        if seen.sample.run == sample.run and elapsed_s > 0:
            percent = 100 * (sample.cpu_s - seen.sample.cpu_s) / elapsed_s
            if percent > BUSY_PERCENT:
                seen.busy = sample.time
        seen.sample = sample
        return seen.busy
