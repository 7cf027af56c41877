"""The guest's address: its agent tells it or, on a bridge, the host sees it; whichever is first."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from vmnb.backends.qemu.network.agent_address import AgentSearch
from vmnb.backends.qemu.network.bridge_address import BridgeSearch
from vmnb.core.errors import AgentError, DeadlineError
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import IpAddress

__all__ = ["find_address"]

ADDRESS_TIMEOUT_S = 60.0
"""Seconds that a guest is given to boot and get an address."""


async def find_address(handle: VmHandle, timeout_s: float = ADDRESS_TIMEOUT_S) -> IpAddress:
    """Return the address of the network card that has the VM's MAC, within `timeout_s` seconds.

    Raises
    ------
    DeadlineError
        Nothing knew of an address in time; the message says what was asked.
    AgentError
        There is only the agent to ask, and it refused.
    StateError, LinkLostError
        The VM does not run, or stopped meanwhile.
    """
    agent = AgentSearch(handle)
    # It is not the agent's time that runs out here, but that of all: hence twice as much for it.
    ways: list[Coroutine[Any, Any, IpAddress]] = [agent.find(2 * timeout_s)]
    searches: list[AgentSearch | BridgeSearch] = [agent]
    if handle.network.bridge is not None:
        seen = BridgeSearch(handle, handle.network.bridge)
        searches.append(seen)
        ways.append(seen.find())
    try:
        async with asyncio.timeout(timeout_s):
            return await _first(ways)
    except TimeoutError as error:
        outcomes = "; ".join(search.outcome() for search in searches)
        raise DeadlineError(
            f"the guest of {handle.name!r} had no address within {timeout_s:g} s: {outcomes}",
            hint="look at its network in the console: ip address; the agent, which knows best, is "
            "the package qemu-guest-agent",
        ) from error


async def _first(ways: list[Coroutine[Any, Any, IpAddress]]) -> IpAddress:
    """Return what the first of `ways` returns; an agent that fails leaves it to the others."""
    tasks = pending = {asyncio.create_task(way) for way in ways}
    try:
        while True:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if not (pending and isinstance(task.exception(), AgentError)):
                    return task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
