"""Files in the guest that stand for a command's input and output, where it can be asked alone.

A way that has no streams, but answers questions one by one, gives a command its input in a file,
and reads from two other files what it has written so far.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from vmnb.core.errors import VmnbError
from vmnb.core.finish import finish
from vmnb.guest.way import End, Sink

__all__ = ["REDIRECT", "Ask", "Keep", "follow", "kept"]

REDIRECT = 'd=$1; shift; exec "$@" <"$d/in" >"$d/out" 2>"$d/err"'
"""For ``sh -c``: the directory, and then the command."""

_MAKE = """umask 077
for place in /var/tmp /tmp /dev/shm; do
    d=$(mktemp -d "$place/vmnb.XXXXXX" 2>/dev/null) || continue
    : >"$d/in" && : >"$d/out" && : >"$d/err" && echo "$d" && exit
done
echo "no directory for temporary files can be written" >&2
exit 1"""
_FILL = 'cat >>"$1/in"'
_READ = """dd if="$1/out" bs=16384 skip="$2" count="$4" 2>/dev/null
{ dd if="$1/err" bs=16384 skip="$3" count="$4" 2>/dev/null; } >&2"""
_REMOVE = 'rm -rf "$1"'
_BLOCK = 16384
_REMOVE_S = 5.0
_FIRST_LOOK_S = 0.02
_LAST_LOOK_S = 0.3


class Ask(Protocol):
    """Runs a small script in the guest as root; returns what it wrote to its two streams."""

    async def __call__(
        self, script: str, *arguments: str, stdin: bytes = b""
    ) -> tuple[bytes, bytes]:
        """Raise GuestError where it does not end with exit code 0."""
        ...


class Keep:
    """A directory of the guest with a command's three files.

    Parameters
    ----------
    piece
        Most bytes in one question or answer.
    """

    def __init__(self, ask: Ask, directory: str, piece: int) -> None:
        self.directory = directory
        self._ask = ask
        self._piece = piece
        self._read = {1: 0, 2: 0}

    async def fill(self, stdin: bytes | AsyncIterable[bytes]) -> None:
        """Write the input."""
        async for data in _pieces(stdin, self._piece):
            await self._ask(_FILL, self.directory, stdin=data)

    async def read(self, sink: Sink) -> bool:
        """Give the sink what is new, up to a piece of each stream; return whether there was any."""
        blocks = [str(self._read[stream] // _BLOCK) for stream in (1, 2)]
        count = str(self._piece // _BLOCK)
        answers = await self._ask(_READ, self.directory, *blocks, count)
        news = False
        for stream, answer in zip((1, 2), answers, strict=True):
            data = answer[self._read[stream] % _BLOCK :]
            self._read[stream] += len(data)
            if data:
                news = True
                await sink(stream, data)
        return news


@asynccontextmanager
async def kept(ask: Ask, piece: int) -> AsyncIterator[Keep]:
    """Make the directory, and remove it at the end."""
    directory, _ = await ask(_MAKE)
    keep = Keep(ask, directory.decode(errors="surrogateescape").strip(), piece)
    try:
        yield keep
    finally:
        await finish(_removed(ask, keep.directory))


async def follow(keep: Keep, look: Callable[[], Awaitable[End | None]], sink: Sink) -> End:
    """Give the sink what a command writes until `look` tells that it has ended."""
    # A poll, for nothing in the guest could tell.
    delay_s = _FIRST_LOOK_S
    while True:
        end = await look()
        news = await keep.read(sink)
        while end is not None and news:
            news = await keep.read(sink)
        if end is not None:
            return end
        delay_s = _FIRST_LOOK_S if news else min(1.5 * delay_s, _LAST_LOOK_S)
        await asyncio.sleep(delay_s)


async def _removed(ask: Ask, directory: str) -> None:
    with suppress(VmnbError, TimeoutError):  # a guest that does not answer keeps it
        async with asyncio.timeout(_REMOVE_S):
            await ask(_REMOVE, directory)


async def _pieces(stdin: bytes | AsyncIterable[bytes], size: int) -> AsyncIterator[bytes]:
    """Yield all of it in pieces of `size`."""
    if isinstance(stdin, bytes):
        for start in range(0, len(stdin), size):
            yield stdin[start : start + size]
        return
    held = bytearray()
    async for data in stdin:
        held += data
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)
