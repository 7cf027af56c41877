"""Samples of a VM that never was."""

from datetime import UTC, datetime, timedelta

from vmnb.core.history import HistoryRow, utc_now
from vmnb.core.metrics import Sample, Traffic
from vmnb.core.state import Cause, VmState

__all__ = ["row", "sample"]

_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def sample(
    second: float, cpu_s: float = 0.0, *, run: str = "1", read: int | None = 0, vcpus: int = 1
) -> Sample:
    """Return a sample that was taken `second` seconds after the first moment of 2026."""
    return Sample(
        time=_BEGAN + timedelta(seconds=second),
        clock_s=second,
        run=run,
        cpu_s=cpu_s,
        vcpu_s=(cpu_s / vcpus,) * vcpus,
        memory_mib=100.0,
        traffic=Traffic(disk_read_bytes=read),
    )


def row(action: str, to_state: VmState, key: str | None = None) -> HistoryRow:
    """Return a row of a history, of what has just been done to it."""
    return HistoryRow(
        time=utc_now(),
        from_state=None,
        to_state=to_state,
        action=action,
        duration_s=0.5,
        cause=Cause.USER,
        key=key,
    )
