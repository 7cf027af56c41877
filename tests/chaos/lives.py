"""Whether what is recorded of a VM can have happened: each row begins where the last one ended."""

from collections.abc import Sequence

from vmnb.core.history import HistoryRow
from vmnb.core.state import TRANSITIONS, Action, Cause, VmState

__all__ = ["contradictions"]


def contradictions(rows: Sequence[HistoryRow]) -> list[str]:
    """Return what cannot have been so."""
    wrong = []
    before: VmState | None = VmState.PREPARING
    for row in rows:
        if row.from_state is not before:
            wrong.append(f"{row.action} at {row.time} began {row.from_state}, after {before}")
        if row.action in set(Action) and row.cause is not Cause.FAILURE and not row.detail:
            leads = TRANSITIONS[Action(row.action)]
            if row.from_state is None or leads.get(row.from_state) is not row.to_state:
                wrong.append(f"{row.action} led from {row.from_state} to {row.to_state}")
        before = row.to_state
    return wrong
