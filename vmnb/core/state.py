"""The states of a VM, the actions on it, and the one table of what is allowed when."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from vmnb.core.errors import StateError

__all__ = ["LIVE", "TRANSITIONS", "Action", "Cause", "VmState", "allowed_actions", "require"]


class VmState(StrEnum):
    """Where a VM is in its life."""

    PREPARING = "preparing"
    """Its resources are being made."""
    PREPARED = "prepared"
    """Everything it needs exists; it has never run."""
    RUNNING = "running"
    SUSPENDED = "suspended"
    """Its vCPUs are paused; its memory is kept."""
    STOPPED = "stopped"
    """It has run and was shut down; its disk is kept."""
    FAILED = "failed"
    """It ended in a way nobody asked for, or was only half made."""
    DESTROYED = "destroyed"
    """Nothing of it is left but its history."""


LIVE = (VmState.RUNNING, VmState.SUSPENDED)
"""The states in which there is a guest: its memory lives."""


class Action(StrEnum):
    """What can be asked of a VM."""

    PREPARE = "prepare"
    START = "start"
    STOP = "stop"
    SUSPEND = "suspend"
    RESUME = "resume"
    DESTROY = "destroy"


class Cause(StrEnum):
    """Who brought a change of state about."""

    USER = "user"
    GUEST = "guest"
    HOST = "host"
    FAILURE = "failure"


def _table() -> Mapping[Action, Mapping[VmState, VmState]]:
    off = (VmState.PREPARED, VmState.STOPPED, VmState.FAILED)
    table = {
        Action.PREPARE: {VmState.PREPARING: VmState.PREPARED},
        Action.START: dict.fromkeys(off, VmState.RUNNING),
        Action.STOP: dict.fromkeys((*LIVE, VmState.FAILED), VmState.STOPPED),
        Action.SUSPEND: {VmState.RUNNING: VmState.SUSPENDED},
        Action.RESUME: {VmState.SUSPENDED: VmState.RUNNING},
        Action.DESTROY: dict.fromkeys((*LIVE, *off), VmState.DESTROYED),
    }
    return MappingProxyType({action: MappingProxyType(row) for action, row in table.items()})


TRANSITIONS: Mapping[Action, Mapping[VmState, VmState]] = _table()
"""For each action: the states it is allowed in, and the state it leads to from there."""


def allowed_actions(state: VmState) -> frozenset[Action]:
    """Return the actions that `state` allows."""
    return frozenset(action for action, row in TRANSITIONS.items() if state in row)


def require(action: Action, state: VmState, name: str) -> VmState:
    """Return the state that `action` leads to from `state`.

    Raises
    ------
    StateError
        `state` does not allow `action`; the message lists what it does allow.
    """
    target = TRANSITIONS[action].get(state)
    if target is not None:
        return target
    allowed = sorted(allowed_actions(state) - {Action.PREPARE})
    raise StateError(
        f"cannot {action} {name!r}: it is {state}",
        hint=f"a {state} VM allows: {', '.join(allowed)}" if allowed else "make a new VM",
    )
