"""Every VM of this user as it is now, a row each."""

from typing import NamedTuple

from vmnb.core import runtime
from vmnb.core.errors import VmnbError
from vmnb.core.machine import Machine

__all__ = ["MachineRow", "machine_rows"]


class MachineRow(NamedTuple):
    """The facts of one VM; ``state`` is ``unknown`` where it did not answer."""

    name: str
    state: str
    backend: str
    accelerator: str
    image: str
    vcpus: int
    memory_mib: int


async def machine_rows() -> list[MachineRow]:
    """Return every VM that is not destroyed, oldest first, its state asked now."""
    return [await _row(machine) for machine in await runtime.session().machines()]


async def _row(machine: Machine) -> MachineRow:
    try:
        state = str(await machine.state())
    except VmnbError:
        state = "unknown"
    handle = machine.handle
    return MachineRow(
        name=handle.name,
        state=state,
        backend=str(handle.backend),
        accelerator=handle.accelerator or "",
        image=handle.spec.image,
        vcpus=handle.vcpus,
        memory_mib=handle.memory_mib,
    )
