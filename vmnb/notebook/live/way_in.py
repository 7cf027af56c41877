"""How this computer reaches a guest behind NAT, where the guest's own address leads nowhere."""

from contextlib import suppress

from vmnb.core.errors import VmnbError
from vmnb.core.hypervisor import Capability
from vmnb.core.machine import Machine
from vmnb.core.network import Forward, Protocol

__all__ = ["arrow", "open_forwards", "way_in"]


async def open_forwards(machine: Machine) -> tuple[Forward, ...] | None:
    """Return the ports of the host that lead into it now; None where it has no card behind NAT."""
    if Capability.FORWARDS not in machine.capabilities or not machine.handle.network.has_user_card:
        return None
    with suppress(VmnbError):  # it does not run, or does not answer
        return await machine.forwards()
    return ()


def arrow(forward: Forward) -> str:
    """Return the host's port and the guest's, as ``8080→80``."""
    kind = "" if forward.protocol is Protocol.TCP else f"/{forward.protocol}"
    return f"{forward.host_port}→{forward.guest_port}{kind}"


def way_in(forwards: tuple[Forward, ...]) -> str:
    """Return the way from this computer into the guest, in words."""
    ways = ", ".join(f"127.0.0.1:{arrow(forward)}" for forward in forwards)
    return ways or "no port leads into it; vm.forward(80) opens one"
