"""Whether a guest has booted, as far as its history tells."""

from collections.abc import Sequence

from vmnb.core.history import HistoryRow
from vmnb.core.state import Action, VmState

__all__ = ["is_guest_up"]

_BEGINNINGS = frozenset({Action.START, "ready", "restore", "awaken", "rewind"})
"""Actions after which a guest boots, or is up."""


def is_guest_up(state: VmState, history: Sequence[HistoryRow]) -> bool:
    """Return whether the guest of a VM in `state` is up, and can be asked without a wait."""
    if state is not VmState.RUNNING:
        return False
    actions = [row.action for row in history]
    last = next((each for each in reversed(actions) if each in _BEGINNINGS), None)
    return last is not None and last != Action.START
