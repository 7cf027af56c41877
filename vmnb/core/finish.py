"""What must not stop half way: awaited to its end, cancelled or not."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["finish"]

_T = TypeVar("_T")


async def finish(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Return what `coroutine` returns; a cancellation is held back until it has ended."""
    task = asyncio.ensure_future(coroutine)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is None:
        return task.result()
    if not task.cancelled() and (failure := task.exception()) is not None:
        raise cancelled from failure
    raise cancelled
