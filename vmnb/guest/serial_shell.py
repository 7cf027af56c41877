"""A shell on a serial console, asked by a program: questions and answers that survive the line.

What is typed is printable ASCII in short lines, each acknowledged, for a serial line loses what
comes too fast; what is answered is hexadecimal with a checksum, for the kernel writes where it
likes. The shell that people use is left as it was found.
"""

import asyncio
import hashlib
import re
import secrets
import shlex
from collections.abc import Awaitable, Iterator
from contextlib import suppress
from typing import Protocol

from vmnb.core.errors import DeadlineError, GuestError
from vmnb.guest.result import inert

__all__ = ["PIECE", "ConsoleLike", "SerialShell"]

PIECE = 16 * 1024
"""Most bytes of each stream in one answer."""

_LINE_MAX = 900
_AHEAD = 3  # lines that wait in the terminal's buffer, which has 4096 bytes
_STEP_S = 20.0
_KNOCK_S = 5.0
_PROMPT = re.compile(r"[$#%>] ?(\x1b\[[0-9;?]*[A-Za-z])*\Z")
_TRIES = 5
_READER = (
    ' sh -c \'g=$(stty -g);stty -echo;printf "\\n%s%s\\n" {half} {rest};IFS= read -r a;eval "$a"\''
)
# z: a new question; s: more of its script; d: more of its input; r: run it; p: print what it
# wrote; q: end.
_SERVER = (
    "t=$(mktemp -d)||exit;n=0;s=;:>$t/i;"
    "while IFS= read -r l;do n=$((n+1));a=${l#?};"
    "case $l in "
    "z*)s=;:>$t/i;;"
    "s*)s=$s$a;;"
    'd*)printf %b "$a">>$t/i;;'
    'r*)x=$(printf %b "$s");(eval "$x")<$t/i>$t/o 2>$t/e;c=$?;;'
    "p*)od -An -v -tx1 $t/o;echo -;od -An -v -tx1 $t/e;"
    'echo "=$c $(cat $t/o $t/e|sha256sum)";;'
    "q*)break;;"
    'esac;echo "+{token}$n";done;rm -rf $t;stty $g;echo "+{token}q"'
)
_HEX = re.compile(r"(?: [0-9a-f]{2}){1,16}")
_SUM = re.compile(r"=([0-9]{1,9}) ([0-9a-f]{64})\b.*")


class ConsoleLike(Protocol):
    """What is used of :class:`vmnb.console.Console`."""

    @property
    def position(self) -> int:
        """Position of the byte that comes next."""
        ...

    async def write(self, data: bytes) -> None:
        """Type `data`."""
        ...

    def since(self, position: int) -> bytes:
        """Return what was said from `position` on."""
        ...

    def wait_for(
        self, pattern: str | re.Pattern[str], timeout_s: float, *, since: int | None = None
    ) -> Awaitable[re.Match[str]]:
        """Wait until the console says something that matches."""
        ...


class SerialShell:
    """One conversation with the shell; :meth:`open` it first, and :meth:`close` it.

    Parameters
    ----------
    console
        A console that is connected.
    """

    def __init__(self, console: ConsoleLike) -> None:
        self._console = console
        self._token = secrets.token_hex(4)
        self._lines = 0
        self._begun = 0
        self._lock = asyncio.Lock()

    async def open(self, timeout_s: float, *, knock: bool) -> None:
        """Wait for a prompt, and begin.

        Parameters
        ----------
        knock
            Whether to press Enter first, so that the shell shows its prompt anew.

        Raises
        ------
        DeadlineError
            No shell answered within `timeout_s` seconds.
        """
        console, token = self._console, self._token
        try:
            async with asyncio.timeout(timeout_s):
                await (self._knock() if knock else console.wait_for(_PROMPT, timeout_s))
                self._begun = console.position
                half, rest = token[:4], token[4:]
                await console.write(_READER.format(half=half, rest=rest).encode() + b"\n")
                await console.wait_for(rf"\n{token}\r?\n", timeout_s, since=self._begun)
                self._begun = console.position
                await console.write(_SERVER.replace("{token}", token).encode() + b"\n")
        except TimeoutError as error:
            raise DeadlineError(
                f"no shell answered on the serial console within {timeout_s:g} s",
                hint="this way needs somebody logged in there; look at the console, and log in",
            ) from error

    async def _knock(self) -> None:
        """Press Enter until a prompt comes last: what the kernel writes may hide one for good."""
        patience_s = _KNOCK_S
        while True:
            before = self._console.position
            await self._console.write(b"\n")
            with suppress(DeadlineError):
                await self._console.wait_for(_PROMPT, patience_s, since=before)
                return
            patience_s *= 2

    async def close(self) -> None:
        """End; the shell shows its prompt again soon."""
        async with self._lock:
            await self._say("q")
            pattern = rf"\+{self._token}q\r?\n"
            await self._console.wait_for(pattern, _STEP_S, since=self._begun)

    async def ask(self, script: str, *arguments: str, stdin: bytes = b"") -> tuple[bytes, bytes]:
        """Run a small script, and return what it wrote to its two streams.

        Raises
        ------
        GuestError
            It did not end with exit code 0, or the console is disturbed too much.
        DeadlineError
            The shell does not answer.
        """
        text = f"set -- {shlex.join(arguments)}\n{script}"
        async with self._lock:
            for line in ("z", *_lines("s", text.encode()), *_lines("d", stdin)):
                await self._say(line)
            await self._heard("r")
            for _ in range(_TRIES):
                answer = _answer(await self._heard("p"))
                if answer is not None:
                    break
            else:
                raise GuestError(
                    "what comes over the serial console is disturbed again and again",
                    hint="stop what writes to the console in the guest (dmesg -n 1)",
                )
        code, out, err = answer
        if code != 0:
            said = inert(err.decode(errors="replace")).strip()[-500:]
            raise GuestError(f"a step inside the guest failed: {said or code}")
        return out, err

    async def _say(self, line: str) -> None:
        """Type a line, when those before it have been read but for the newest few."""
        await self._read(self._lines + 1 - _AHEAD)
        self._lines += 1  # and nothing in between: a line that is typed is counted
        await self._console.write(line.encode() + b"\n")

    async def _heard(self, line: str) -> str:
        """Type a line, wait until it was carried out, and return what was said meanwhile."""
        await self._read(self._lines)
        before = self._console.position
        await self._say(line)
        await self._read(self._lines)
        return self._console.since(before).decode(errors="replace")

    async def _read(self, line: int) -> None:
        if line > 0:
            pattern = rf"\+{self._token}{line}\r?\n"
            await self._console.wait_for(pattern, _STEP_S, since=self._begun)


def _lines(kind: str, data: bytes) -> Iterator[str]:
    """Yield `data` in lines for ``printf %b``, no escape of it divided."""
    line = ""
    for byte in data:
        line += _escaped(byte)
        if len(line) >= _LINE_MAX:
            yield kind + line
            line = ""
    if line:
        yield kind + line


def _escaped(byte: int) -> str:
    if byte == ord("\\"):
        return r"\\"
    return chr(byte) if 0x20 <= byte <= 0x7E else f"\\0{byte:03o}"


def _answer(said: str) -> tuple[int, bytes, bytes] | None:
    """Return exit code and both streams; None where something of another's is in between."""
    streams = [bytearray(), bytearray()]
    at = 0
    for line in said.splitlines():
        if line == "-":
            at = 1
        elif _HEX.fullmatch(line):
            streams[at] += bytes.fromhex(line)
        elif found := _SUM.fullmatch(line):
            whole = bytes(streams[0] + streams[1])
            if hashlib.sha256(whole).hexdigest() == found[2]:
                return int(found[1]), bytes(streams[0]), bytes(streams[1])
    return None
