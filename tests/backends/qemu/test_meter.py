"""Measuring a VM: real ones whose guests are a sector, and a monitor by script for the rest.

The scripted monitor speaks QMP on a real socket, beside a real process that stands for QEMU.
"""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.backends.qemu.monitor_peer import MonitorPeer
from vmnb.backends.qemu import QemuHypervisor
from vmnb.backends.qemu.files import Sockets
from vmnb.backends.qemu.running.attachment import Attachment
from vmnb.backends.qemu.running.journal import Journal
from vmnb.backends.qemu.usage.guest_usage import card_bytes, used_memory_mib
from vmnb.backends.qemu.usage.meter import Meter, traffic_of
from vmnb.console import Console
from vmnb.core.errors import StateError
from vmnb.core.handle import VmHandle
from vmnb.core.metrics import Sample, with_rates
from vmnb.core.network import NetworkConfig
from vmnb.core.process import Found, identify
from vmnb.core.sampler import Sampler
from vmnb.core.spec import VmSpec

Prepared = Callable[[VmSpec], AbstractAsyncContextManager[VmHandle]]
Spec = Callable[..., VmSpec]


async def two_samples(hypervisor: QemuHypervisor, handle: VmHandle) -> list[Sample]:
    """Return samples a second apart: what lies between two needs time in between."""
    first = await hypervisor.measure(handle)
    await asyncio.sleep(1)
    return [first, await hypervisor.measure(handle)]


async def until_it_says(hypervisor: QemuHypervisor, handle: VmHandle, text: str) -> None:
    console = Console(hypervisor.console_endpoint(handle))
    await console.open()
    await console.wait_for(text, 60)
    await console.aclose()


def test_a_guest_that_works_uses_more_of_the_cpu_than_one_that_waits(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def cpu_percent(guest: str) -> float:
        async with prepared(spec(guest)) as handle:
            handle = await hypervisor.start(handle)
            await until_it_says(hypervisor, handle, "Hi")
            samples = await two_samples(hypervisor, handle)
            rates = with_rates(samples)[1][1]
            assert rates is not None
            assert len(rates.vcpu_percent) == 1
            return rates.vcpu_percent[0]

    async def scenario() -> None:
        idle, busy = await cpu_percent("hello"), await cpu_percent("busy")
        assert busy > 3 * max(idle, 1)

    runner.run(scenario())


def test_what_a_guest_writes_to_its_disk_is_counted(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def scenario() -> None:
        async with prepared(spec("write", network=NetworkConfig.none())) as handle:
            handle = await hypervisor.start(handle)
            sampler = Sampler(lambda: hypervisor.measure(handle), interval_s=0.05)
            async with asyncio.timeout(60):
                while not (sample := await sampler.fresh()).traffic.disk_writes:
                    pass
            assert sample.traffic.disk_written_bytes == 512
            assert sample.traffic.disk_reads
            assert sample.memory_mib > 1
            assert sample.memory_pss_mib is not None
            assert sample.notes == (
                "the guest's memory: not known, for no guest agent runs",
                "network: it has none",
            )

    runner.run(scenario())


def test_a_vm_that_does_not_run_is_not_measured_and_a_new_run_counts_anew(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def scenario() -> None:
        async with prepared(spec()) as handle:
            runs = []
            for _ in range(2):
                with pytest.raises(StateError, match="does not run"):
                    await hypervisor.measure(handle)
                handle = await hypervisor.start(handle)
                runs.append((await hypervisor.measure(handle)).run)
                handle = await hypervisor.stop(handle, timeout_s=0)
            assert runs[0] != runs[1]

    runner.run(scenario())


BLOCKS = [{"stats": {"rd_bytes": 5, "wr_bytes": 7, "rd_operations": 1, "wr_operations": 2}}] * 2
ANSWERS: dict[str, Any] = {
    "query-cpus-fast": [],
    "query-blockstats": BLOCKS,
    "query-chardev": [{"label": "agent", "frontend-open": False}],
}


@asynccontextmanager
async def metered(
    homes: Path, answers: dict[str, Any]
) -> AsyncIterator[tuple[Meter, MonitorPeer, "subprocess.Popen[bytes]"]]:
    """Give a meter over a process that only waits, and the monitor that it asks."""
    folder = homes / "s"
    folder.mkdir()
    process = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs yet
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE
    )
    found = Found(identify(process.pid), os.pidfd_open(process.pid))
    handle = VmHandle(
        id="0" * 32,
        backend="qemu",
        spec=VmSpec(name="scripted", network=NetworkConfig.none()),
        agent_socket=folder / "agent.sock",
    )
    async with MonitorPeer(folder / "qmp0.sock", answers) as peer:
        attachment = Attachment("scripted", found, Sockets(folder), Journal(folder / "journal"))
        try:
            yield Meter(handle, attachment), peer, process
        finally:
            if process.poll() is None:
                process.communicate(b"\n")
            await attachment.aclose()
            shutil.rmtree(folder)


def test_disks_are_summed_up_and_a_refusal_leaves_out_what_was_refused_alone(
    homes: Path, runner: asyncio.Runner
) -> None:
    async def scenario() -> None:
        async with metered(homes, ANSWERS) as (meter, peer, _):
            traffic = (await meter.sample()).traffic
            assert (traffic.disk_read_bytes, traffic.disk_writes) == (10, 4)
            del peer.answers["query-blockstats"]
            sample = await meter.sample()
            assert sample.traffic.disk_read_bytes is None
            assert sample.memory_mib > 1
            assert any(note.startswith("disk: not known") for note in sample.notes)

    runner.run(scenario())


def test_what_does_not_change_is_not_asked_again(homes: Path, runner: asyncio.Runner) -> None:
    async def scenario() -> None:
        async with metered(homes, ANSWERS) as (meter, peer, _):
            for _ in range(3):
                await meter.sample()
            counts = [
                peer.asked.count(f"query-{what}") for what in ("cpus-fast", "blockstats", "chardev")
            ]
            assert counts == [1, 3, 1]

    runner.run(scenario())


def test_a_process_that_ended_meanwhile_is_no_longer_measured(
    homes: Path, runner: asyncio.Runner
) -> None:
    async def scenario() -> None:
        async with metered(homes, ANSWERS) as (meter, _, process):
            await meter.sample()
            process.communicate(b"\n")
            with pytest.raises(StateError, match="does not run"):
                await meter.sample()

    runner.run(scenario())


def test_without_an_answer_no_disk_is_counted() -> None:
    assert traffic_of([], None, None).disk_read_bytes is None


def test_memory_in_use_is_what_is_not_available() -> None:
    assert used_memory_mib("MemTotal:  2048 kB\nMemFree: 1 kB\nMemAvailable: 1024 kB\n") == 1
    for useless in ("", "MemTotal: 5 kB", "MemTotal: x kB\nMemAvailable: -5 kB", "\0" * 9):
        assert used_memory_mib(useless) is None


@pytest.mark.parametrize(
    "said",
    [None, [], [5], [{}], [{"statistics": None}], [{"hardware-address": "m", "statistics": {}}],
     [{"hardware-address": 5, "statistics": {"rx-bytes": 1, "tx-bytes": 2}}],
     [{"hardware-address": "m", "statistics": {"rx-bytes": "1", "tx-bytes": 2}}]],
)  # fmt: skip
def test_an_agents_nonsense_about_its_cards_is_left_out(said: Any) -> None:
    assert card_bytes(said) == {}
