"""Work that waits for a pause in what makes it necessary, so that it is in nobody's way."""

import asyncio
import math
from collections.abc import Callable

__all__ = ["Lull"]


class Lull:
    """Calls `act` on the loop some time after a change, once nothing else has changed meanwhile.

    Parameters
    ----------
    quiet_s
        How long a pause is, in seconds.
    apart_s
        How far apart two calls are at least.
    """

    def __init__(self, act: Callable[[], None], *, quiet_s: float, apart_s: float) -> None:
        self._act = act
        self._quiet_s = quiet_s
        self._apart_s = apart_s
        self._changed = self._acted = -math.inf
        self._latest = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def note(self, within_s: float) -> None:
        """Note a change, which waits no longer than `within_s` for a pause."""
        self._changed = asyncio.get_running_loop().time()
        self._latest = min(self._latest, self._changed + within_s)
        if self._timer is None:
            self._wait()

    def cancel(self) -> None:
        """Forget what has changed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def _due(self) -> float:
        pause = min(self._changed + self._quiet_s, self._latest)
        return max(pause, self._acted + self._apart_s)

    def _wait(self) -> None:
        self._timer = asyncio.get_running_loop().call_at(self._due, self._look)

    def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._due:
            self._wait()
            return
        self._timer, self._latest, self._acted = None, math.inf, now
        self._act()
