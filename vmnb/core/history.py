"""One row of a VM's history."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from vmnb.core.state import Cause, VmState

__all__ = ["HistoryRow", "utc_now"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """Something that was done to a VM, or happened to it.

    Parameters
    ----------
    time
        When it began, in UTC, to the microsecond.
    from_state
        The state before, or None where there was none.
    action
        An :class:`~vmnb.core.state.Action`, or the word of an event such as ``power-off``.
    duration_s
        How long it took in seconds, or None where it has no length.
    key
        Names an event for good, so that two processes record it once; None for an action.
    """

    time: datetime
    from_state: VmState | None
    to_state: VmState
    action: str
    duration_s: float | None
    cause: Cause
    detail: str = ""
    key: str | None = None

    @property
    def end(self) -> datetime:
        """When it was over."""
        return self.time + timedelta(seconds=self.duration_s or 0)


def utc_now() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(UTC)
