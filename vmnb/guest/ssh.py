"""The way into the guest by SSH."""

import asyncio
import re
import shlex
from collections.abc import AsyncIterable
from contextlib import suppress
from dataclasses import replace
from signal import Signals
from typing import TYPE_CHECKING

from vmnb.core.errors import DeadlineError, GuestError, LinkLostError, SpecError
from vmnb.core.finish import finish
from vmnb.guest.command import WORD_MAX, Command
from vmnb.guest.ssh_login import SshLogin, enter
from vmnb.guest.together import together
from vmnb.guest.way import End, Sink, Via
from vmnb.guest.wrapper import AS_ROOT, as_root, wrapped

if TYPE_CHECKING:
    from asyncssh import SSHClientConnection, SSHClientProcess, SSHReader

__all__ = ["SshWay"]

_SESSIONS = 8
"""Commands at the same time; OpenSSH allows 10 sessions in a connection (MaxSessions)."""
_CHUNK = 256 * 1024
_CONNECT_S = 60.0
_KILL_S = 5.0
_NOISE_MAX = 64 * 1024
# It tells its process group first, by which it can be killed; as root, whoever logs in.
_TELL = """{ read -r _ _ _ _ group _ </proc/$$/stat; } 2>/dev/null || group=$(ps -o pgid= -p $$)
echo "vmnb-group" $group
cd /
exec "$@\""""
_TOLD = re.compile(rb"(?:.*\n)?vmnb-group (\d{1,18})\n", re.DOTALL)


class SshWay:
    """Runs commands over one connection that is kept, made anew when it is lost.

    Commands run as root: where another user logs in, by a ``sudo`` that asks for no password; as
    that user where there is none.
    """

    via = Via.SSH

    def __init__(self, login: SshLogin) -> None:
        self._login = login
        self._connection: SSHClientConnection | None = None
        self._as_root: list[str] = []
        self._connecting = asyncio.Lock()
        self._slots = asyncio.Semaphore(_SESSIONS)

    async def wait_ready(self, timeout_s: float) -> None:
        """Wait until the guest lets us in; see :func:`~vmnb.guest.ssh_login.enter`."""
        async with self._connecting:
            if self._connection is not None and not self._connection.is_closed():
                return
            connection = await enter(self._login, timeout_s)
            try:
                self._as_root = await _rights(connection, timeout_s)
            except BaseException:
                connection.abort()
                raise
            self._connection = connection

    async def aclose(self) -> None:
        """Log out."""
        async with self._connecting:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.abort()
                await connection.wait_closed()

    async def perform(
        self, command: Command, *, timeout_s: float, sink: Sink, live: bool = False
    ) -> End:
        """Carry out `command`; see :class:`~vmnb.guest.way.Way`. Its output is always live."""
        del live
        await self.wait_ready(_CONNECT_S)
        connection = self._connection
        assert connection is not None  # noqa: S101 - wait_ready has made it
        line = self._line(command)
        running: _Running | None = None
        try:
            async with asyncio.timeout(timeout_s), self._slots:
                running = _Running(await _opened(connection, line), sink)
                await together(running.feed(command.stdin), running.read())
            return running.end()
        except TimeoutError:
            ended = running is not None and await self._killed(connection, running)
            return End(signal=Signals.SIGKILL if ended else None, in_time=False)
        except BaseException:
            if running is not None:
                await finish(self._killed(connection, running))
            raise

    def _line(self, command: Command) -> str:
        before = self._as_root
        if command.user == self._login.user:  # without sudo, which takes its time
            before, command = [], replace(command, user=None)
        line = "exec " + shlex.join([*before, "/bin/sh", "-c", _TELL, "vmnb", *wrapped(command)])
        if len(line.encode()) > WORD_MAX:
            raise SpecError(
                f"the command has more than {WORD_MAX >> 10} KiB, which SSH does not take",
                hint="let it be a script: vm.shell_script(text)",
            )
        return line

    async def _killed(self, connection: "SSHClientConnection", running: "_Running") -> bool:
        """Kill its process group; return whether it ended."""
        kill = [*self._as_root, "/bin/sh", "-c", 'kill -KILL "-$0"', str(running.group)]
        with suppress(TimeoutError, OSError, GuestError, LinkLostError):
            async with asyncio.timeout(_KILL_S):
                if running.group is not None:
                    killer = await _opened(connection, shlex.join(kill))
                    await killer.wait_closed()
                    await running.read()
                    return True
        running.close()
        return False


class _Running:
    """One command that runs."""

    def __init__(self, process: "SSHClientProcess[bytes]", sink: Sink) -> None:
        self.group: int | None = None
        self._process = process
        self._sink = sink
        self._head = bytearray()

    async def feed(self, stdin: bytes | AsyncIterable[bytes]) -> None:
        """Write all of `stdin`; a command that does not want the rest may leave it."""
        writer = self._process.stdin
        async for data in _chunks(stdin):
            try:
                writer.write(data)
                await writer.drain()
            except OSError:
                return
        with suppress(OSError):
            writer.write_eof()

    async def read(self) -> None:
        """Give the sink what it writes, to the end."""
        await together(self._read_out(), self._read_err())
        await self._process.wait_closed()

    def end(self) -> End:
        """Return how it ended."""
        process = self._process
        if process.exit_signal:
            return End(signal=_number(process.exit_signal[0]))
        if process.exit_status is None or process.exit_status < 0:
            raise LinkLostError(
                "the SSH connection was lost while a command ran",
                hint="look at the VM's state; it may have stopped",
            )
        return End(exit_code=process.exit_status)

    def close(self) -> None:
        """Leave it alone."""
        self._process.close()

    async def _read_out(self) -> None:
        while data := await self._process.stdout.read(_CHUNK):
            if self.group is None:
                data = self._without_head(data)
            if data:
                await self._sink(1, data)

    async def _read_err(self) -> None:
        while data := await self._process.stderr.read(_CHUNK):
            await self._sink(2, data)

    def _without_head(self, data: bytes) -> bytes:
        """Take off what tells the group, and what the login's own scripts wrote before it."""
        self._head += data
        told = _TOLD.match(self._head)
        if told is None:
            if len(self._head) > _NOISE_MAX:
                raise GuestError("the login shell of the guest writes too much of its own")
            return b""
        self.group = int(told[1])
        return bytes(self._head[told.end() :])


async def _rights(connection: "SSHClientConnection", timeout_s: float) -> list[str]:
    """Return the words before a command that let it run as root."""
    try:
        async with asyncio.timeout(timeout_s):
            asked = await _opened(connection, shlex.join(["/bin/sh", "-c", AS_ROOT]))
            said = await _all_of(asked.stdout)
    except TimeoutError as error:
        raise DeadlineError(
            f"the guest let us in by SSH, but ran nothing within {timeout_s:g} s",
            hint="the guest may be busy; look at its console, or allow more time",
        ) from error
    return as_root(said)


async def _all_of(stream: "SSHReader[bytes]") -> bytes:
    said = bytearray()
    while data := await stream.read(_CHUNK):
        said += data
        if len(said) > _NOISE_MAX:
            raise GuestError("the login shell of the guest writes too much of its own")
    return bytes(said)


async def _opened(connection: "SSHClientConnection", line: str) -> "SSHClientProcess[bytes]":
    import asyncssh

    try:
        return await connection.create_process(line, encoding=None)
    except asyncssh.ChannelOpenError as error:
        if connection.is_closed():
            raise LinkLostError("the SSH connection was lost", hint="try it again") from error
        raise GuestError(
            f"the guest's SSH server takes no command: {error.reason[:200]}",
            hint="look at its log in the guest, and at MaxSessions in sshd_config",
        ) from error


async def _chunks(stdin: bytes | AsyncIterable[bytes]) -> AsyncIterable[bytes]:
    if isinstance(stdin, bytes):
        for start in range(0, len(stdin), _CHUNK):
            yield stdin[start : start + _CHUNK]
        return
    async for data in stdin:
        yield data


def _number(name: str) -> int:
    try:
        return Signals[f"SIG{name}"].value
    except KeyError:  # one that only that system has
        return 0
