"""Several processes and one VM: each finds it by its handle alone."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, contextmanager
from dataclasses import replace
from typing import IO

import pytest

from vmnb.backends.qemu import QemuHypervisor
from vmnb.backends.qemu.files import Sockets
from vmnb.core.errors import BusyError
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import VmEvent
from vmnb.core.spec import VmSpec
from vmnb.core.state import VmState

Prepared = Callable[[VmSpec], AbstractAsyncContextManager[VmHandle]]
Spec = Callable[..., VmSpec]


async def last_event(hypervisor: QemuHypervisor, handle: VmHandle) -> VmEvent:
    return [event async for event in hypervisor.watch(handle)][-1]


OTHER = """
import asyncio, json, sys
from vmnb.backends.qemu import QemuHypervisor
from vmnb.core.handle import VmHandle

async def main():
    hypervisor = QemuHypervisor()
    handle = VmHandle.from_json(json.loads(sys.stdin.readline()))
    if sys.argv[1] == "start":
        handle = await hypervisor.start(handle)
    await hypervisor.state(handle)
    print(json.dumps(handle.to_json()), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await hypervisor.aclose()

asyncio.run(main())
"""
"""Another process that starts a VM, or attaches to it, tells its handle, and then holds on."""


class Other:
    """Another Python process that is attached to the VM."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    @property
    def pipes(self) -> tuple[IO[str], IO[str]]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        return self.process.stdin, self.process.stdout

    def handle(self) -> VmHandle:
        return VmHandle.from_json(json.loads(self.pipes[1].readline()))

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def other_process(what: str, handle: VmHandle) -> Iterator[Other]:
    process = subprocess.Popen(
        [sys.executable, "-c", OTHER, what],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        other = Other(process)
        stdin, _ = other.pipes
        stdin.write(json.dumps(handle.to_json()) + "\n")
        stdin.flush()
        try:
            yield other
        finally:
            other.kill()


def keep_both_monitors(handle: VmHandle) -> ExitStack:
    """Be a client of each monitor that never lets go, as a process that was stopped is."""
    kept = ExitStack()
    for path in Sockets.of_handle(handle).monitors:
        client = kept.enter_context(socket.socket(socket.AF_UNIX))
        client.connect(os.fspath(path))
        assert client.recv(6) == b'{"QMP"'
    return kept


def test_a_vm_outlives_the_process_that_started_it_and_obeys_the_next(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def scenario() -> None:
        async with prepared(spec()) as handle:
            with other_process("start", handle) as other:
                started = await asyncio.to_thread(other.handle)
                other.kill()
            assert await hypervisor.state(started) is VmState.RUNNING
            assert await hypervisor.state(await hypervisor.suspend(started)) is VmState.SUSPENDED
            assert await hypervisor.state(await hypervisor.resume(started)) is VmState.RUNNING
            stopped = await hypervisor.stop(started, timeout_s=0)
            again = await hypervisor.start(stopped)
            assert again.pid != started.pid

    runner.run(scenario())


def test_a_vm_is_found_although_its_starter_died_before_it_wrote_the_handle_down(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def scenario() -> None:
        async with prepared(spec()) as handle:
            with other_process("start", handle) as other:
                await asyncio.to_thread(other.handle)
                other.kill()
            assert handle.pid is None
            assert await hypervisor.state(handle) is VmState.RUNNING

    runner.run(scenario())


def test_what_happened_while_nobody_looked_is_told_afterwards(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def scenario() -> None:
        async with prepared(spec("power-off")) as handle:
            with other_process("start", handle) as other:
                started = await asyncio.to_thread(other.handle)
                other.kill()
            events = [event async for event in hypervisor.watch(started)]
            assert [(e.action, e.state) for e in events] == [("power-off", VmState.STOPPED)]
            assert await hypervisor.state(started) is VmState.STOPPED

    runner.run(scenario())


def test_many_that_look_and_act_at_once_share_two_monitors(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def scenario() -> None:
        others = [QemuHypervisor() for _ in range(8)]
        async with prepared(spec()) as handle:
            started = await hypervisor.start(handle)
            states = await asyncio.gather(*(other.state(started) for other in others))
            assert set(states) == {VmState.RUNNING}
            pictures = await asyncio.gather(*(other.screenshot(started) for other in others))
            assert len(pictures) == len(others)
        for other in others:
            await other.aclose()

    runner.run(scenario())


def test_where_others_keep_both_monitors_it_is_seen_and_who_acts_is_told(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def scenario() -> None:
        async with prepared(spec()) as handle:
            started = await hypervisor.start(handle)
            watching = asyncio.create_task(last_event(hypervisor, started))
            await hypervisor.suspend(started)
            with await asyncio.to_thread(keep_both_monitors, started):
                assert await hypervisor.state(started) is VmState.SUSPENDED
                with pytest.raises(BusyError, match="keep both monitors"):
                    await hypervisor.resume(started)
                assert started.pid is not None
                os.kill(started.pid, signal.SIGKILL)
                assert (await watching).state is VmState.FAILED
                assert await hypervisor.state(started) is VmState.FAILED

    runner.run(scenario())


def test_two_processes_tell_the_same_events(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def keys(watcher: QemuHypervisor, handle: VmHandle) -> list[str]:
        return [event.key async for event in watcher.watch(handle)]

    async def scenario() -> None:
        other = QemuHypervisor()
        async with prepared(spec()) as handle:
            started = await hypervisor.start(handle)
            watching = [asyncio.create_task(keys(each, started)) for each in (hypervisor, other)]
            await other.suspend(started)
            await hypervisor.resume(started)
            assert started.pid is not None
            os.kill(started.pid, signal.SIGKILL)
            told, told_too = await asyncio.gather(*watching)
            assert told == told_too
            assert [key.split(":")[0] for key in told] == ["pause", "resume", "exit"]
        await other.aclose()

    runner.run(scenario())


def test_a_pid_alone_is_not_believed(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    """The handle names a living process that was never its QEMU: here, this very test."""

    async def scenario() -> None:
        async with prepared(spec()) as handle:
            started = await hypervisor.start(handle)
            stopped = await hypervisor.stop(started, timeout_s=0)
            mistaken = replace(
                stopped, pid=os.getpid(), pid_start=started.pid_start, boot_id=started.boot_id
            )
            assert await hypervisor.state(mistaken) is VmState.STOPPED
            await hypervisor.destroy(mistaken)

    runner.run(scenario())


def test_a_lost_pidfile_does_not_hide_a_living_vm(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def scenario() -> None:
        other = QemuHypervisor()
        async with prepared(spec()) as handle:
            started = await hypervisor.start(handle)
            assert started.qmp_socket is not None
            (started.qmp_socket.parent / "qemu.pid").unlink()
            assert await other.state(started) is VmState.RUNNING
        await other.aclose()

    runner.run(scenario())
