"""The guest's pace: it waits while a view that draws is behind."""

import asyncio

from vmnb.console.audience import Audience
from vmnb.console.link import Link

__all__ = ["Pace"]

_LOOK_AGAIN_S = 0.5


class Pace:
    """Holds a source for the sake of `audiences`; none waits for a view that stopped."""

    def __init__(self, *audiences: Audience) -> None:
        self._audiences = audiences
        self._again: asyncio.TimerHandle | None = None

    def keep(self, source: Link | None) -> None:
        """Let `source` pause or go on, as it must be now; call it when something has changed."""
        self.close()
        if source is None:
            return
        if any(audience.holds() for audience in self._audiences):
            source.pause()
            loop = asyncio.get_running_loop()
            self._again = loop.call_later(_LOOK_AGAIN_S, self.keep, source)
        else:
            source.resume()

    def close(self) -> None:
        """Look no more."""
        if self._again is not None:
            self._again.cancel()
            self._again = None
