"""Samples of a VM that never was."""

from datetime import UTC, datetime, timedelta

from vmnb.core.metrics import Sample, Traffic

__all__ = ["sample"]

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
