"""The guest's address, as its agent tells it."""

import asyncio
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from vmnb.backends.qemu.files import Sockets
from vmnb.backends.qemu.network.best_address import best_address
from vmnb.core.errors import AgentError
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import IpAddress
from vmnb.guest.agent import GuestAgent

__all__ = ["AgentSearch", "pick_address"]

_ASK_AGAIN_S = 0.5


class AgentSearch:
    """Asks the agent of one VM for the address of the card that has the VM's MAC."""

    def __init__(self, handle: VmHandle) -> None:
        self._path = Sockets.of_handle(handle).agent
        self._mac = handle.mac
        self._answered = False

    async def find(self, timeout_s: float) -> IpAddress:
        """Return the address, once the guest has one.

        Raises
        ------
        DeadlineError
            The agent did not answer in time; so long as it does, there is no end to this.
        AgentError
            The agent refused, or its answer made no sense.
        StateError, LinkLostError
            The VM does not run, or stopped meanwhile.
        """
        agent = GuestAgent.of(self._path)
        while True:
            said = await _interfaces(agent, timeout_s)
            self._answered = True
            if (address := pick_address(said, self._mac)) is not None:
                return address
            await asyncio.sleep(_ASK_AGAIN_S)  # the agent tells no events

    def outcome(self) -> str:
        """Return what came of it so far."""
        if self._answered:
            return f"its agent knows of none on the card {self._mac}"
        return "its agent did not answer"


async def _interfaces(agent: GuestAgent, timeout_s: float) -> Any:
    """Ask once, and let go of the agent, so that other processes have it, unless it was in use.

    Not where this is cancelled, for the call then lets go by itself. Who uses it may keep it for
    long; and an agent that is let go of sleeps for a tenth of a second (``channel_event_cb`` in
    qga/main.c of QEMU).
    """
    was_in_use = agent.is_linked
    try:
        said = await agent.call("guest-network-get-interfaces", timeout_s=timeout_s)
    except AgentError:
        await agent.aclose()
        raise
    if not was_in_use:
        await agent.aclose()
    return said


def pick_address(interfaces: Any, mac: str | None) -> IpAddress | None:
    """Return the best address of the card `mac` in the agent's answer.

    What a guest says is not trusted to have any shape.
    """
    found: list[IpAddress] = []
    for interface in interfaces if isinstance(interfaces, list) else []:
        if isinstance(interface, dict) and interface.get("hardware-address") == mac:
            found += _addresses(interface.get("ip-addresses"))
    return best_address(found)


def _addresses(entries: Any) -> list[IpAddress]:
    found: list[IpAddress] = []
    for entry in entries if isinstance(entries, list) else []:
        said = entry.get("ip-address") if isinstance(entry, dict) else None
        if isinstance(said, str):  # a number would be taken for an address, too
            with suppress(ValueError):
                found.append(ip_address(said))
    return found
