"""Sampling goes on only while somebody watches."""

import asyncio

import pytest

from tests.core.samples import sample
from vmnb.core.errors import StateError
from vmnb.core.metrics import Sample
from vmnb.core.sampler import Sampler


class Source:
    """Gives samples, one a second by its own clock, and lets a test wait for a number of them."""

    def __init__(self) -> None:
        self.count = 0
        self.runs = True
        self._news = asyncio.Event()

    async def take(self) -> Sample:
        if not self.runs:
            raise StateError("it does not run")
        self.count += 1
        self._news.set()
        return sample(self.count)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(30):
            while self.count < count:
                self._news.clear()
                await self._news.wait()


async def ended(sampler: Sampler) -> None:
    """Wait until nothing is sampled any more."""
    task = sampler._task
    assert task is not None
    async with asyncio.timeout(30):
        await task
    assert not sampler.is_sampling


def sampler_of(source: Source, *, kept: int = 600) -> Sampler:
    return Sampler(source.take, interval_s=0.01, kept=kept)


def test_it_samples_while_somebody_watches_and_stops_at_once_when_the_last_leaves() -> None:
    async def scenario() -> None:
        source = Source()
        sampler = sampler_of(source)
        assert not sampler.is_sampling
        sampler.watch("a", 60)
        sampler.watch("b", 60)
        await source.until(3)
        sampler.leave("a")
        before = source.count
        await source.until(before + 2)
        sampler.leave("b")
        await ended(sampler)
        assert source.count == sampler.end

    asyncio.run(scenario())


def test_who_does_not_say_so_again_keeps_nothing_going() -> None:
    async def scenario() -> None:
        source = Source()
        sampler = sampler_of(source)
        sampler.watch("gone", 0.05)
        await ended(sampler)
        assert source.count > 0
        assert sampler.watchers == frozenset()

    asyncio.run(scenario())


def test_only_the_newest_samples_are_kept_and_each_has_its_number() -> None:
    async def scenario() -> None:
        source = Source()
        sampler = sampler_of(source, kept=3)
        for _ in range(5):
            await sampler.fresh()
        assert sampler.end == 5
        for asked, first, clocks in ((0, 2, [3, 4, 5]), (4, 4, [5]), (5, 5, []), (99, 5, [])):
            start, samples = sampler.since(asked)
            assert (start, [each.clock_s for each in samples]) == (first, clocks)

    asyncio.run(scenario())


def test_a_vm_that_stops_ends_the_sampling_and_whoever_watches_again_begins_it_anew() -> None:
    async def scenario() -> None:
        source = Source()
        sampler = sampler_of(source)
        sampler.watch("a", 60)
        await source.until(2)
        source.runs = False
        await ended(sampler)
        with pytest.raises(StateError):
            await sampler.fresh()
        source.runs = True
        sampler.watch("a", 60)
        await source.until(source.count + 2)
        await sampler.aclose()
        assert not sampler.is_sampling

    asyncio.run(scenario())


def test_two_that_ask_at_once_get_samples_with_time_between_them() -> None:
    async def scenario() -> None:
        at: list[float] = []

        async def take() -> Sample:
            at.append(asyncio.get_running_loop().time())
            return sample(len(at))

        sampler = Sampler(take, interval_s=0.05)
        await asyncio.gather(sampler.fresh(), sampler.fresh())
        assert at[1] - at[0] >= 0.05

    asyncio.run(scenario())
