"""Waiting until a console says something."""

import asyncio
import re
from collections.abc import Callable

from vmnb.console.ring import Ring
from vmnb.core.errors import DeadlineError, StateError

__all__ = ["Expectations"]

_OVERLAP = 64 * 1024
_LAST_LINES = 5


class Expectations:
    """What is waited for in the stream that `ring` has the newest part of; `text` reads it."""

    def __init__(self, ring: Ring, text: Callable[[], str]) -> None:
        self._ring = ring
        self._text = text
        self._awaited: set[_Expectation] = set()

    async def meet(
        self, pattern: str | re.Pattern[str], position: int, timeout_s: float
    ) -> re.Match[str]:
        """Return the first match from `position` on, when it is there.

        Raises
        ------
        DeadlineError
            There was none in time.
        StateError
            The stream ended before there was one.
        """
        wanted = _Expectation(pattern, position)
        self._awaited.add(wanted)
        wanted.look(self._ring)
        try:
            async with asyncio.timeout(timeout_s):
                found = await wanted.match
        except TimeoutError as error:
            raise DeadlineError(
                f"{wanted} within {timeout_s:g} s; it ends{self._last_lines()}",
                hint="allow more time, or look at the console",
            ) from error
        finally:
            self._awaited.discard(wanted)
        if found is None:
            raise StateError(
                f"{wanted} before it ended; its end is{self._last_lines()}",
                hint="start the VM again, or look at its history",
            )
        return found

    def look(self) -> None:
        """Search what is new."""
        for wanted in self._awaited:
            wanted.look(self._ring)

    def end(self) -> None:
        """Search a last time, for nothing more comes."""
        for wanted in self._awaited:
            wanted.look(self._ring)
            wanted.end()

    def _last_lines(self) -> str:
        return "".join(f"\n  {line}" for line in self._text().splitlines()[-_LAST_LINES:])


class _Expectation:
    """A pattern sought from `position` on; a match is at most 64 KiB long.

    Attributes
    ----------
    match
        None where the stream has ended without one.
    """

    def __init__(self, pattern: str | re.Pattern[str], position: int) -> None:
        self.match: asyncio.Future[re.Match[str] | None]
        self.match = asyncio.get_running_loop().create_future()
        self._pattern = re.compile(pattern)
        self._start = position
        self._searched = position

    def look(self, ring: Ring) -> None:
        if self.match.done() or self._searched == ring.end:
            return
        start = max(self._start, self._searched - _OVERLAP, ring.start)
        text = ring.read(start, ring.end - start).decode(errors="replace")
        self._searched = ring.end
        if found := self._pattern.search(text):
            self.match.set_result(found)

    def end(self) -> None:
        if not self.match.done():
            self.match.set_result(None)

    def __str__(self) -> str:
        return f"the console did not say {self._pattern.pattern!r}"
