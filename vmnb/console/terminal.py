"""The screen that a console's output makes, kept up to date beside the stream and in bounds."""

import asyncio
import codecs
import re
import time

from vmnb.console.parser import Parser
from vmnb.console.render import screen_ansi, screen_text
from vmnb.console.ring import Ring
from vmnb.console.screen import VtScreen

__all__ = ["Terminal"]

_SLICE = 512
_REST = 3
_BACKLOG_MAX = 256 * 1024
_MODE = re.compile(rb"\x1b(?:c|=|>|\[\?[0-9;]*[hl]|\[[0-9;]*r)")


class Terminal:
    """Feeds a screen from `ring`.

    That is slow, from 0.1 to some 2 MB/s, so it is done in slices, with a rest of three times as
    long after each. What comes faster than that is skipped, but for the modes that it sets: a
    flood scrolls away anyway.
    """

    def __init__(self, ring: Ring, columns: int = 80, lines: int = 24) -> None:
        self._ring = ring
        self._screen = VtScreen(columns, lines)
        self._fresh = asyncio.Event()
        self._restart(ring.start)

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return (self._screen.columns, self._screen.lines)

    def notice(self) -> None:
        """Say that there is more in the ring."""
        self._fresh.set()

    async def follow(self) -> None:
        """Keep up with the ring, at leisure, until cancelled."""
        while True:
            await self._fresh.wait()
            self._fresh.clear()
            while self._position < self._ring.end:
                begun = time.perf_counter()
                self._feed()
                await asyncio.sleep(_REST * (time.perf_counter() - begun))

    async def snapshot(self) -> tuple[int, bytes]:
        """Return a position and what restores the screen as the stream up to there made it."""
        await self._catch_up()
        return (self._position, screen_ansi(self._screen) + self._in_between)

    async def resize(self, columns: int, lines: int) -> None:
        """Change the screen's size, as it is where the stream ends now."""
        await self._catch_up()
        self._screen.resize(lines, columns)

    async def redraw(self, columns: int, lines: int) -> None:
        """Draw what is in the ring anew on a screen of that size."""
        self._screen = VtScreen(columns, lines)
        self._restart(self._ring.start)
        await self._catch_up()

    def text(self) -> str:
        """Return scrollback and screen as plain text."""
        return screen_text(self._screen)

    @property
    def _in_between(self) -> bytes:
        """The beginning of a sequence, or of a character, that goes on in the stream."""
        return self._parser.unfinished.encode() + self._decoder.getstate()[0]

    async def _catch_up(self) -> None:
        end = self._ring.end
        while self._position < end:
            self._feed()
            await asyncio.sleep(0)

    def _feed(self) -> None:
        if self._position < self._ring.start or self._ring.end - self._position > _BACKLOG_MAX:
            self._skip()
        data = self._ring.read(self._position, _SLICE)
        self._position += len(data)
        self._parser.feed(self._decoder.decode(data))

    def _skip(self) -> None:
        target = self._ring.end - _BACKLOG_MAX // 2
        first = max(self._position, self._ring.start)
        modes = _MODE.findall(self._ring.read(first, target - first))
        self._restart(max(target, self._ring.find(b"\n", target) + 1))
        self._parser.feed("\x1b[0m\x0f" + b"".join(modes).decode())

    def _restart(self, position: int) -> None:
        self._position = position
        self._parser = Parser(self._screen)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
