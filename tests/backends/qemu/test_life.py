"""The life of real VMs, and every way it can end."""

import asyncio
import os
import shutil
import signal
import stat
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from vmnb.backends.qemu import QemuHypervisor
from vmnb.core.cloud_init import CloudInitConfig
from vmnb.core.errors import BackendError, StateError
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import VmEvent
from vmnb.core.network import NetworkConfig
from vmnb.core.spec import VmSpec
from vmnb.core.state import Cause, VmState

Prepared = Callable[[VmSpec], AbstractAsyncContextManager[VmHandle]]
Spec = Callable[..., VmSpec]


def command_line(handle: VmHandle) -> bytes:
    return Path(f"/proc/{handle.pid}/cmdline").read_bytes()


async def events_of(hypervisor: QemuHypervisor, handle: VmHandle) -> list[VmEvent]:
    return [event async for event in hypervisor.watch(handle)]


async def first_event(hypervisor: QemuHypervisor, handle: VmHandle, action: str) -> VmEvent:
    async with aclosing(hypervisor.watch(handle)) as events:
        async for event in events:
            if event.action == action:
                return event
    raise AssertionError(f"no {action}")


@pytest.mark.parametrize(
    ("guest", "action", "state"),
    [("power-off", "power-off", VmState.STOPPED), ("panic", "panic", VmState.FAILED)],
)
def test_what_the_guest_does_to_itself_is_told_and_is_its_state(
    hypervisor: QemuHypervisor,
    runner: asyncio.Runner,
    prepared: Prepared,
    spec: Spec,
    guest: str,
    action: str,
    state: VmState,
) -> None:
    async def scenario() -> None:
        async with prepared(spec(guest)) as handle:
            handle = await hypervisor.start(handle)
            last = (await events_of(hypervisor, handle))[-1]
            assert (last.action, last.state, last.cause) == (action, state, Cause.GUEST)
            assert await hypervisor.state(handle) is state

    runner.run(scenario())


def test_a_reboot_is_told_and_the_vm_goes_on(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def scenario() -> None:
        async with prepared(spec("reboot")) as handle:
            handle = await hypervisor.start(handle)
            event = await first_event(hypervisor, handle, "reboot")
            assert (event.state, event.cause) == (VmState.RUNNING, Cause.GUEST)
            assert await hypervisor.state(handle) is VmState.RUNNING

    runner.run(scenario())


@pytest.mark.parametrize(
    ("number", "state", "cause", "words"),
    [
        (signal.SIGKILL, VmState.FAILED, Cause.FAILURE, "SIGKILL"),
        (signal.SIGTERM, VmState.STOPPED, Cause.HOST, "signal"),
    ],
)
def test_a_signal_from_outside_is_told_with_its_cause(
    hypervisor: QemuHypervisor,
    runner: asyncio.Runner,
    prepared: Prepared,
    spec: Spec,
    number: signal.Signals,
    state: VmState,
    cause: Cause,
    words: str,
) -> None:
    async def scenario() -> None:
        async with prepared(spec()) as handle:
            handle = await hypervisor.start(handle)
            watching = asyncio.create_task(events_of(hypervisor, handle))
            assert handle.pid is not None
            os.kill(handle.pid, number)
            last = (await watching)[-1]
            assert (last.action, last.state, last.cause) == ("exit", state, cause)
            assert words in last.detail
            assert await hypervisor.state(handle) is state
            assert [await events_of(hypervisor, handle) for _ in range(2)] == [[last], [last]]

    runner.run(scenario())


def test_a_failed_vm_can_be_stopped_and_started_again(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def scenario() -> None:
        async with prepared(spec()) as handle:
            handle = await hypervisor.start(handle)
            assert handle.pid is not None
            os.kill(handle.pid, signal.SIGKILL)
            await events_of(hypervisor, handle)
            handle = await hypervisor.stop(handle)
            assert await hypervisor.state(handle) is VmState.STOPPED
            handle = await hypervisor.start(handle)
            assert await hypervisor.state(handle) is VmState.RUNNING

    runner.run(scenario())


def test_a_run_under_an_earlier_boot_of_the_host_was_stopped_by_the_host(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def scenario() -> None:
        async with prepared(spec()) as handle:
            handle = await hypervisor.start(handle)
            assert handle.pid is not None
            os.kill(handle.pid, signal.SIGKILL)
            await events_of(hypervisor, handle)
            earlier = replace(handle, boot_id="an earlier boot")
            assert await hypervisor.state(earlier) is VmState.STOPPED
            last = (await events_of(hypervisor, earlier))[-1]
            assert (last.cause, last.detail) == (Cause.HOST, "the machine was restarted")

    runner.run(scenario())


def test_a_guest_that_ignores_its_power_button_is_stopped_by_force(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def scenario() -> None:
        async with prepared(spec()) as handle:
            handle = await hypervisor.start(handle)
            watching = asyncio.create_task(events_of(hypervisor, handle))
            stopped = await hypervisor.stop(handle, timeout_s=0.5)
            assert await hypervisor.state(stopped) is VmState.STOPPED
            assert stopped.qmp_socket is not None
            assert not stopped.qmp_socket.parent.exists()
            last = (await watching)[-1]
            assert (last.action, last.state, last.cause) == (
                "power-off",
                VmState.STOPPED,
                Cause.USER,
            )

    runner.run(scenario())


def test_a_frozen_qemu_is_stopped_all_the_same(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def scenario() -> None:
        async with prepared(spec()) as handle:
            handle = await hypervisor.start(handle)
            assert handle.pid is not None
            os.kill(handle.pid, signal.SIGSTOP)
            handle = await hypervisor.stop(handle, timeout_s=0)
            assert await hypervisor.state(handle) is VmState.STOPPED

    runner.run(scenario())


def test_the_console_log_is_kept_over_restarts(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def hear(handle: VmHandle) -> None:
        reader, writer = await asyncio.open_unix_connection(str(handle.console_socket))
        log = handle.console_log
        assert log is not None
        if b"Hi" not in log.read_bytes():
            await reader.readuntil(b"Hi\n")
        writer.close()
        await writer.wait_closed()

    async def scenario() -> None:
        async with prepared(spec("hello")) as handle:
            handle = await hypervisor.start(handle)
            await hear(handle)
            handle = await hypervisor.stop(handle, timeout_s=0)
            assert handle.console_log is not None
            said = handle.console_log.read_bytes()
            assert b"Hi" in said
            handle = await hypervisor.start(handle)
            assert handle.console_log is not None
            assert handle.console_log.read_bytes().startswith(said)

    runner.run(scenario())


def test_starting_twice_at_once_gives_one_qemu(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def scenario() -> None:
        async with prepared(spec()) as handle:
            results = await asyncio.gather(
                hypervisor.start(handle), hypervisor.start(handle), return_exceptions=True
            )
            assert {type(result) for result in results} == {StateError, VmHandle}

    runner.run(scenario())


def test_a_start_that_fails_tells_qemus_words_and_changes_nothing(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def scenario() -> None:
        async with prepared(spec()) as handle:
            assert handle.overlay is not None
            disk = handle.overlay.read_bytes()
            handle.overlay.write_bytes(b"no disk at all")
            with pytest.raises(BackendError, match=r"(?s)exit code 1.*not in qcow2 format"):
                await hypervisor.start(handle)
            assert await hypervisor.state(handle) is VmState.PREPARED
            assert handle.qmp_socket is not None
            assert not handle.qmp_socket.parent.exists()
            handle.overlay.write_bytes(disk)
            await hypervisor.start(handle)

    runner.run(scenario())


def test_a_cancelled_start_leaves_a_prepared_vm_and_no_process(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def scenario() -> None:
        async with prepared(spec()) as handle:
            for turns in (1, 2, 4, 8, 16):
                starting = asyncio.create_task(hypervisor.start(handle))
                for _ in range(turns):
                    await asyncio.sleep(0)
                starting.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await starting
                assert await hypervisor.state(handle) is VmState.PREPARED

    runner.run(scenario())


def test_everything_of_a_vm_is_private(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def scenario() -> None:
        seed = CloudInitConfig(user_data="#cloud-config\n")
        async with prepared(spec(cloud_init=seed)) as handle:
            umask = os.umask(0)
            try:
                handle = await hypervisor.start(handle)
            finally:
                os.umask(umask)
            assert handle.work_dir is not None
            assert handle.qmp_socket is not None
            for directory in (handle.work_dir, handle.qmp_socket.parent):
                assert stat.S_IMODE(directory.stat().st_mode) == 0o700
                modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in directory.iterdir()}
                assert modes == dict.fromkeys(modes, 0o600)
            assert handle.seed_iso is not None
            assert handle.vnc_socket is not None
            assert handle.vnc_socket.is_socket()

    runner.run(scenario())


def test_a_vm_without_network_has_no_card(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def scenario() -> None:
        async with prepared(spec(network=NetworkConfig.none())) as handle:
            handle = await hypervisor.start(handle)
            assert handle.mac is None
            assert b"virtio-net" not in command_line(handle)

    runner.run(scenario())


def test_it_says_what_runs_the_guest_and_why_not_faster(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def scenario() -> None:
        async with prepared(spec()) as handle:
            handle = await hypervisor.start(handle)
            assert handle.accelerator in {"kvm", "tcg"}
            if handle.accelerator == "tcg":
                assert "kvm" in (handle.accelerator_note or "").lower()

    runner.run(scenario())


def test_a_destroyed_vm_is_told_to_who_watches(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def scenario() -> None:
        async with prepared(spec()) as handle:
            handle = await hypervisor.start(handle)
            watching = asyncio.create_task(events_of(hypervisor, handle))
            await asyncio.sleep(0)
            await hypervisor.destroy(handle)
            assert await hypervisor.state(handle) is VmState.DESTROYED
            with pytest.raises(StateError):
                await hypervisor.start(handle)
            assert (await watching)[-1].state in {VmState.DESTROYED, VmState.STOPPED}

    runner.run(scenario())


def test_a_full_disk_of_this_machine_suspends_the_guest_until_there_is_room(
    hypervisor: QemuHypervisor,
    runner: asyncio.Runner,
    prepared: Prepared,
    spec: Spec,
    small_disk: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk = small_disk("size=100M")
    monkeypatch.setenv("VMNB_HOME", str(disk / "data"))

    async def scenario() -> None:
        async with prepared(spec("write")) as handle:
            filler = disk / "filler"
            filler.write_bytes(bytes(shutil.disk_usage(disk).free - 48 * 1024))
            handle = await hypervisor.start(handle)
            event = await first_event(hypervisor, handle, "disk-error")
            assert (event.state, event.cause) == (VmState.SUSPENDED, Cause.FAILURE)
            assert await hypervisor.state(handle) is VmState.SUSPENDED
            filler.unlink()
            handle = await hypervisor.resume(handle)
            assert await hypervisor.state(handle) is VmState.RUNNING

    runner.run(scenario())
