"""Noticing that a machine has ended, as soon as it has."""

import asyncio

from vmnb.core.machine import Machine
from vmnb.core.state import LIVE, VmState

__all__ = ["end_of"]


async def end_of(machine: Machine) -> VmState:
    """Wait until `machine` is no longer live, and return the state that it then was in."""
    end: asyncio.Future[VmState] = asyncio.get_running_loop().create_future()

    def look(it: Machine) -> None:
        if it.last_state not in LIVE and not end.done():
            end.set_result(it.last_state)

    unsubscribe = machine.subscribe(look)
    try:
        state = await machine.refresh()
        return await end if state in LIVE else state
    finally:
        unsubscribe()
