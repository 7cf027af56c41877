"""Blocking work that makes something, run in a thread and never left running unseen."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from vmnb.core.finish import finish

__all__ = ["in_thread"]

_Result = TypeVar("_Result")


async def in_thread(work: Callable[[], _Result], undo: Callable[[_Result], None]) -> _Result:
    """Return what `work` makes in a thread; where the caller is cancelled, `undo` that.

    A thread cannot be cancelled, so a cancellation takes effect when `work` is done.
    """
    made: list[_Result] = []
    try:
        await finish(asyncio.to_thread(lambda: made.append(work())))
    except asyncio.CancelledError:
        for result in made:
            await finish(asyncio.to_thread(undo, result))
        raise
    return made[0]
