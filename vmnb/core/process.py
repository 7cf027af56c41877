"""A process found without doubt and held, so that it is never mistaken for another.

A PID alone names nothing: it may have been given to another process. Here a process is named by the
lock that it holds on its pidfile, by its start time and by the boot of the host, and it is held by
a pidfd, which can never mean another one.
"""

import fcntl
import os
import select
import signal
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from vmnb.core.errors import BackendError

__all__ = [
    "Found",
    "ProcessId",
    "boot_id",
    "find_process",
    "hold",
    "identify",
    "stat_fields",
    "time_of_boot",
]

_FLOCK = struct.Struct("hhqqi4x")  # struct flock of 64-bit Linux (fcntl(2))
_START = 22  # field of /proc/PID/stat, proc(5)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessId:
    """What names a process for good: its number, start time in clock ticks, and boot."""

    pid: int
    start: int
    boot: str


@dataclass(frozen=True, slots=True)
class Found:
    """A living process and the pidfd that holds it; whoever gets it closes the pidfd."""

    identity: ProcessId
    pidfd: int

    def kill(self) -> None:
        """End this child of ours, wait for its end, and let go of it."""
        signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        os.waitid(os.P_PIDFD, self.pidfd, os.WEXITED)
        self.close()

    def end(self) -> None:
        """End it, whoever started it, wait for its end, and let go of it."""
        signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        select.select([self.pidfd], [], [])  # readable when it is over (pidfd_open(2))
        self.close()

    def close(self) -> None:
        """Let go of it; it goes on."""
        os.close(self.pidfd)


@cache
def boot_id() -> str:
    """Return the kernel's name of the host's present boot, or nothing where it has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


@cache
def time_of_boot() -> datetime:
    """Return when the host's present boot began, to the second; now where that is not known."""
    with suppress(OSError):
        for line in Path("/proc/stat").read_text().splitlines():
            if line.startswith("btime "):
                return datetime.fromtimestamp(int(line.split()[1]), UTC)
    return datetime.now(UTC)


def identify(pid: int) -> ProcessId:
    """Return what names the process that has the number `pid` now.

    Raises
    ------
    FileNotFoundError
        There is none.
    """
    stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    return ProcessId(pid=pid, start=int(stat_fields(stat)[_START]), boot=boot_id())


def stat_fields(stat: str) -> list[str]:
    """Return the fields of a ``/proc/PID/stat``, each at its number in ``proc(5)``."""
    after_name = stat.rpartition(")")[2].split()  # the name may hold spaces; field 3 follows it
    return ["", "", "", *after_name]


def find_process(pidfile: Path, known: ProcessId | None) -> Found | None:
    """Return the living process that holds `pidfile`, else the one `known` from before."""
    owner = _lock_owner(pidfile)
    if owner is not None:
        return hold(owner, lambda: _lock_owner(pidfile) == owner)
    if known is None or known.boot != boot_id():
        return None
    return hold(known.pid, lambda: identify(known.pid) == known)


def hold(pid: int, is_it: Callable[[], bool]) -> Found | None:
    """Return the process `pid` held, if it lives and `is_it`, as the caller has seen before.

    What is so before and after is true of the pidfd.
    """
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return None
    except OSError as error:
        raise BackendError(
            f"QEMU runs as process {pid}, which cannot be reached from here: {error.strerror}",
            hint="act on this VM where it was started: on that machine, in that container",
        ) from error
    try:
        if is_it() and not select.select([pidfd], [], [], 0)[0]:
            return Found(identify(pid), pidfd)
    except FileNotFoundError:
        pass
    os.close(pidfd)
    return None


def _lock_owner(pidfile: Path) -> int | None:
    """Return who holds the lock that QEMU keeps on its pidfile for as long as it lives."""
    try:
        with pidfile.open("rb") as file:
            asked = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
            answer = _FLOCK.unpack(fcntl.fcntl(file, fcntl.F_GETLK, asked))
    except (FileNotFoundError, PermissionError):  # what another user keeps from us is not ours
        return None
    return None if answer[0] == fcntl.F_UNLCK else answer[4]
