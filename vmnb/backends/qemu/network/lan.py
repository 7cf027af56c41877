"""A VM as a member of its private network."""

import asyncio
import logging

from vmnb.backends.qemu.argv import LanCard
from vmnb.backends.qemu.files import Sockets
from vmnb.core.errors import VmnbError
from vmnb.core.finish import finish
from vmnb.core.handle import VmHandle
from vmnb.core.names import host_name
from vmnb.lan import card_mac, join, leave, look

__all__ = ["join_network", "leave_network", "tell_network"]

_log = logging.getLogger(__name__)


async def join_network(handle: VmHandle, sockets: Sockets) -> LanCard | None:
    """Make a VM about to start a member, and return its card; None where it has no such network.

    Raises
    ------
    BackendError, StoreError
        The network cannot be had.
    """
    if handle.network.network is None:
        return None
    joining = asyncio.to_thread(
        join,
        handle.network.network,
        handle.id,
        _host(handle),
        port=sockets.lan,
        pidfile=sockets.pidfile,
    )
    switch = await finish(joining)
    return LanCard(mac=card_mac(handle.id), port=sockets.lan, switch=switch)


async def tell_network(handle: VmHandle) -> None:
    """Let the switch find a VM that runs by now."""
    if handle.network.network is not None:
        await finish(asyncio.to_thread(look, handle.network.network))


async def leave_network(handle: VmHandle) -> None:
    """Let the network forget a VM that is gone, which nothing may hold up."""
    if handle.network.network is not None:
        try:
            await finish(asyncio.to_thread(leave, handle.network.network, handle.id))
        except VmnbError:
            _log.exception("the network %r still knows %r", handle.network.network, handle.name)


def _host(handle: VmHandle) -> str:
    """Return what the guest calls itself, or would."""
    told = handle.spec.cloud_init.hostname if handle.spec.cloud_init else None
    return told.partition(".")[0].lower() if told else host_name(handle.name)
