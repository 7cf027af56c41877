"""A lock file that is waited for: one task of one process at a time, over all processes.

The file stays when the lock is free, since it can only be removed by who knows that nobody waits.
"""

import asyncio
import contextlib
import fcntl
import os
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from vmnb.core.paths import private_dir

__all__ = ["locked"]


@contextlib.asynccontextmanager
async def locked(path: Path, on_wait: Callable[[], None] = lambda: None) -> AsyncIterator[None]:
    """Hold the lock `path`, made where it is missing; it ends with the process at the latest.

    Parameters
    ----------
    on_wait
        Called once when somebody else holds it, who is waited for.

    Raises
    ------
    OSError
        The file cannot be made.
    """
    private_dir(path.parent)
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        on_wait()
        await _wait_for_lock(lock)
    try:
        yield
    finally:
        os.close(lock)


async def _wait_for_lock(descriptor: int) -> None:
    """Lock an open file; closing it unlocks it, which is done here if the lock is not had.

    flock blocks, and no thread can be stopped in it: so it runs in a thread of its own, which gives
    the lock back by itself if nobody waits for it any more, and which holds up no exit of Python.
    """
    loop = asyncio.get_running_loop()
    locked: asyncio.Future[None] = loop.create_future()

    def hand_over(error: OSError | None) -> None:
        if error or locked.cancelled():
            os.close(descriptor)
        if not locked.cancelled():
            locked.set_exception(error) if error else locked.set_result(None)

    def wait() -> None:
        error = None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError as caught:
            error = caught
        try:
            loop.call_soon_threadsafe(hand_over, error)
        except RuntimeError:  # the loop was closed meanwhile
            os.close(descriptor)

    threading.Thread(target=wait, name="vmnb-image-lock", daemon=True).start()
    await locked
