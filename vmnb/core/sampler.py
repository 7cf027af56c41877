"""Measures a VM while somebody looks, and remembers the newest samples."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

from vmnb.core.errors import VmnbError
from vmnb.core.listeners import Listeners
from vmnb.core.metrics import Sample

__all__ = ["Sampler"]

_log = logging.getLogger(__name__)

INTERVAL_S = 1.0
APART_S = 0.2
"""Seconds between two samples at the least: what is counted in ticks has no rate in less."""

KEPT = 600
"""Samples that are remembered: ten minutes at one each second."""


class Sampler:
    """Takes samples while it is watched; lives on one event loop.

    Whoever watches says for how long, and says so again in time: one who is gone without a word
    keeps nothing going. It also stops when a sample cannot be had, until somebody watches anew.

    Parameters
    ----------
    take
        Takes one sample.
    interval_s
        Seconds from one to the next.
    kept
        Most samples that are remembered; the oldest are forgotten.
    """

    def __init__(
        self,
        take: Callable[[], Awaitable[Sample]],
        *,
        interval_s: float = INTERVAL_S,
        kept: int = KEPT,
    ) -> None:
        self._take = take
        self._interval_s = interval_s
        self._samples: deque[Sample] = deque(maxlen=kept)
        self._taken = 0
        self._not_before = 0.0
        self._turn = asyncio.Lock()
        self._until: dict[str, float] = {}
        self._nobody = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._listeners: Listeners[[]] = Listeners()

    @property
    def is_sampling(self) -> bool:
        """Whether samples are taken at intervals now."""
        return self._task is not None and not self._task.done()

    @property
    def end(self) -> int:
        """Number of samples that were ever taken, which is the number of the next."""
        return self._taken

    @property
    def last(self) -> Sample | None:
        """The newest sample."""
        return self._samples[-1] if self._samples else None

    def since(self, number: int) -> tuple[int, list[Sample]]:
        """Return the remembered samples from `number` on, and the number of the first of them."""
        first = self._taken - len(self._samples)
        start = min(max(number, first), self._taken)
        return start, list(self._samples)[start - first :]

    @property
    def watchers(self) -> frozenset[str]:
        """Those who watch now."""
        now = asyncio.get_running_loop().time()
        return frozenset(who for who, until in self._until.items() if until > now)

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after each sample; return what ends that."""
        return self._listeners.add(listener)

    def watch(self, who: str, for_s: float) -> None:
        """Take samples for the next `for_s` seconds, whatever `who` said before."""
        watching = self.watchers
        self._until = {one: until for one, until in self._until.items() if one in watching}
        self._until[who] = asyncio.get_running_loop().time() + for_s
        self._nobody.clear()
        if not self.is_sampling:
            self._task = asyncio.create_task(self._sample(), name="sampler")

    def leave(self, who: str) -> None:
        """Forget `who`; when nobody else watches, sampling stops at once."""
        self._until.pop(who, None)
        if not self.watchers:
            self._nobody.set()

    async def fresh(self) -> Sample:
        """Take a sample now and remember it; raises what taking it raises."""
        clock = asyncio.get_running_loop().time
        async with self._turn:
            await asyncio.sleep(max(0.0, self._not_before - clock()))
            sample = await self._take()
            self._not_before = clock() + min(APART_S, self._interval_s)
            self._samples.append(sample)
            self._taken += 1
        self._listeners.tell()
        return sample

    async def aclose(self) -> None:
        """Stop; what was remembered is kept."""
        self._until.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _sample(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        try:
            while self.watchers:
                await self.fresh()
                # One that took long is not made up for by two at once.
                due = max(due + self._interval_s, loop.time())
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(due):
                        await self._nobody.wait()
        except VmnbError as error:
            _log.info("no more samples for now: %s", error)
