"""What a guest is told when it wakes up: the time, and who it is."""

import asyncio

from vmnb.backends.qemu.files import Sockets, WorkFiles
from vmnb.core.errors import CloneError, DeadlineError
from vmnb.core.handle import VmHandle
from vmnb.core.names import host_name
from vmnb.guest.agent import GuestAgent
from vmnb.guest.identity import Identity, take_on, wake_up
from vmnb.guest.ssh_place import host_keys_path
from vmnb.guest.ssh_trust import HostKeys
from vmnb.lan import card_mac

__all__ = ["become_another", "cards", "require_agent", "tell_time"]

_ANSWER_S = 5.0


def cards(handle: VmHandle) -> tuple[str, ...]:
    """Return the addresses of the guest's network cards, in their order."""
    own = (handle.mac,) if handle.mac else ()
    lan = (card_mac(handle.id),) if handle.network.network is not None else ()
    return (*own, *lan)


async def require_agent(handle: VmHandle) -> None:
    """Raise CloneError where nothing in a guest that runs could make its copies other machines."""
    try:
        await _agent(handle).wait_ready(_ANSWER_S)
    except DeadlineError as error:
        raise CloneError(
            f"{handle.name!r} cannot be copied: no guest agent answers in it, and its copies "
            "would have its addresses, names and random numbers",
            hint="install qemu-guest-agent in it; or wait until it has booted: vm.wait_ready()",
        ) from error


async def become_another(handle: VmHandle, cards_before: tuple[str, ...]) -> None:
    """Make a guest that just woke up, on the memory of another, the machine of `handle`.

    Raises
    ------
    CloneError, DeadlineError, StateError
        See :func:`~vmnb.guest.identity.take_on`.
    """
    pairs = zip(cards_before, cards(handle), strict=True)
    identity = await asyncio.to_thread(
        Identity.fresh,
        host_name(handle.name),
        macs={before: own for before, own in pairs if before != own},
        ssh=handle.spec.image != "tiny",  # which has no SSH server, and a key takes a while
    )
    directory = WorkFiles.of_handle(handle).directory
    keys = HostKeys(host_keys_path(directory), handle.id)
    await take_on(_agent(handle), identity, host_keys=keys)


async def tell_time(handle: VmHandle) -> None:
    """Let a guest that was kept for a while draw new random numbers, and have the right time.

    One without an agent has neither, unless its kernel hears of it by itself.
    """
    if handle.has_agent:
        await wake_up(_agent(handle))


def _agent(handle: VmHandle) -> GuestAgent:
    return GuestAgent.of(Sockets.of_handle(handle).agent)
