"""Output of a guest that is shown while its command runs, by whoever called for it."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from vmnb.guest import LiveText, RunResult, Sink

__all__ = ["Streamed", "show"]

_WAITING_MAX = 16


class Streamed:
    """One command and its output, piece by piece; it waits for those who do not take it.

    Each method is for the background loop.
    """

    def __init__(self, start: Callable[[Sink], Coroutine[Any, Any, RunResult]]) -> None:
        self._start = start
        self._pieces: asyncio.Queue[tuple[int, str] | None] = asyncio.Queue(_WAITING_MAX)
        self._texts = {1: LiveText(), 2: LiveText()}
        self._task: asyncio.Task[RunResult] | None = None

    async def begin(self) -> None:
        """Start the command."""
        self._task = asyncio.create_task(self._run())

    async def next(self) -> tuple[int, str] | None:
        """Return the number of a stream and what it says next; None at the end."""
        return await self._pieces.get()

    async def result(self) -> RunResult:
        """Return what the command left, when :meth:`next` has told the end."""
        assert self._task is not None  # noqa: S101 - it was begun
        return await self._task

    async def cancel(self) -> None:
        """End the command if it runs, and wait until it has ended."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> RunResult:
        try:
            result = await self._start(self._take)
        except Exception:
            await self._finish()
            raise
        await self._finish()
        return result

    async def _take(self, stream: int, data: bytes) -> None:
        if text := self._texts[stream].feed(data):
            await self._pieces.put((stream, text))

    async def _finish(self) -> None:
        for stream, text in self._texts.items():
            if rest := text.feed(b"", last=True):
                await self._pieces.put((stream, rest))
        await self._pieces.put(None)


def show(piece: tuple[int, str]) -> None:
    """Write a piece to this process's own stream of that number."""
    stream = sys.stdout if piece[0] == 1 else sys.stderr
    stream.write(piece[1])
    stream.flush()
