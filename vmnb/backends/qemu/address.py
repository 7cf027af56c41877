"""The guest's address, as its agent tells it."""

import asyncio
from ipaddress import ip_address
from typing import Any

from vmnb.backends.qemu.files import Sockets
from vmnb.core.errors import DeadlineError
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import IpAddress
from vmnb.guest.agent import GuestAgent

__all__ = ["ask_address"]

ADDRESS_TIMEOUT_S = 60.0
"""Seconds that a guest is given to boot and get an address."""

_ASK_AGAIN_S = 0.5


async def ask_address(handle: VmHandle) -> IpAddress:
    """Return the address of the network card that has the VM's MAC.

    Raises
    ------
    DeadlineError
        The agent did not answer in time, or knew of no address.
    """
    agent = GuestAgent.of(Sockets.of_handle(handle).agent)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + ADDRESS_TIMEOUT_S
    try:
        while True:
            remaining_s = max(deadline - loop.time(), 0.0)
            interfaces = await agent.call("guest-network-get-interfaces", timeout_s=remaining_s)
            address = pick_address(interfaces, handle.mac)
            if address is not None:
                return address
            if loop.time() + _ASK_AGAIN_S > deadline:
                raise DeadlineError(
                    f"the guest of {handle.name!r} had no address on its card {handle.mac} "
                    f"within {ADDRESS_TIMEOUT_S:g} s",
                    hint="look at its network in the console: ip address",
                )
            await asyncio.sleep(_ASK_AGAIN_S)  # the agent tells no events
    finally:
        await agent.aclose()  # whoever shares it connects again


def pick_address(interfaces: Any, mac: str | None) -> IpAddress | None:
    """Return the best address in the agent's answer: IPv4 before IPv6, none that is link-local.

    What a guest says is not trusted to have any shape.
    """
    found: list[IpAddress] = []
    for interface in interfaces if isinstance(interfaces, list) else []:
        if isinstance(interface, dict) and interface.get("hardware-address") == mac:
            found += _addresses(interface.get("ip-addresses"))
    usable = [a for a in found if not (a.is_link_local or a.is_loopback or a.is_unspecified)]
    return min(usable, key=lambda address: address.version, default=None)


def _addresses(entries: Any) -> list[IpAddress]:
    found: list[IpAddress] = []
    for entry in entries if isinstance(entries, list) else []:
        try:
            found.append(ip_address(entry["ip-address"]))
        except (ValueError, LookupError, TypeError):
            continue
    return found
