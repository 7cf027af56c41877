"""What becomes of a VM on a server: followed, stopped with manners or without, and its end."""

import asyncio
import json
import stat
from collections.abc import Awaitable, Callable

import pytest

from vmnb.backends.propolis import PropolisHypervisor
from vmnb.core.cloud_init import CloudInitConfig
from vmnb.core.errors import BackendError, CapabilityError, SpecError
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import Capability, VmEvent
from vmnb.core.network import NetworkConfig
from vmnb.core.router import RouterHypervisor
from vmnb.core.session import Session
from vmnb.core.spec import VmSpec
from vmnb.core.state import Cause, VmState
from vmnb.core.store import Store
from vmnb.testing.propolis import Cut, PropolisStandIn, Refuse, Stall

from .conftest import disk_spec

MONITOR = ("GET", "/instance/state-monitor")
CAN = {
    Capability.CONSOLE,
    Capability.EVENTS,
    Capability.CLOUD_INIT,
    Capability.UEFI,
    Capability.NETWORK_VNIC,
    Capability.NETWORK_NONE,
}


@pytest.fixture
def started(hypervisor: PropolisHypervisor, runner: asyncio.Runner) -> VmHandle:
    return runner.run(hypervisor.start(runner.run(hypervisor.prepare(disk_spec()))))


async def _events(
    hypervisor: PropolisHypervisor,
    handle: VmHandle,
    server: PropolisStandIn,
    act: Callable[[], object],
) -> list[VmEvent]:
    """Return all that is told from when it is followed on; `act` is what happens then."""
    asked = server.requests.count(MONITOR) + 2
    seen: list[VmEvent] = []

    async def watch() -> None:
        seen.extend([event async for event in hypervisor.watch(handle)])

    watching = asyncio.create_task(watch())
    await asyncio.to_thread(server.wait_for_request, *MONITOR, asked)
    await asyncio.to_thread(act)
    await asyncio.wait_for(watching, 60)
    return seen


def test_what_the_server_cannot_do_is_known_before_it_is_asked(
    hypervisor: PropolisHypervisor, started: VmHandle, runner: asyncio.Runner
) -> None:
    assert hypervisor.capabilities(started) == CAN
    calls: list[Callable[[VmHandle], Awaitable[object]]] = [
        hypervisor.suspend,
        hypervisor.guest_ip,
    ]
    for call in calls:
        with pytest.raises(CapabilityError):
            runner.run(call(started))  # type: ignore[arg-type]
    with pytest.raises(CapabilityError, match="network-user"):
        runner.run(hypervisor.prepare(disk_spec(network=NetworkConfig.user())))


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (VmSpec(name="a", image="tiny", network=NetworkConfig.none()), "no absolute path"),
        (disk_spec(disk_mib=1000), "size cannot be chosen"),
    ],
)
def test_what_cannot_be_had_on_a_server_is_refused(
    hypervisor: PropolisHypervisor, runner: asyncio.Runner, spec: VmSpec, words: str
) -> None:
    with pytest.raises(SpecError, match=words):
        runner.run(hypervisor.prepare(spec))


def test_a_guest_that_switches_itself_off_is_told_and_stopped(
    server: PropolisStandIn,
    hypervisor: PropolisHypervisor,
    started: VmHandle,
    runner: asyncio.Runner,
) -> None:
    events = runner.run(_events(hypervisor, started, server, server.power_off))
    told = [(event.action, event.state, event.cause) for event in events]
    assert told == [("power-off", VmState.STOPPED, Cause.GUEST)]
    assert runner.run(hypervisor.state(started)) is VmState.STOPPED
    server.die()
    assert runner.run(hypervisor.state(started)) is VmState.STOPPED, "it is known for good"


def test_a_failed_instance_is_told_and_failed(
    server: PropolisStandIn,
    hypervisor: PropolisHypervisor,
    started: VmHandle,
    runner: asyncio.Runner,
) -> None:
    events = runner.run(_events(hypervisor, started, server, server.fail))
    assert [(event.action, event.state) for event in events] == [("exit", VmState.FAILED)]
    assert runner.run(hypervisor.state(started)) is VmState.FAILED
    started = runner.run(hypervisor.start(started))
    assert runner.run(hypervisor.state(started)) is VmState.RUNNING


def test_a_reboot_is_told_even_where_its_state_was_missed(
    server: PropolisStandIn,
    hypervisor: PropolisHypervisor,
    started: VmHandle,
    runner: asyncio.Runner,
) -> None:
    def reboot() -> None:
        asked = server.requests.count(MONITOR)
        server.change("Rebooting", "Running")
        server.wait_for_request(*MONITOR, asked + 1)
        server.power_off()

    events = runner.run(_events(hypervisor, started, server, reboot))
    assert [event.action for event in events] == ["reboot", "power-off"]


def test_following_goes_on_over_a_link_that_breaks(
    server: PropolisStandIn,
    hypervisor: PropolisHypervisor,
    started: VmHandle,
    runner: asyncio.Runner,
) -> None:
    server.fault(*MONITOR, Cut(), Refuse(500), Cut())
    events = runner.run(_events(hypervisor, started, server, server.power_off))
    assert [event.action for event in events] == ["power-off"]


def test_a_dead_server_is_told_as_the_guests_end(
    server: PropolisStandIn,
    hypervisor: PropolisHypervisor,
    started: VmHandle,
    runner: asyncio.Runner,
) -> None:
    events = runner.run(_events(hypervisor, started, server, server.die))
    assert [event.state for event in events] == [VmState.FAILED]
    assert "nobody listens" in events[0].detail


def test_two_who_follow_name_the_same_events_the_same(
    server: PropolisStandIn,
    hypervisor: PropolisHypervisor,
    started: VmHandle,
    runner: asyncio.Runner,
) -> None:
    async def both() -> list[list[VmEvent]]:
        other = PropolisHypervisor(server.url)
        try:
            ones, others = await asyncio.gather(
                _events(hypervisor, started, server, lambda: None),
                _events(other, started, server, server.power_off),
            )
        finally:
            await other.aclose()
        return [ones, others]

    ones, others = runner.run(both())
    assert [event.key for event in ones] == [event.key for event in others] != []


def test_one_that_has_migrated_is_not_taken_for_stopped(
    server: PropolisStandIn,
    hypervisor: PropolisHypervisor,
    started: VmHandle,
    runner: asyncio.Runner,
) -> None:
    with PropolisStandIn() as other:
        server.migrate_to(other)
        with pytest.raises(BackendError, match="has migrated to another server"):
            runner.run(hypervisor.state(started))
        runner.run(hypervisor.destroy(started))
        assert runner.run(hypervisor.state(started)) is VmState.DESTROYED
        assert other.instance.is_active, "what runs there is that server's now"


def test_a_server_with_another_vm_is_said_to_be_taken(
    server: PropolisStandIn,
    hypervisor: PropolisHypervisor,
    started: VmHandle,
    runner: asyncio.Runner,
) -> None:
    other = runner.run(hypervisor.prepare(disk_spec("other")))
    with pytest.raises(BackendError, match="has an instance already"):
        runner.run(hypervisor.start(other))
    assert runner.run(hypervisor.state(other)) is VmState.PREPARED
    assert runner.run(hypervisor.state(started)) is VmState.RUNNING
    runner.run(hypervisor.stop(started, timeout_s=0))
    started_other = runner.run(hypervisor.start(other))
    assert runner.run(hypervisor.state(started)) is VmState.STOPPED
    assert runner.run(hypervisor.state(started_other)) is VmState.RUNNING


def test_secrets_are_for_the_owner_alone(
    hypervisor: PropolisHypervisor, runner: asyncio.Runner
) -> None:
    config = CloudInitConfig(user_data="#cloud-config\npassword: secret\n")
    handle = runner.run(hypervisor.prepare(disk_spec(cloud_init=config)))
    assert handle.work_dir is not None
    assert stat.S_IMODE(handle.work_dir.stat().st_mode) == 0o700
    started = runner.run(hypervisor.start(handle))
    for path in (p for p in handle.work_dir.rglob("*") if p.is_file()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    runner.run(hypervisor.destroy(started))


def test_the_server_gets_the_seed_and_the_vm_its_uuid(
    server: PropolisStandIn, hypervisor: PropolisHypervisor, runner: asyncio.Runner
) -> None:
    config = CloudInitConfig(user_data="#cloud-config\n{}\n")
    handle = runner.run(hypervisor.prepare(disk_spec(cloud_init=config)))
    runner.run(hypervisor.start(handle))
    assert server.instance.properties["id"].replace("-", "") == handle.id
    assert server.instance.spec["components"]["seed-backend"]["component"]["readonly"] is True


def test_a_destroy_that_the_server_does_not_answer_can_be_repeated(
    server: PropolisStandIn,
    hypervisor: PropolisHypervisor,
    started: VmHandle,
    runner: asyncio.Runner,
) -> None:
    server.fault("GET", "/instance", Stall())
    with pytest.raises(TimeoutError):
        runner.run(hypervisor.destroy(started))
    assert runner.run(hypervisor.state(started)) is VmState.RUNNING
    runner.run(hypervisor.destroy(started))
    assert runner.run(hypervisor.state(started)) is VmState.DESTROYED
    assert not server.instance.is_active


def _session(hypervisor: PropolisHypervisor) -> Session:
    return Session(Store(), RouterHypervisor([hypervisor]))


@pytest.mark.parametrize("timeout_s", [30.0, 0.0])
def test_a_stop_asks_the_shell_first_and_history_says_where_it_was_by_force(
    server: PropolisStandIn,
    hypervisor: PropolisHypervisor,
    runner: asyncio.Runner,
    timeout_s: float,
) -> None:
    async def scenario() -> str:
        session = _session(hypervisor)
        machine = await session.open(disk_spec())
        await machine.start()
        await machine.stop(timeout_s)
        assert await machine.state() is VmState.STOPPED
        row = next(row for row in await machine.history() if row.action == "stop")
        await session.aclose()
        return row.detail

    detail = runner.run(scenario())
    assert detail == ("" if timeout_s else "ended by force: no time was given to the guest")


def test_a_guest_that_nobody_can_ask_is_ended_by_force_and_it_is_said_why(
    server: PropolisStandIn, hypervisor: PropolisHypervisor, runner: asyncio.Runner
) -> None:
    async def scenario() -> str:
        session = _session(hypervisor)
        machine = await session.open(disk_spec())
        await machine.start()
        guest = server.instance.guest
        assert guest is not None
        await asyncio.to_thread(server.call, guest.type(b"exec sleep 1000\n"))
        await machine.stop(4)
        assert await machine.state() is VmState.STOPPED
        detail = next(row for row in await machine.history() if row.action == "stop").detail
        await session.aclose()
        return detail

    detail = runner.run(scenario())
    assert detail.startswith("ended by force: no shell answered on the serial console")


def test_a_handle_needs_no_url_to_be_understood(
    server: PropolisStandIn,
    hypervisor: PropolisHypervisor,
    started: VmHandle,
    runner: asyncio.Runner,
) -> None:
    async def scenario() -> None:
        other = PropolisHypervisor()
        read = VmHandle.from_json(json.loads(json.dumps(started.to_json())))
        assert await other.state(read) is VmState.RUNNING
        assert other.console_endpoint(read) == hypervisor.console_endpoint(started)
        await other.destroy(read)
        await other.aclose()

    runner.run(scenario())
    assert not server.instance.is_active
