"""Work that waits for a pause: once for many changes, not too late, and not too often."""

import asyncio

import pytest

from vmnb.notebook.widget.lull import Lull

pytestmark = pytest.mark.timeout(60)
_NEVER_S = 3600.0


async def test_many_changes_are_one_call() -> None:
    calls: asyncio.Queue[None] = asyncio.Queue()
    lull = Lull(lambda: calls.put_nowait(None), quiet_s=0.05, apart_s=0.0)
    for _ in range(5):
        lull.note(_NEVER_S)
    await calls.get()
    assert calls.empty()
    lull.note(_NEVER_S)
    await calls.get()


async def test_changes_without_a_pause_do_not_put_it_off_for_ever() -> None:
    called = asyncio.Event()
    lull = Lull(called.set, quiet_s=0.05, apart_s=0.0)
    while not called.is_set():
        lull.note(0.2)
        await asyncio.sleep(0)


async def test_an_urgent_change_is_not_held_up_by_one_that_can_wait() -> None:
    called = asyncio.Event()
    lull = Lull(called.set, quiet_s=0.05, apart_s=0.0)
    lull.note(_NEVER_S)
    while not called.is_set():
        lull.note(0.1)
        lull.note(_NEVER_S)
        await asyncio.sleep(0)


async def test_two_calls_are_apart() -> None:
    loop = asyncio.get_running_loop()
    calls: asyncio.Queue[float] = asyncio.Queue()
    lull = Lull(lambda: calls.put_nowait(loop.time()), quiet_s=0.0, apart_s=0.3)
    lull.note(0.0)
    first = await calls.get()
    lull.note(0.0)
    assert await calls.get() - first >= 0.29


async def test_nothing_comes_of_what_is_cancelled() -> None:
    calls: list[str] = []
    cancelled = Lull(lambda: calls.append("cancelled"), quiet_s=0.0, apart_s=0.0)
    cancelled.note(0.0)
    cancelled.cancel()
    later = asyncio.Event()
    Lull(later.set, quiet_s=0.0, apart_s=0.0).note(0.0)
    await later.wait()
    assert calls == []
