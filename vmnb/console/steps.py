"""What an object does by itself, in the background: some of it one after the other."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

__all__ = ["Steps"]


class Steps:
    """The tasks of an object, until :meth:`aclose`."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Do `work` at once."""
        task = asyncio.create_task(work, name="console")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def take(self, step: Callable[[], Awaitable[None]]) -> None:
        """Take `step` when those before it have been taken."""

        async def take() -> None:
            async with self._turn:
                await step()

        self.begin(take())

    async def settled(self) -> None:
        """Return when all that was begun until now is done."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def aclose(self) -> None:
        """End all of it."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
