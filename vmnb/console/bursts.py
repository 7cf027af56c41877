"""A stream that is shown in few pieces: the first bytes at once, and what follows together."""

import asyncio
from collections.abc import Callable

from vmnb.console.ring import Ring

__all__ = ["Bursts"]

_TOGETHER_S = 0.016
_TOGETHER_MAX = 256 * 1024


class Bursts:
    """Calls `show` with the position from which on there is more in `ring` than was shown."""

    def __init__(self, ring: Ring, show: Callable[[int], None]) -> None:
        self._ring = ring
        self._show = show
        self._shown = 0
        self._tick: asyncio.TimerHandle | None = None

    def heard(self) -> None:
        """Take note that there is more, which is shown now or soon."""
        if self._tick is None or self._ring.end - self._shown >= _TOGETHER_MAX:
            self.show()

    def show(self) -> None:
        """Show what there is, now."""
        start, self._shown = self._shown, self._ring.end
        self.close()
        self._tick = asyncio.get_running_loop().call_later(_TOGETHER_S, self._show_more)
        self._show(start)

    def close(self) -> None:
        """Show no more by itself."""
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None

    def _show_more(self) -> None:
        self._tick = None
        if self._shown < self._ring.end:
            self.show()
