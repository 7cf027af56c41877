"""One QEMU process: started, signalled without mistake, awaited without polling."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from vmnb.core.process import Found, identify

__all__ = ["QemuProcess", "ending", "last_lines", "spawn"]

PRIVATE_UMASK = 0o177
_LAST_LINES = 5


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
    found = Found(identify(child.pid), os.pidfd_open(child.pid))
    child.returncode = 0  # it is reaped by its pidfd: Popen shall neither wait nor warn
    return found


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
