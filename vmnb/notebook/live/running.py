"""What can only be done while a VM runs, and what ends that."""

from vmnb.core.errors import StateError
from vmnb.core.machine import Machine
from vmnb.core.state import LIVE, VmState

__all__ = ["require_running", "stop_if_live"]

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


async def stop_if_live(machine: Machine, timeout_s: float) -> None:
    """Shut `machine` down if it runs or is suspended; else it stays as it is."""
    if await machine.state() in LIVE:
        await machine.stop(timeout_s)
