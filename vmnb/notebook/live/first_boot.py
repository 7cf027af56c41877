"""What is done in a guest once, when it has booted for the first time."""

from collections.abc import Sequence

from vmnb.core.errors import VmnbError
from vmnb.core.finish import finish
from vmnb.core.history import utc_now
from vmnb.core.machine import Machine
from vmnb.core.state import Cause
from vmnb.lab import Step
from vmnb.notebook.live.live import Live
from vmnb.notebook.vm.aio import AsyncVM

__all__ = ["is_provisioned", "provision"]

_PROVISION = "provision"


async def is_provisioned(machine: Machine) -> bool:
    """Return whether all of it was done already, as the VM's history has it."""
    rows = await machine.history()
    return any(row.action == _PROVISION and row.cause is Cause.USER for row in rows)


async def provision(live: Live, steps: Sequence[Step], timeout_s: float) -> None:
    """Do `steps` in order, each within `timeout_s` seconds; the history keeps how that went.

    Raises
    ------
    VmnbError
        As by :meth:`vmnb.VM.provision`.
    """
    machine, began = live.machine, utc_now()
    try:
        await AsyncVM(live).provision(steps, timeout=timeout_s)
    except VmnbError as error:
        detail = error.message.splitlines()[0]
        await finish(machine.note(_PROVISION, began, cause=Cause.FAILURE, detail=detail))
        raise
    await finish(machine.note(_PROVISION, began))
