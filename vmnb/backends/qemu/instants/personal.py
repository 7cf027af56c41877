"""What a guest is told when it wakes up: the time, and who it is."""

import asyncio

from vmnb.backends.qemu.files import Sockets, WorkFiles
from vmnb.core.errors import CloneError, DeadlineError
from vmnb.core.handle import VmHandle
from vmnb.core.names import host_name
from vmnb.core.network import NetworkConfig, NetworkMode
from vmnb.guest.agent import GuestAgent
from vmnb.guest.agent_way import AgentWay
from vmnb.guest.command import Command
from vmnb.guest.identity import Identity, take_on, wake_up
from vmnb.guest.run import run
from vmnb.guest.ssh_key import public_key
from vmnb.guest.ssh_place import host_keys_path, key_path
from vmnb.guest.ssh_trust import HostKeys
from vmnb.lan import card_mac

__all__ = [
    "become_another",
    "card_of_copy",
    "cards",
    "login_key",
    "require_agent",
    "tell_time",
    "warm_up",
]

_ANSWER_S = 5.0
_WARM_UP_S = 10.0
_KEY_BEGINS = "AAAA"
"""As every key does in ``authorized_keys``: the length of its kind comes first."""


def cards(handle: VmHandle) -> tuple[str, ...]:
    """Return the addresses of the guest's network cards, in their order."""
    own = (handle.mac,) if handle.mac else ()
    lan = (card_mac(handle.id),) if handle.network.network is not None else ()
    return (*own, *lan)


def card_of_copy(network: NetworkConfig, *, own: str | None, before: str | None) -> str | None:
    """Return the address of a VM's card, whose guest goes on with the one `before`; None for none.

    Behind NAT nobody else sees it, and the ports of the host lead to the address that the guest has
    for it: it stays. On a bridge it must be another, which is the VM's own.
    """
    return own if network.mode is NetworkMode.TAP else before


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


def login_key(handle: VmHandle) -> str | None:
    """Return the key that may log in by SSH, as its base64 alone; None where there is none."""
    ssh = handle.spec.ssh
    if ssh is None:
        return None
    if ssh.private_key is not None:
        line = public_key(ssh)
    else:
        path = key_path(WorkFiles.of_handle(handle).directory)
        line = path.with_suffix(".pub").read_text(encoding="utf-8")
    return next(word for word in line.split() if word.startswith(_KEY_BEGINS))


async def become_another(
    handle: VmHandle,
    cards_before: tuple[str, ...],
    *,
    instead_of: str | None = None,
    login: tuple[str, str] | None = None,
    reseeds: bool = True,
) -> None:
    """Make a guest that just woke up, on the memory of another, the machine of `handle`.

    Parameters
    ----------
    instead_of, login, reseeds
        See :class:`~vmnb.guest.identity.Identity`.

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
        instead_of=instead_of,
        login=login,
        reseeds=reseeds,
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


async def warm_up(handle: VmHandle) -> None:
    """Run a command that does nothing: an emulated guest's code is translated as it first runs."""
    await run(AgentWay(_agent(handle)), Command.of("true"), timeout_s=_WARM_UP_S)


def _agent(handle: VmHandle) -> GuestAgent:
    return GuestAgent.of(Sockets.of_handle(handle).agent)
