"""Ports of the host that lead into the guest: QEMU itself binds them, and is asked which they are.

A port that nobody chose is bound as port 0, which the system replaces by a free one; so no other
program can take it between the choice and the use. What became of it is told by the monitor's
``info usernet`` alone, as a table for people (``slirp_connection_info`` of libslirp).
"""

import re

from vmnb.backends.qemu.argv import USER_NETDEV, bound_port, hostfwd
from vmnb.backends.qemu.running.attachment import Attachment
from vmnb.core.errors import BackendError
from vmnb.core.handle import VmHandle
from vmnb.core.network import Forward, Protocol

__all__ = [
    "add_forward",
    "planned_forwards",
    "read_forwards",
    "remove_forward",
    "ssh_host_port",
    "unbound",
]

_SSH_PORT = 22
_ROW = re.compile(
    r"^\s*(TCP|UDP)\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s+\S+\s+(\d+)\s", re.MULTILINE
)
_UNBOUND = re.compile(r"host forwarding rule '(\w+):127\.0\.0\.1:(\d+)-")


def planned_forwards(handle: VmHandle) -> tuple[Forward, ...]:
    """Return what a start opens: what the spec names, and the guest's SSH where that is wanted."""
    forwards = handle.network.forwards
    if handle.spec.ssh is None or not handle.network.has_user_card:
        return forwards
    if any(_leads_to_ssh(forward) for forward in forwards):
        return forwards
    return (*forwards, Forward(guest_port=_SSH_PORT))


def ssh_host_port(forwards: tuple[Forward, ...]) -> int | None:
    """Return the port of the host that leads to the guest's SSH."""
    return next((forward.host_port for forward in forwards if _leads_to_ssh(forward)), None)


async def read_forwards(attachment: Attachment) -> tuple[Forward, ...]:
    """Ask QEMU for what is bound now."""
    return tuple(
        Forward(guest_port=int(guest), host_port=int(host), protocol=Protocol(protocol.lower()))
        for protocol, host, guest in _ROW.findall(await _human(attachment, "info usernet"))
    )


async def add_forward(attachment: Attachment, forward: Forward) -> Forward:
    """Let QEMU bind one more port, and return it as it was bound.

    Raises
    ------
    BackendError
        The port cannot be had.
    """
    before = await read_forwards(attachment)
    said = await _human(attachment, f"hostfwd_add {USER_NETDEV} {hostfwd(forward)}")
    added = [bound for bound in await read_forwards(attachment) if bound not in before]
    if said.strip() or not added:
        raise unbound(said, attachment.name) or BackendError(
            f"QEMU of {attachment.name!r} did not forward {hostfwd(forward)}: {said.strip()}"
        )
    return added[0]


async def remove_forward(attachment: Attachment, forward: Forward) -> None:
    """Let QEMU close the host's port of `forward`.

    Raises
    ------
    BackendError
        It is not forwarded.
    """
    said = await _human(attachment, f"hostfwd_remove {USER_NETDEV} {bound_port(forward)}")
    if "removed" not in said:
        raise BackendError(
            f"{forward.protocol} port {forward.host_port} of this machine leads not into "
            f"{attachment.name!r}",
            hint="vm.forwards shows those that do",
        )


def unbound(said: str, name: str) -> BackendError | None:
    """Return what is the matter where QEMU said that it could not bind a port."""
    found = _UNBOUND.search(said)
    if found is None:
        return None
    protocol, port = found[1], found[2]
    return BackendError(
        f"{protocol} port {port} of this machine cannot be forwarded to {name!r}: another program "
        "has it" + (", or only root may take it" if int(port) < 1024 else ""),
        hint=f"ask for another port, or for none and the system chooses a free one; "
        f"ss -lnp 'sport = :{port}' shows who has it",
    )


def _leads_to_ssh(forward: Forward) -> bool:
    return forward.guest_port == _SSH_PORT and forward.protocol is Protocol.TCP


async def _human(attachment: Attachment, line: str) -> str:
    said = await attachment.execute("human-monitor-command", command_line=line)
    return said if isinstance(said, str) else ""
