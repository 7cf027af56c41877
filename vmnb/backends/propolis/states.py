"""The server's states of an instance, and what they are of ours."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from vmnb.core.state import VmState

__all__ = ["ENDED", "STATES", "InstanceState"]


class InstanceState(StrEnum):
    """Where the server says that an instance is."""

    CREATING = "Creating"
    STARTING = "Starting"
    RUNNING = "Running"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    REBOOTING = "Rebooting"
    MIGRATING = "Migrating"
    REPAIRING = "Repairing"
    FAILED = "Failed"
    DESTROYED = "Destroyed"


STATES: Mapping[InstanceState, VmState] = MappingProxyType(
    {
        InstanceState.CREATING: VmState.PREPARED,
        InstanceState.STARTING: VmState.RUNNING,
        InstanceState.RUNNING: VmState.RUNNING,
        InstanceState.STOPPING: VmState.RUNNING,  # until it has stopped, there is a guest
        InstanceState.STOPPED: VmState.STOPPED,
        InstanceState.REBOOTING: VmState.RUNNING,
        InstanceState.MIGRATING: VmState.RUNNING,
        InstanceState.REPAIRING: VmState.RUNNING,
        InstanceState.FAILED: VmState.FAILED,
        InstanceState.DESTROYED: VmState.STOPPED,  # the server's part of it is; ours is kept
    }
)
"""What each is of a VM's states; it can be started again after the last of its kind."""

ENDED = frozenset({InstanceState.STOPPED, InstanceState.FAILED, InstanceState.DESTROYED})
"""The states from which an instance never runs again; a new one takes its place."""
