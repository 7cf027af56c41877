"""What a console said before this process heard it, as its log has that."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from vmnb.console.log import ConsoleLog
from vmnb.console.ring import Ring
from vmnb.core.finish import finish

__all__ = ["Past"]

_NEVER_STALLED = 192
"""So many bytes are the same in the log as on the connection."""


class Past:
    """Brings a ring up to where the log is.

    Parameters
    ----------
    receive
        Called with what the log has and the ring has not.

    Attributes
    ----------
    known
        How far the log is known: what comes next in it follows the end of the ring. None where
        that is to be found out.
    """

    def __init__(self, ring: Ring, receive: Callable[[bytes], None]) -> None:
        self.known: int | None = 0
        self._ring = ring
        self._receive = receive

    async def load(self, path: Path | None) -> tuple[ConsoleLog, int]:
        """Take over what is new; return the log at `path`, and how far it is known now."""
        log = ConsoleLog(path)
        try:
            return log, await self._catch_up(log)
        except BaseException:
            log.close()
            raise

    async def _catch_up(self, log: ConsoleLog) -> int:
        known = self.known
        if known is None:
            end = self._ring.end
            said = self._ring.read(max(self._ring.start, end - _NEVER_STALLED), _NEVER_STALLED)
            known = await finish(asyncio.to_thread(log.place_after, said, end))
        start, data = await finish(asyncio.to_thread(log.tail, known))
        if start > known:
            self._ring.restart(self._ring.end + start - known)
        self.known = start + len(data)
        if data:
            self._receive(data)
        return self.known
