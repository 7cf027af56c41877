"""What QEMU's own words for a VM's state mean here."""

from vmnb.core.errors import BackendError
from vmnb.core.state import VmState

__all__ = ["from_run_state"]

_STATES = {
    "running": VmState.RUNNING,
    "colo": VmState.RUNNING,
    "paused": VmState.SUSPENDED,
    "suspended": VmState.SUSPENDED,
    "debug": VmState.SUSPENDED,
    "io-error": VmState.SUSPENDED,  # the write that failed is tried again when it is resumed
    "finish-migrate": VmState.SUSPENDED,
    "postmigrate": VmState.SUSPENDED,
    "save-vm": VmState.SUSPENDED,
    "restore-vm": VmState.SUSPENDED,
    "prelaunch": VmState.PREPARED,
    "inmigrate": VmState.PREPARING,
    "shutdown": VmState.STOPPED,
    "guest-panicked": VmState.FAILED,
    "internal-error": VmState.FAILED,
    "watchdog": VmState.FAILED,
}
"""By QMP's ``RunState`` (``run-state.json`` of QEMU 7.2 to 10)."""


def from_run_state(run_state: str) -> VmState:
    """Return the state that QMP's ``query-status`` tells.

    Raises
    ------
    BackendError
        QEMU says something that this version does not know.
    """
    if run_state not in _STATES:
        raise BackendError(
            f"QEMU calls the VM's state {run_state!r}, which is not known here",
            hint="use a newer vmnb, or an older QEMU",
        )
    return _STATES[run_state]
