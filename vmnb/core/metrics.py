"""What a VM uses of its host: a measurement, and what lies between two of them."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Protocol, Self, runtime_checkable

from vmnb.core.handle import VmHandle

__all__ = ["Measuring", "Rates", "Sample", "Traffic"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What a VM has moved since its run began; None where that is not known.

    Parameters
    ----------
    disk_reads, disk_writes
        Operations of the guest on its disks.
    network_received_bytes, network_sent_bytes
        Of all network cards, as the guest sees it.
    """

    disk_read_bytes: int | None = None
    disk_written_bytes: int | None = None
    disk_reads: int | None = None
    disk_writes: int | None = None
    network_received_bytes: int | None = None
    network_sent_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One look at a VM that runs; what is None could not be known.

    Parameters
    ----------
    time
        When, in UTC.
    clock_s
        The same by a clock that is never set; only differences mean something.
    run
        Names the run that was looked at: nothing is compared over a restart.
    cpu_s
        Time that the host's processors have spent on the VM, in seconds.
    vcpu_s
        What of it each virtual CPU has used.
    memory_mib
        Memory of the host that the VM holds.
    memory_pss_mib
        The same, with each shared page counted as a share.
    guest_memory_mib
        Memory that the guest itself says is in use.
    notes
        Sentences about where values come from, and why others are missing.
    """

    time: datetime
    clock_s: float
    run: str
    cpu_s: float
    vcpu_s: tuple[float, ...] = ()
    memory_mib: float
    memory_pss_mib: float | None = None
    guest_memory_mib: float | None = None
    traffic: Traffic = Traffic()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How fast a VM used things between two samples.

    Parameters
    ----------
    cpu_percent
        Of one core of the host, by the whole VM.
    vcpu_percent
        Likewise, by each virtual CPU.
    per_s
        Each count of :class:`Traffic`, per second.
    """

    cpu_percent: float
    vcpu_percent: tuple[float, ...]
    per_s: dict[str, float | None]

    @classmethod
    def between(cls, before: Sample | None, after: Sample) -> Self | None:
        """Return the means between two samples; None where they are not of one run."""
        if before is None or before.run != after.run or after.clock_s <= before.clock_s:
            return None
        span_s = after.clock_s - before.clock_s
        return cls(
            cpu_percent=100 * (after.cpu_s - before.cpu_s) / span_s,
            vcpu_percent=tuple(
                100 * (new - old) / span_s
                for old, new in zip(before.vcpu_s, after.vcpu_s, strict=False)
            ),
            per_s={
                field.name: _per_s(
                    getattr(before.traffic, field.name), getattr(after.traffic, field.name), span_s
                )
                for field in fields(Traffic)
            },
        )


@runtime_checkable
class Measuring(Protocol):
    """A hypervisor with :attr:`~vmnb.core.hypervisor.Capability.METRICS`."""

    async def measure(self, handle: VmHandle) -> Sample:
        """Look at what the VM uses now.

        Raises
        ------
        StateError
            It does not run.
        """
        ...


def _per_s(before: int | None, after: int | None, span_s: float) -> float | None:
    if before is None or after is None:
        return None
    return max(0, after - before) / span_s
