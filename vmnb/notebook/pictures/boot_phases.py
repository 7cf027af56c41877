"""Where the time of a boot went: what the host saw and what the guest says, put together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from vmnb.core.boot import BootMark, Milestone
from vmnb.core.history import HistoryRow
from vmnb.core.state import Action, VmState
from vmnb.core.timeline import StateLine
from vmnb.guest.boot_facts import GuestBoot, printk_stamp, printk_times

__all__ = ["KernelClock", "Phase", "boot_phases", "console_boot", "kernel_clock"]

_HOST, _GUEST, _AGENT, _CLOUD = "host", "guest's kernel", "guest's agent", "cloud-init"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A part of a boot; parts may overlap.

    Parameters
    ----------
    source
        Who knows of it.
    """

    name: str
    start: datetime
    end: datetime
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelClock:
    """The guest's own count of seconds, by the host's clock.

    Parameters
    ----------
    zero
        When the guest's kernel began to count.
    accuracy_s
        By how much that may be wrong.
    """

    zero: datetime
    accuracy_s: float

    def at(self, seconds: float) -> datetime:
        """Return the moment that the guest calls `seconds`."""
        return self.zero + timedelta(seconds=seconds)


def kernel_clock(
    guest: GuestBoot, asked: datetime, answered: datetime, rows: Sequence[HistoryRow]
) -> KernelClock:
    """Return the guest's clock, for it was asked between two moments; it stood while suspended."""
    earliest = asked - timedelta(seconds=guest.began_asking_s)
    latest = answered - timedelta(seconds=guest.ended_asking_s)
    half = max(latest - earliest, timedelta()) / 2
    zero = earliest + half - _suspended(rows)
    return KernelClock(zero=zero, accuracy_s=half.total_seconds())


def console_boot(lines: Sequence[tuple[datetime, str]]) -> tuple[GuestBoot, KernelClock] | None:
    """Return what the kernel's messages on the console tell; None where there are none with times.

    Parameters
    ----------
    lines
        What the console said, each line with the time of its arrival.
    """
    stamped = [(at, stamp) for at, line in lines if (stamp := printk_stamp(line)) is not None]
    if not stamped:
        return None
    # No message comes before it was written; the one that came quickest says most.
    zero = min(at - timedelta(seconds=stamp) for at, stamp in stamped)
    init_s, root_s = printk_times("\n".join(line for _, line in lines))
    last_s = stamped[-1][1]
    guest = GuestBoot(began_asking_s=last_s, ended_asking_s=last_s, init_s=init_s, root_s=root_s)
    return guest, KernelClock(zero=zero, accuracy_s=0.0)


def boot_phases(
    marks: Sequence[BootMark],
    rows: Sequence[HistoryRow],
    guest: GuestBoot | None,
    clock: KernelClock | None,
) -> list[Phase]:
    """Return the parts of the last boot that are known, each after the one that began before."""
    spans = _spans(_Known.of(marks, rows), guest, clock)
    phases = [
        Phase(name=name, start=start, end=end, source=source)
        for name, start, end, source in spans
        if start is not None and end is not None and end > start
    ]
    return sorted(phases, key=lambda phase: phase.start)


_Span = tuple[str, datetime | None, datetime | None, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the host saw of the last boot."""

    spawned: datetime | None
    started: datetime | None
    reset: datetime | None
    ready: datetime | None

    @classmethod
    def of(cls, marks: Sequence[BootMark], rows: Sequence[HistoryRow]) -> "_Known":
        starts = [
            row for row in rows if row.action == Action.START and row.to_state is VmState.RUNNING
        ]
        resets = [mark.time for mark in marks if mark.milestone is Milestone.RESET]
        reset = resets[-1] if resets else None
        ready = [mark.time for mark in marks if mark.milestone is Milestone.READY]
        spawned = [mark.time for mark in marks if mark.milestone is Milestone.SPAWNED]
        return cls(
            spawned=next(iter(spawned), starts[-1].time if starts else None),
            started=starts[-1].end if starts else None,
            reset=reset,
            ready=next((time for time in ready if reset is None or time > reset), None),
        )


def _spans(seen: _Known, guest: GuestBoot | None, clock: KernelClock | None) -> Iterator[_Span]:
    on = seen.reset or seen.started
    if seen.reset is None:
        yield ("hypervisor", seen.spawned, seen.started, _HOST)
    if guest is None or clock is None:
        yield ("boot", on, seen.ready, _HOST)
        return

    def at(seconds: float | None) -> datetime | None:
        return None if seconds is None else clock.at(seconds)

    root_s = guest.userspace_s or guest.root_s
    # A kernel counts only after its first steps: where the firmware ended, nobody says.
    yield ("firmware, early kernel", on, clock.zero, _GUEST)
    yield ("kernel", clock.zero, at(guest.init_s), _GUEST)
    yield ("root file system", at(guest.init_s), at(root_s), _GUEST)
    yield ("system", at(guest.userspace_s), at(guest.finished_s), "systemd")
    yield ("agent", at(root_s) or at(guest.init_s) or clock.zero, seen.ready, _AGENT)
    for stage in guest.stages:
        yield (f"cloud-init {stage.name}", at(stage.start_s), at(stage.end_s), _CLOUD)


def _suspended(rows: Sequence[HistoryRow]) -> timedelta:
    """Return how long the VM has been suspended since its last start."""
    starts = [row.time for row in rows if row.action in (Action.START, "reboot")]
    segments = StateLine.of(rows).segments
    lengths = (
        each.end - each.start
        for each in segments
        if each.state is VmState.SUSPENDED and each.end and starts and each.start > starts[-1]
    )
    return sum(lengths, timedelta())
