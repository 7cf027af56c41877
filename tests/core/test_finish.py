"""What must not stop half way."""

import asyncio

import pytest

from vmnb.core.finish import finish


def test_what_is_finished_outlives_any_number_of_cancellations() -> None:
    async def scenario() -> None:
        go, done = asyncio.Event(), []

        async def work() -> None:
            await go.wait()
            done.append(True)

        task = asyncio.create_task(finish(work()))
        for _ in range(3):
            await asyncio.sleep(0)
            task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert done == [True]

    asyncio.run(scenario())


def test_results_and_errors_pass_through() -> None:
    async def fail() -> None:
        raise ValueError("no")

    assert asyncio.run(finish(asyncio.sleep(0, "done"))) == "done"
    with pytest.raises(ValueError, match="no"):
        asyncio.run(finish(fail()))
