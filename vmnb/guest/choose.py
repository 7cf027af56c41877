"""Which way into the guest is taken where nobody says."""

import asyncio
from collections.abc import Sequence

from vmnb.core.errors import DeadlineError, LinkLostError, StateError, VmnbError
from vmnb.guest.command import Command
from vmnb.guest.way import End, Sink, Via, Way

__all__ = ["FirstReady"]


class FirstReady:
    """The way that is ready first, and from then on always that one.

    Parameters
    ----------
    ways
        Those that are tried at the same time; of two that are ready the earlier is taken.
    """

    def __init__(self, ways: Sequence[Way]) -> None:
        self._ways = ways
        self._chosen: Way | None = None

    @property
    def via(self) -> Via:
        """Which it is; the first before that is known."""
        return (self._chosen or self._ways[0]).via

    async def wait_ready(self, timeout_s: float) -> None:
        """Wait until one is ready.

        Raises
        ------
        StateError, LinkLostError
            The VM is not running, or stopped meanwhile.
        VmnbError
            None was within `timeout_s` seconds: what the first says that says more than that.
        """
        if self._chosen is None:
            self._chosen = await self._first(timeout_s)
        else:
            await self._chosen.wait_ready(timeout_s)

    async def perform(
        self, command: Command, *, timeout_s: float, sink: Sink, live: bool = False
    ) -> End:
        """Let that way carry it out."""
        way = self._chosen or self._ways[0]
        return await way.perform(command, timeout_s=timeout_s, sink=sink, live=live)

    async def aclose(self) -> None:
        """Choose anew the next time; the ways themselves are others' to close."""
        self._chosen = None

    async def _first(self, timeout_s: float) -> Way:
        tasks = [asyncio.ensure_future(way.wait_ready(timeout_s)) for way in self._ways]
        pending = set(tasks)
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for way, task in zip(self._ways, tasks, strict=True):
                    if task.done() and task.exception() is None:
                        return way
                for task in done:
                    if isinstance(task.exception(), StateError | LinkLostError):
                        task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        raise _most_telling([task.exception() for task in tasks])


def _most_telling(errors: Sequence[BaseException | None]) -> BaseException:
    found = [error for error in errors if error is not None]
    more = [e for e in found if isinstance(e, VmnbError) and not isinstance(e, DeadlineError)]
    return (more or found)[0]
