"""Waiting until a console says something."""

import asyncio
import re

from vmnb.console.ring import Ring

__all__ = ["Expectation"]

_OVERLAP = 64 * 1024


class Expectation:
    """A pattern sought in a stream from `position` on; a match is at most 64 KiB long."""

    def __init__(self, pattern: str | re.Pattern[str], position: int) -> None:
        self._pattern = re.compile(pattern)
        self._start = position
        self._searched = position
        self.match: asyncio.Future[re.Match[str] | None]
        """The match; None where the stream has ended without one."""
        self.match = asyncio.get_running_loop().create_future()

    def look(self, ring: Ring) -> None:
        """Search what is new in `ring`."""
        if self.match.done() or self._searched == ring.end:
            return
        start = max(self._start, self._searched - _OVERLAP, ring.start)
        text = ring.read(start, ring.end - start).decode(errors="replace")
        self._searched = ring.end
        if found := self._pattern.search(text):
            self.match.set_result(found)

    def end(self) -> None:
        """Give up, for nothing more comes."""
        if not self.match.done():
            self.match.set_result(None)

    def __str__(self) -> str:
        return f"the console did not say {self._pattern.pattern!r}"
