"""The stand-in's guest: a real shell on a pseudo-terminal, which is its serial port (Linux)."""

import asyncio
import os
import pty
import signal
import subprocess
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

__all__ = ["Guest"]

_CHUNK = 16 * 1024
_POWER_OFF = '#!/bin/sh\nkill -KILL "$GUEST"\n'
# The first shell of a session gets the terminal that it opens as its own: Ctrl-C works in there.
_BOOT = 'GUEST=$$; export GUEST; exec /bin/sh -i <"$0" >"$0" 2>&1'


class Guest:
    """A shell that can ``poweroff``; read by :meth:`follow`, on one loop at a time."""

    def __init__(self) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="vmnb-guest-")
        power_off = Path(self._home.name, "poweroff")
        power_off.write_text(_POWER_OFF)
        power_off.chmod(0o755)
        self._master, self._slave = pty.openpty()
        os.set_blocking(self._master, False)
        self._process = self._boot()
        self._pidfd = os.pidfd_open(self._process.pid)

    async def follow(self, said: Callable[[bytes], Awaitable[None]]) -> None:
        """Hand on what it says, piece by piece, until the shell has ended or this is cancelled."""
        loop = asyncio.get_running_loop()
        news = asyncio.Event()
        for descriptor in (self._master, self._pidfd):
            loop.add_reader(descriptor, news.set)
        try:
            while True:
                ended = self._process.poll() is not None
                if data := self._read():
                    await said(data)
                elif ended:
                    return
                else:
                    news.clear()
                    await news.wait()
        finally:
            for descriptor in (self._master, self._pidfd):
                loop.remove_reader(descriptor)

    async def type(self, data: bytes) -> None:
        """Let it have `data`, as fast as it takes them."""
        loop, room = asyncio.get_running_loop(), asyncio.Event()
        while data:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                room.clear()
                loop.add_writer(self._master, room.set)
                try:
                    await room.wait()
                finally:
                    loop.remove_writer(self._master)

    def close(self) -> None:
        """End it, and wait for its end."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for descriptor in (self._master, self._slave, self._pidfd):
            os.close(descriptor)
        self._home.cleanup()

    def _boot(self) -> "subprocess.Popen[bytes]":
        path = f"{self._home.name}:{os.defpath}"
        return subprocess.Popen(
            ["/bin/sh", "-c", _BOOT, os.ttyname(self._slave)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PATH": path, "PS1": "stand-in# ", "TERM": "vt220"},
            cwd="/",
            start_new_session=True,
        )

    def _read(self) -> bytes:
        try:
            return os.read(self._master, _CHUNK)
        except BlockingIOError:
            return b""
