"""The way into the guest by a shell on its serial console, where neither agent nor SSH is."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from weakref import WeakKeyDictionary

from vmnb.core.errors import GuestError, SpecError, VmnbError
from vmnb.core.finish import finish
from vmnb.guest.command import Command
from vmnb.guest.keep import REDIRECT, Keep, follow, kept
from vmnb.guest.serial_shell import PIECE, ConsoleLike, SerialShell
from vmnb.guest.way import End, Sink, Via
from vmnb.guest.wrapper import AS_ROOT, as_root, wrapped

__all__ = ["INPUT_MAX", "SerialWay"]

INPUT_MAX = 1024 * 1024
"""Most bytes of input: a serial line takes some 15 KiB in a second."""

_OPEN_S = 30.0
_KILL_S = 10.0
_REST_S = 60.0
_DIGITS_MAX = 9
_START = (
    "d=$1; shift\n"
    f'setsid /bin/sh -c \'({REDIRECT}); echo $? >"$1/.code"; mv "$1/.code" "$1/code"\''
    ' vmnb "$d" "$@" </dev/null >/dev/null 2>&1 &\necho $!'
)
_LOOK = 'cat "$1/code" 2>/dev/null || kill -0 "$2" 2>/dev/null || cat "$1/code" || echo 137'
_KILL = 'kill -KILL "-$1" 2>/dev/null; :'

_turns: WeakKeyDictionary[ConsoleLike, asyncio.Lock] = WeakKeyDictionary()
"""For each console a lock: one types at a time."""


class SerialWay:
    """Runs commands by typing at the prompt of a shell, one at a time, as root if it can.

    The exit code is as a shell tells it: 128 and the signal's number where a signal ended the
    command.

    Parameters
    ----------
    console
        Gives the console, connected.
    patience_s
        Seconds to wait for another way first, and then for a prompt that comes by itself; None
        where this way was asked for.
    """

    via = Via.SERIAL

    def __init__(
        self, console: Callable[[], Awaitable[ConsoleLike]], *, patience_s: float | None = None
    ) -> None:
        self._console = console
        self._patience_s = patience_s

    async def wait_ready(self, timeout_s: float) -> None:
        """Wait until a shell answers.

        Raises
        ------
        DeadlineError
            None did within `timeout_s` seconds.
        """
        knock, patience_s = self._patience_s is None, min(self._patience_s or 0.0, timeout_s)
        await asyncio.sleep(patience_s)
        async with self._shell(timeout_s - patience_s, knock=knock):
            self._patience_s = None

    async def aclose(self) -> None:
        """Nothing is kept between two commands."""

    async def perform(
        self, command: Command, *, timeout_s: float, sink: Sink, live: bool = False
    ) -> End:
        """Carry out `command`; see :class:`~vmnb.guest.way.Way`. Its output is always live.

        Raises
        ------
        SpecError
            There are more than :data:`INPUT_MAX` bytes of input.
        """
        del live
        if isinstance(command.stdin, bytes) and len(command.stdin) > INPUT_MAX:
            raise _too_much()
        async with self._shell(_OPEN_S, knock=True) as shell, kept(shell.ask, PIECE) as keep:
            return await self._run(shell, keep, command, timeout_s, sink)

    async def _run(
        self, shell: SerialShell, keep: Keep, command: Command, timeout_s: float, sink: Sink
    ) -> End:
        group = ""
        try:
            async with asyncio.timeout(timeout_s):
                rights, _ = await shell.ask(AS_ROOT)
                await keep.fill(_bounded(command.stdin))
                words = as_root(rights) + wrapped(replace(command, cwd=command.cwd or "/"))
                said, _ = await shell.ask(_START, keep.directory, *words)
                group = said.decode(errors="replace").strip()
                return await follow(keep, partial(_look, shell, keep.directory, group), sink)
        except TimeoutError:
            killed = group != "" and await _killed(shell, group)
            with suppress(TimeoutError):
                async with asyncio.timeout(_REST_S):  # a guest may always have more to say
                    while killed and await keep.read(sink):
                        pass
            return End(signal=9 if killed else None, in_time=False)
        except BaseException:
            await finish(_killed(shell, group))
            raise

    @asynccontextmanager
    async def _shell(self, timeout_s: float, *, knock: bool) -> AsyncIterator[SerialShell]:
        console = await self._console()
        async with _turns.setdefault(console, asyncio.Lock()):
            shell = SerialShell(console)
            await shell.open(timeout_s, knock=knock)
            try:
                yield shell
            finally:
                with suppress(VmnbError):  # one that does not answer cannot be ended either
                    await finish(shell.close())


async def _bounded(stdin: bytes | AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    if isinstance(stdin, bytes):
        yield stdin
        return
    count = 0
    async for data in stdin:
        count += len(data)
        if count > INPUT_MAX:
            raise _too_much()
        yield data


def _too_much() -> SpecError:
    return SpecError(
        f"the serial console takes {INPUT_MAX >> 20} MiB of input at most",
        hint="use a guest with an agent or SSH, or a disk with the data",
    )


async def _look(shell: SerialShell, directory: str, group: str) -> End | None:
    said, _ = await shell.ask(_LOOK, directory, group)
    code = said.strip()
    if not code:
        return None
    if not code.isdigit() or len(code) > _DIGITS_MAX:
        raise GuestError("what the shell on the serial console says makes no sense")
    return End(exit_code=int(code))


async def _killed(shell: SerialShell, group: str) -> bool:
    """Kill the command's group; return whether that could be asked for."""
    try:
        async with asyncio.timeout(_KILL_S):
            await shell.ask(_KILL, group)
    except (TimeoutError, VmnbError):
        return False
    return True
