"""What a VM uses of its host: a measurement, and what lies between two of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Protocol, TypedDict, runtime_checkable

from vmnb.core.handle import VmHandle

__all__ = ["Measuring", "Rates", "Sample", "Traffic", "with_rates"]


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
    """How fast a VM used things before a sample.

    Parameters
    ----------
    cpu_percent
        Of one core of the host, by the whole VM, since the sample before.
    vcpu_percent
        Likewise, by each virtual CPU.
    per_s
        Each count of :class:`Traffic` per second, since it was last known; None where it is not.
    """

    cpu_percent: float
    vcpu_percent: tuple[float, ...]
    per_s: Mapping[str, float | None]

    @property
    def vcpus_percent(self) -> float | None:
        """The sum over all virtual CPUs; None where they are not known."""
        return sum(self.vcpu_percent) if self.vcpu_percent else None


def with_rates(samples: Iterable[Sample]) -> list[tuple[Sample, Rates | None]]:
    """Return each sample with its rates; the first of each run has none."""
    rated: list[tuple[Sample, Rates | None]] = []
    before: Sample | None = None
    counts: dict[str, _Count] = {}
    for sample in samples:
        if before is None or before.run != sample.run:
            before, counts = None, {}
        per_s = {name: _per_s(counts, name, sample) for name in _COUNTED}
        span_s = sample.clock_s - before.clock_s if before else 0
        rates = Rates(per_s=per_s, **_cpu(before, sample, span_s)) if before and span_s else None
        rated.append((sample, rates))
        before = sample
    return rated


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


_COUNTED = tuple(field.name for field in fields(Traffic))
_Count = tuple[float, int]
"""When a count was known, and what it was."""


class _Cpu(TypedDict):
    cpu_percent: float
    vcpu_percent: tuple[float, ...]


def _cpu(before: Sample, after: Sample, span_s: float) -> _Cpu:
    pairs = zip(before.vcpu_s, after.vcpu_s, strict=False)
    return _Cpu(
        cpu_percent=100 * (after.cpu_s - before.cpu_s) / span_s,
        vcpu_percent=tuple(100 * (new - old) / span_s for old, new in pairs),
    )


def _per_s(counts: dict[str, _Count], name: str, sample: Sample) -> float | None:
    """Return a count's rate since it was last known, and keep in `counts` what it is now."""
    now: int | None = getattr(sample.traffic, name)
    if now is None:
        return None
    before, counts[name] = counts.get(name), (sample.clock_s, now)
    if before is None or sample.clock_s <= before[0]:
        return None
    return max(0, now - before[1]) / (sample.clock_s - before[0])
