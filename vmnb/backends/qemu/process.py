"""One QEMU process: found without doubt, signalled without mistake, awaited without polling.

A PID alone names nothing: it may have been given to another process. Here a process is named by the
lock that QEMU holds on its pidfile, by its start time and by the boot of the host, and it is held
by a pidfd, which can never mean another one.
"""

import asyncio
import fcntl
import os
import select
import signal
import struct
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from vmnb.core.errors import BackendError

__all__ = [
    "Found",
    "ProcessId",
    "QemuProcess",
    "boot_id",
    "ending",
    "find_process",
    "last_lines",
    "spawn",
]

PRIVATE_UMASK = 0o177
_FLOCK = struct.Struct("hhqqi4x")  # struct flock of 64-bit Linux (fcntl(2))
_START_FIELD = 22  # of /proc/PID/stat, proc(5)
_LAST_LINES = 5


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
        os.close(self.pidfd)


@cache
def boot_id() -> str:
    """Return the kernel's name of the host's present boot, or nothing where it has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def spawn(argv: Sequence[str], *, descriptors: Sequence[int], stderr: Path) -> Found:
    """Start QEMU in a session of its own, so that it outlives this process and its terminal."""
    log = os.open(stderr, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    try:
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env={**os.environ, "LC_ALL": "C"},
            pass_fds=descriptors,
            start_new_session=True,
            umask=PRIVATE_UMASK,
        )
    finally:
        os.close(log)
    found = Found(_identity(child.pid), os.pidfd_open(child.pid))
    child.returncode = 0  # it is reaped by its pidfd: Popen shall neither wait nor warn
    return found


def find_process(pidfile: Path, known: ProcessId | None) -> Found | None:
    """Return the living process that holds `pidfile`, else the one `known` from before."""
    owner = _lock_owner(pidfile)
    if owner is not None:
        return _hold(owner, lambda: _lock_owner(pidfile) == owner)
    if known is None or known.boot != boot_id():
        return None
    return _hold(known.pid, lambda: _identity(known.pid) == known)


def ending(code: int) -> str:
    """Return an exit code in words: a negative one names a signal."""
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def last_lines(log: Path) -> str:
    """Return the last few lines that QEMU wrote to its error output."""
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-_LAST_LINES:])


class QemuProcess:
    """A living QEMU, awaited on the running loop.

    Parameters
    ----------
    on_exit
        Called with the exit code (negative for a signal) where this process was its parent.
    """

    def __init__(self, found: Found, on_exit: Callable[[int], None]) -> None:
        self.identity = found.identity
        self.exit_code: int | None = None
        self._pidfd = found.pidfd
        self._on_exit = on_exit
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._loop.add_reader(self._pidfd, self._end)

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self._ended.is_set()

    async def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until it is over, at most `timeout_s` seconds; return whether it is."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._ended.wait()
        return self.ended

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; nothing happens where it is over."""
        if not self.ended:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    def close(self) -> None:
        """Let go of it; it goes on."""
        if not self.ended:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._ended.set()

    def _end(self) -> None:
        self.exit_code = _reap(self._pidfd)
        if self.exit_code is not None:
            self._on_exit(self.exit_code)
        self.close()


def _reap(pidfd: int) -> int | None:
    """Return the exit code as Popen would; None where another process is the parent."""
    try:
        status = os.waitid(os.P_PIDFD, pidfd, os.WEXITED)
    except ChildProcessError:
        return None
    if status is None:
        return None
    return status.si_status if status.si_code == os.CLD_EXITED else -status.si_status


def _hold(pid: int, is_it: Callable[[], bool]) -> Found | None:
    """Open a pidfd and look again: what is so before and after is true of the pidfd."""
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
            return Found(_identity(pid), pidfd)
    except FileNotFoundError:
        pass
    os.close(pidfd)
    return None


def _identity(pid: int) -> ProcessId:
    stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    after_name = stat.rpartition(")")[2].split()  # the name may hold spaces; field 3 follows it
    return ProcessId(pid=pid, start=int(after_name[_START_FIELD - 3]), boot=boot_id())


def _lock_owner(pidfile: Path) -> int | None:
    """Return who holds the lock that QEMU keeps on its pidfile for as long as it lives."""
    try:
        with pidfile.open("rb") as file:
            asked = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
            answer = _FLOCK.unpack(fcntl.fcntl(file, fcntl.F_GETLK, asked))
    except (FileNotFoundError, PermissionError):  # what another user keeps from us is not ours
        return None
    return None if answer[0] == fcntl.F_UNLCK else answer[4]
