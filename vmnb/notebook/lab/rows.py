"""How the VMs of a lab are now, a row each."""

from contextlib import suppress
from dataclasses import dataclass

from vmnb.core.errors import VmnbError
from vmnb.core.machine import Machine
from vmnb.core.network import Forward
from vmnb.lab import Member
from vmnb.notebook.live.live import Live
from vmnb.notebook.live.way_in import arrow, open_forwards

__all__ = ["LabRow", "lab_row"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabRow:
    """How a VM of a lab is now.

    Parameters
    ----------
    vm
        What the file calls it.
    state
        A :class:`~vmnb.core.state.VmState`, ``not made``, or ``unknown`` where it does not answer.
    address
        The guest's, empty where it is not known.
    forwards
        Ports of the host that lead into the guest now.
    """

    vm: str
    name: str
    state: str
    backend: str
    address: str
    forwards: tuple[Forward, ...]
    needs: tuple[str, ...]

    def texts(self) -> tuple[str, ...]:
        """Return each column as it is shown; a forward as ``8080→80``."""
        return (
            self.vm,
            self.name,
            self.state,
            self.backend,
            self.address,
            ", ".join(arrow(forward) for forward in self.forwards),
            ", ".join(self.needs),
        )


async def lab_row(member: Member, machine: Machine | None) -> LabRow:
    """Return how the VM is now; None for one that is not made."""
    state = "not made" if machine is None else "unknown"
    address = ""
    forwards: tuple[Forward, ...] = ()
    if machine is not None:
        with suppress(VmnbError):
            state = str(await machine.state())
            address = (await Live.of(machine)).card()["address"]
            forwards = await open_forwards(machine) or ()
    return LabRow(
        vm=member.key,
        name=member.name,
        state=state,
        backend=machine.handle.backend if machine else member.backend or "",
        address=address,
        forwards=forwards,
        needs=member.needs,
    )
