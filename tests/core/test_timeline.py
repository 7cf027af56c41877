"""What a history says of the states over time."""

from datetime import UTC, datetime, timedelta

import pytest

from vmnb.core.history import HistoryRow
from vmnb.core.state import Cause, VmState
from vmnb.core.timeline import StateLine

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
P, Q, R, S, F = (
    VmState.PREPARING,
    VmState.PREPARED,
    VmState.RUNNING,
    VmState.STOPPED,
    VmState.FAILED,
)


def row(
    second: float,
    before: VmState | None,
    after: VmState,
    action: str,
    *,
    took_s: float | None = None,
    event: bool = False,
    cause: Cause = Cause.USER,
) -> HistoryRow:
    return HistoryRow(
        time=BEGAN + timedelta(seconds=second),
        from_state=before,
        to_state=after,
        action=action,
        duration_s=took_s,
        cause=cause,
        key=f"{action}:{second}" if event else None,
    )


PREPARED = row(0, P, Q, "prepare", took_s=2)
STARTED = row(10, Q, R, "start", took_s=1)


def shown(*rows: HistoryRow) -> list[tuple[str, float, float | None]]:
    def since(time: datetime | None) -> float | None:
        return None if time is None else (time - BEGAN).total_seconds()

    segments = StateLine.of(rows).segments
    return [(str(s.state or "unknown"), since(s.start) or 0.0, since(s.end)) for s in segments]


def test_an_action_changes_the_state_at_its_end() -> None:
    assert shown(PREPARED, STARTED) == [
        ("preparing", 0, 2),
        ("prepared", 2, 11),
        ("running", 11, None),
    ]


def test_an_event_changes_the_state_when_it_happens_however_long_the_vm_ran() -> None:
    off = row(30, R, S, "power-off", took_s=20, event=True)
    assert shown(PREPARED, STARTED, off)[-2:] == [("running", 11, 30), ("stopped", 30, None)]


def test_a_vm_that_is_destroyed_ends() -> None:
    gone = row(40, R, VmState.DESTROYED, "destroy", took_s=1)
    assert shown(PREPARED, STARTED, gone)[-1] == ("running", 11, 41)


def test_between_what_was_seen_last_and_what_was_found_nobody_knows() -> None:
    ready = row(15, R, R, "ready", took_s=5, event=True)
    found = row(90, R, F, "found", cause=Cause.HOST)
    assert shown(PREPARED, STARTED, ready, found)[-3:] == [
        ("running", 11, 15),
        ("unknown", 15, 90),
        ("failed", 90, None),
    ]


def test_a_row_that_begins_elsewhere_than_the_last_one_ended_leaves_a_gap() -> None:
    later = row(60, S, R, "start", took_s=1)
    assert shown(PREPARED, STARTED, later)[-3:] == [
        ("unknown", 11, 60),
        ("stopped", 60, 61),
        ("running", 61, None),
    ]


def test_what_changes_no_state_is_a_mark_and_a_failure_says_so() -> None:
    failed = row(5, Q, Q, "start", took_s=1, cause=Cause.FAILURE)
    ready = row(15, R, R, "ready", took_s=5, event=True)
    line = StateLine.of([PREPARED, failed, STARTED, ready])
    assert [(mark.action, mark.failed) for mark in line.marks] == [
        ("start", True),
        ("ready", False),
    ]
    assert [str(each.state) for each in line.segments] == ["preparing", "prepared", "running"]


@pytest.mark.parametrize("rows", [[], [row(0, None, Q, "prepare")]])
def test_little_history_is_little_to_see(rows: list[HistoryRow]) -> None:
    assert len(shown(*rows)) == len(rows)


def test_a_clock_that_was_set_back_draws_no_time_backwards() -> None:
    earlier = row(4, R, S, "stop", took_s=1)
    ends = [(start, end) for _, start, end in shown(PREPARED, STARTED, earlier)]
    assert all(end is None or end >= start for start, end in ends)
