"""What a VM's history says of its states over time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from vmnb.core.history import HistoryRow
from vmnb.core.state import Cause, VmState

__all__ = ["Mark", "Segment", "StateLine"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A time in one state.

    Parameters
    ----------
    state
        None where nobody knows: something happened unseen.
    end
        None where it goes on.
    """

    state: VmState | None
    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that happened and left the state as it was."""

    time: datetime
    action: str
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StateLine:
    """The states of one VM, each following the other, and what happened in between."""

    segments: tuple[Segment, ...]
    marks: tuple[Mark, ...]

    @classmethod
    def of(cls, rows: Iterable[HistoryRow]) -> "StateLine":
        """Return what `rows`, oldest first, say; a VM that is destroyed ends there."""
        builder = _Builder()
        for row in rows:
            builder.take(row)
        return cls(segments=builder.finish(), marks=tuple(builder.marks))


class _Builder:
    def __init__(self) -> None:
        self.marks: list[Mark] = []
        self._done: list[Segment] = []
        self._state: VmState | None = None
        self._since: datetime | None = None
        self._seen: datetime | None = None
        """When it was last known to be in that state."""

    def take(self, row: HistoryRow) -> None:
        at = _moment(row)
        if self._since is None:
            self._begin(row.from_state or row.to_state, row.time)
        elif row.action == "found" or row.from_state not in (None, self._state):
            self._go_on_unseen(row)
        if row.to_state is not self._state:
            self._change(row.to_state, at)
        elif row.from_state is row.to_state:
            failed = row.cause is Cause.FAILURE
            self.marks.append(Mark(time=row.time, action=row.action, failed=failed))
        self._seen = max(self._seen or at, at)

    def finish(self) -> tuple[Segment, ...]:
        if self._since is not None and self._state is not VmState.DESTROYED:
            self._done.append(Segment(state=self._state, start=self._since))
        return tuple(self._done)

    def _begin(self, state: VmState | None, at: datetime) -> None:
        self._state, self._since, self._seen = state, at, at

    def _change(self, state: VmState | None, at: datetime) -> None:
        assert self._since is not None  # noqa: S101 - it began
        at = max(at, self._since)
        if at > self._since:
            self._done.append(Segment(state=self._state, start=self._since, end=at))
        self._begin(state, at)

    def _go_on_unseen(self, row: HistoryRow) -> None:
        """Between what was seen last and this row, nobody knows when what changed."""
        assert self._seen is not None  # noqa: S101 - it began
        self._change(None, self._seen)
        self._change(row.to_state if row.action == "found" else row.from_state, row.time)


def _moment(row: HistoryRow) -> datetime:
    """Return when the row's change came about: an action's at its end, an event's at once."""
    return row.time if row.key is not None else row.end
