"""What can only be done while a VM runs."""

from vmnb.core.errors import StateError
from vmnb.core.machine import Machine
from vmnb.core.state import VmState

__all__ = ["require_running"]

_RUNNABLE = {VmState.SUSPENDED: "vm.resume()", VmState.DESTROYED: "make a new VM"}
"""What to do before anything can be done in its guest, where it is not to start it."""


async def require_running(machine: Machine, do: str) -> None:
    """Raise StateError where `machine` does not run, and so one cannot `do` it."""
    state = await machine.state()
    if state is not VmState.RUNNING:
        raise StateError(
            f"cannot {do} {machine.name!r}: it is {state}",
            hint=_RUNNABLE.get(state, "vm.start()"),
        )
