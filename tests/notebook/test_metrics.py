"""What a VM uses, as a notebook has it, over the Noop backend: its figures are always the same."""

import asyncio
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from vmnb import VM
from vmnb.backends.noop import NoopHypervisor
from vmnb.core import runtime
from vmnb.core.errors import CapabilityError
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import Capability
from vmnb.notebook.tables.metrics import METRICS_SCHEMA
from vmnb.notebook.widget.metrics_talk import MetricsTalk

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<b onload='x'>&"


class Blind(NoopHypervisor):
    """A backend that measures nothing."""

    tag = "blind"

    def capabilities(self, handle: VmHandle | None = None) -> frozenset[Capability]:
        return super().capabilities(handle) - {Capability.METRICS}


def test_the_table_has_its_schema_also_when_empty_and_never_is_for_a_vm_that_runs() -> None:
    vm = VM("web", backend="noop")
    for rows in (0, 2):
        assert vm.metrics.dtypes.astype(str).to_dict() == dict(METRICS_SCHEMA)
        assert len(vm.metrics) >= rows
        vm.start()


def test_it_is_the_same_at_each_run_but_for_its_times() -> None:
    def rows(name: str) -> list[list[float]]:
        vm = VM(name, backend="noop").start()
        return vm.metrics.drop(columns="time").values.tolist()[1:2]

    assert rows("a") == rows("b")
    assert "made up" in VM.attach("a").metrics.attrs["notes"][0]


def test_a_vm_that_stopped_keeps_what_was_measured_and_a_new_start_counts_anew() -> None:
    vm = VM("web", backend="noop").start()
    count = len(vm.metrics)
    before = vm.stop().metrics
    assert len(before) >= count
    again = vm.start().metrics
    assert again["cpu_percent"].isna().sum() == 2  # the first look at each run
    assert again["disk_reads"].iloc[len(before)] == 1


def test_a_backend_that_measures_nothing_says_so() -> None:
    vm = VM("web", backend=Blind()).start()
    with pytest.raises(CapabilityError, match="metrics"):
        _ = vm.metrics
    with pytest.raises(CapabilityError):
        vm.plot_metrics()


def test_the_plot_is_a_picture_in_words_too_and_a_name_in_it_stays_text() -> None:
    vm = VM(HOSTILE, backend="noop").start()
    bundle = vm.plot_metrics()._repr_mimebundle_()
    assert bundle["text/plain"] == f"<metrics of {HOSTILE!r}: CPU, memory, disk, network>"
    root = ET.fromstring(bundle["image/svg+xml"])
    assert root.get("role") == "img"
    assert {child.tag for child in root.iter()} <= {
        f"{SVG}{tag}" for tag in ("svg", "title", "g", "text", "line", "path")
    }
    said = root.findtext(f"{SVG}title") or ""
    for words in (HOSTILE, "CPU (% of a core): all", "Memory: on the host 128 MiB", "received"):
        assert words in said
    assert "made up" in bundle["text/html"]
    assert "<b" not in bundle["text/html"]


def test_a_plot_of_nothing_is_one_too() -> None:
    bundle = VM("web", backend="noop").plot_metrics()._repr_mimebundle_()
    assert "nothing was measured yet" in bundle["text/html"]


def test_each_has_an_awaitable_twin() -> None:
    vm = VM("web", backend="noop").start()

    async def scenario() -> None:
        samples = await vm.aio.metrics()
        assert samples[-1].memory_mib == 128
        assert "CPU" in repr(await vm.aio.plot_metrics())

    asyncio.run(scenario())


class Page:
    """A page's side of the talk: says what it looks at, and collects what it is told."""

    def __init__(self, vm: VM) -> None:
        self.live = vm._live
        self.told: list[dict[str, Any]] = []
        self.talk = runtime.run(self._made())
        self._news = asyncio.Event()

    async def _made(self) -> MetricsTalk:
        return MetricsTalk(self.live, lambda message, _: self._hear(message))

    def _hear(self, message: dict[str, Any]) -> None:
        self.told.append(message)
        self._news.set()

    async def say(self, kind: str, view: str = "v", **values: Any) -> None:
        await self.talk.handle({"kind": f"metrics_{kind}", "view": view, **values}, [])

    async def until(self, count: int) -> None:
        async with asyncio.timeout(30):
            while len(self.told) < count:
                self._news.clear()
                await self._news.wait()

    async def ended(self) -> None:
        task = self.live.sampler._task
        assert task is not None
        async with asyncio.timeout(30):
            await task


def test_a_page_that_looks_is_told_each_sample_once_until_it_leaves() -> None:
    page = Page(VM("web", backend="noop").start())

    async def scenario() -> None:
        assert not page.live.sampler.is_sampling
        await page.say("watch", since=0)
        await page.until(3)
        assert page.live.sampler.is_sampling
        await page.say("leave")
        await page.ended()

    runtime.run(scenario())
    first, *others = page.told
    assert (first["view"], first["first"]) == ("v", 0)
    assert all("view" not in message for message in others)
    expected = len(first["points"])
    for message in others:
        assert message["first"] == expected
        expected += len(message["points"])
    assert first["points"][0]["cpu_percent"] is None
    assert others[-1]["points"][-1]["cpu_percent"] > 0
    assert "made up" in first["notes"][0]


def test_a_page_that_has_the_beginning_is_told_the_rest_alone() -> None:
    page = Page(VM("web", backend="noop").start())

    async def scenario() -> None:
        for _ in range(4):
            await page.live.sampler.fresh()
        await page.say("watch", since=4)
        await page.say("leave")

    runtime.run(scenario())
    answer = page.told[0]
    assert (answer["first"], len(answer["points"])) == (4, 1)
    assert answer["points"][0]["cpu_percent"] is not None  # by the one before, which it has


def test_sampling_goes_on_while_another_page_looks() -> None:
    page = Page(VM("web", backend="noop").start())

    async def scenario() -> None:
        await page.say("watch", "one", since=0)
        await page.say("watch", "other", since=0)
        await page.say("leave", "one")
        assert page.live.sampler.is_sampling
        assert page.live.sampler.watchers == {"other"}
        await page.say("leave", "other")
        await page.ended()

    runtime.run(scenario())


def test_a_vm_that_does_not_run_is_refused_with_the_reason_and_nothing_samples() -> None:
    page = Page(VM("web", backend="noop"))
    runtime.run(page.say("watch", since=0))
    assert [message["kind"] for message in page.told] == ["metrics_refused"]
    assert "prepared" in page.told[0]["reason"]
    assert not page.live.sampler.is_sampling


def test_a_page_that_never_looked_may_leave() -> None:
    page = Page(VM("web", backend="noop").start())
    runtime.run(page.say("leave"))
    assert page.told == []
