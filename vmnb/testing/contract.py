"""The contract suite: what every hypervisor must do, as tests.

A third party subclasses :class:`HypervisorContract` in its own tests and fills in how to make its
hypervisor and a spec; pytest runs the rest::

    class TestMyHypervisor(HypervisorContract):
        def make_hypervisor(self):
            return MyHypervisor()
"""

import asyncio
import inspect
import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from vmnb.core.errors import CapabilityError, StateError
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import (
    Capability,
    Closable,
    Displaying,
    Hypervisor,
    NoConsole,
    Watchable,
)
from vmnb.core.metrics import Measuring
from vmnb.core.network import NetworkConfig
from vmnb.core.spec import VmSpec
from vmnb.core.state import LIVE, TRANSITIONS, Action, VmState

__all__ = ["HypervisorContract"]

_WAY_TO: dict[VmState, tuple[Action, ...]] = {
    VmState.PREPARED: (),
    VmState.RUNNING: (Action.START,),
    VmState.SUSPENDED: (Action.START, Action.SUSPEND),
    VmState.STOPPED: (Action.START, Action.STOP),
    VmState.DESTROYED: (Action.DESTROY,),
}
_NEEDS = {Action.SUSPEND: Capability.SUSPEND, Action.RESUME: Capability.SUSPEND}
_FORBIDDEN = [
    (state, action)
    for state in _WAY_TO
    for action in (Action.START, Action.STOP, Action.SUSPEND, Action.RESUME)
    if state not in TRANSITIONS[action]
]


class HypervisorContract:
    """The tests; subclass it and override what begins with ``make_``, and :meth:`is_alive`."""

    def make_hypervisor(self) -> Hypervisor:
        """Return a new hypervisor; several of them must agree about one VM."""
        raise NotImplementedError

    def make_spec(self, name: str) -> VmSpec:
        """Return a spec that the hypervisor can run."""
        return VmSpec(name=name, memory_mib=256)

    def is_alive(self, handle: VmHandle) -> bool | None:
        """Look past the hypervisor whether the VM runs; None where nothing else can tell."""
        del handle
        return None

    @pytest.fixture
    def runner(self) -> Iterator[asyncio.Runner]:
        """Give one event loop for a test."""
        with asyncio.Runner() as runner:
            yield runner

    @pytest.fixture
    def new_hypervisor(self, runner: asyncio.Runner) -> Iterator[Callable[[], Hypervisor]]:
        """Give a maker of hypervisors that are closed after the test."""
        made: list[Hypervisor] = []

        def make() -> Hypervisor:
            made.append(self.make_hypervisor())
            return made[-1]

        yield make
        for hypervisor in made:
            if isinstance(hypervisor, Closable):
                runner.run(hypervisor.aclose())

    @pytest.fixture
    def hypervisor(self, new_hypervisor: Callable[[], Hypervisor]) -> Hypervisor:
        """Give a hypervisor."""
        return new_hypervisor()

    @pytest.fixture
    def handle(self, hypervisor: Hypervisor, runner: asyncio.Runner) -> Iterator[VmHandle]:
        """Give a prepared VM that is destroyed after the test."""
        handle = runner.run(hypervisor.prepare(self.make_spec("contract")))
        yield handle
        runner.run(hypervisor.destroy(handle))

    def bring_to(
        self, state: VmState, hypervisor: Hypervisor, handle: VmHandle, runner: asyncio.Runner
    ) -> VmHandle:
        """Act on a prepared VM until it is in `state`; skip where the backend cannot."""
        for action in _WAY_TO[state]:
            handle = runner.run(_perform(hypervisor, action, handle))
        return handle

    def test_prepare_gives_a_prepared_vm_of_that_spec(
        self, hypervisor: Hypervisor, handle: VmHandle, runner: asyncio.Runner
    ) -> None:
        assert handle.spec == self.make_spec("contract")
        assert runner.run(hypervisor.state(handle)) is VmState.PREPARED
        assert self.is_alive(handle) in (False, None)

    def test_a_handle_is_read_back_as_it_was_written(
        self, hypervisor: Hypervisor, handle: VmHandle, runner: asyncio.Runner
    ) -> None:
        started = runner.run(hypervisor.start(handle))
        for known in (handle, started):
            assert VmHandle.from_json(json.loads(json.dumps(known.to_json()))) == known

    @pytest.mark.parametrize("state", _WAY_TO)
    def test_every_state_is_reached_and_reported(
        self,
        hypervisor: Hypervisor,
        handle: VmHandle,
        runner: asyncio.Runner,
        state: VmState,
    ) -> None:
        handle = self.bring_to(state, hypervisor, handle, runner)
        assert runner.run(hypervisor.state(handle)) is state
        assert self.is_alive(handle) in (state in LIVE, None)

    @pytest.mark.parametrize(("state", "action"), _FORBIDDEN)
    def test_a_forbidden_action_is_refused_and_changes_nothing(
        self,
        hypervisor: Hypervisor,
        handle: VmHandle,
        runner: asyncio.Runner,
        state: VmState,
        action: Action,
    ) -> None:
        handle = self.bring_to(state, hypervisor, handle, runner)
        with pytest.raises(StateError):
            runner.run(_perform(hypervisor, action, handle))
        assert runner.run(hypervisor.state(handle)) is state

    def test_a_resumed_vm_runs(
        self, hypervisor: Hypervisor, handle: VmHandle, runner: asyncio.Runner
    ) -> None:
        handle = self.bring_to(VmState.SUSPENDED, hypervisor, handle, runner)
        handle = runner.run(hypervisor.resume(handle))
        assert runner.run(hypervisor.state(handle)) is VmState.RUNNING

    def test_a_stopped_vm_starts_again(
        self, hypervisor: Hypervisor, handle: VmHandle, runner: asyncio.Runner
    ) -> None:
        handle = self.bring_to(VmState.STOPPED, hypervisor, handle, runner)
        handle = runner.run(hypervisor.start(handle))
        assert runner.run(hypervisor.state(handle)) is VmState.RUNNING

    @pytest.mark.parametrize("state", [s for s in _WAY_TO if s is not VmState.DESTROYED])
    def test_destroy_leaves_nothing_from_any_state_and_may_be_repeated(
        self,
        hypervisor: Hypervisor,
        handle: VmHandle,
        runner: asyncio.Runner,
        state: VmState,
    ) -> None:
        handle = self.bring_to(state, hypervisor, handle, runner)
        runner.run(hypervisor.destroy(handle))
        runner.run(hypervisor.destroy(handle))
        assert runner.run(hypervisor.state(handle)) is VmState.DESTROYED
        assert self.is_alive(handle) in (False, None)
        paths = (handle.work_dir, handle.overlay, handle.console_socket, handle.qmp_socket)
        assert [path for path in paths if path is not None and path.exists()] == []

    def test_another_hypervisor_takes_over_by_the_written_handle(
        self,
        hypervisor: Hypervisor,
        handle: VmHandle,
        runner: asyncio.Runner,
        new_hypervisor: Callable[[], Hypervisor],
    ) -> None:
        started = runner.run(hypervisor.start(handle))
        other = new_hypervisor()
        read = VmHandle.from_json(json.loads(json.dumps(started.to_json())))
        assert runner.run(other.state(read)) is VmState.RUNNING
        runner.run(other.stop(read, timeout_s=0))
        assert runner.run(hypervisor.state(started)) is VmState.STOPPED

    def test_two_vms_do_not_touch_each_other(
        self, hypervisor: Hypervisor, handle: VmHandle, runner: asyncio.Runner
    ) -> None:
        other = runner.run(hypervisor.prepare(self.make_spec("contract-other")))
        try:
            runner.run(hypervisor.start(handle))
            assert other.id != handle.id
            assert runner.run(hypervisor.state(other)) is VmState.PREPARED
        finally:
            runner.run(hypervisor.destroy(other))

    def test_the_console_endpoint_is_known_without_waiting(
        self, hypervisor: Hypervisor, handle: VmHandle, runner: asyncio.Runner
    ) -> None:
        started = runner.run(hypervisor.start(handle))
        endpoint = hypervisor.console_endpoint(started)
        assert not inspect.isawaitable(endpoint)
        has_console = Capability.CONSOLE in hypervisor.capabilities(started)
        assert isinstance(endpoint, NoConsole) is not has_console

    def test_a_vm_without_network_has_no_address(
        self, hypervisor: Hypervisor, runner: asyncio.Runner
    ) -> None:
        if Capability.NETWORK_NONE not in hypervisor.capabilities():
            pytest.skip("this backend always has a network")
        spec = replace(self.make_spec("contract"), network=NetworkConfig.none())
        handle = runner.run(hypervisor.prepare(spec))
        try:
            started = runner.run(hypervisor.start(handle))
            with pytest.raises(CapabilityError):
                runner.run(hypervisor.guest_ip(started))
        finally:
            runner.run(hypervisor.destroy(handle))

    def test_what_the_backend_cannot_do_is_refused_before_anything_is_made(
        self, hypervisor: Hypervisor, runner: asyncio.Runner
    ) -> None:
        networks = {
            Capability.NETWORK_TAP: NetworkConfig.tap("br0"),
            Capability.NETWORK_VNIC: NetworkConfig.vnic("net0"),
        }
        lacking = [networks[c] for c in networks if c not in hypervisor.capabilities()]
        for network in lacking:
            with pytest.raises(CapabilityError):
                runner.run(hypervisor.prepare(replace(self.make_spec("no"), network=network)))

    def test_a_screen_shows_a_picture_and_a_keyboard_takes_keys_while_the_vm_runs(
        self, hypervisor: Hypervisor, handle: VmHandle, runner: asyncio.Runner
    ) -> None:
        if Capability.SCREEN not in hypervisor.capabilities(handle):
            pytest.skip("this backend has no screen")
        assert isinstance(hypervisor, Displaying)
        with pytest.raises(StateError):
            runner.run(hypervisor.screenshot(handle))
        with pytest.raises(StateError):
            runner.run(hypervisor.press(handle, [("a",)]))
        started = runner.run(hypervisor.start(handle))
        picture = runner.run(hypervisor.screenshot(started))
        assert len(picture.rgb) == 3 * picture.width * picture.height > 0
        runner.run(hypervisor.press(started, [("shift", "a"), ("ret",)]))
        assert started.vnc_socket is not None
        assert started.vnc_socket.is_socket()

    def test_only_a_vm_that_runs_is_measured_and_what_it_used_never_falls(
        self, hypervisor: Hypervisor, handle: VmHandle, runner: asyncio.Runner
    ) -> None:
        if Capability.METRICS not in hypervisor.capabilities(handle):
            pytest.skip("this backend measures nothing")
        assert isinstance(hypervisor, Measuring)
        with pytest.raises(StateError):
            runner.run(hypervisor.measure(handle))
        started = runner.run(hypervisor.start(handle))
        first, second = (runner.run(hypervisor.measure(started)) for _ in range(2))
        assert first.memory_mib > 0
        assert (first.run, first.time <= second.time) == (second.run, True)
        assert first.clock_s < second.clock_s
        assert 0 <= first.cpu_s <= second.cpu_s

    def test_watching_ends_when_the_vm_is_stopped(
        self, hypervisor: Hypervisor, handle: VmHandle, runner: asyncio.Runner
    ) -> None:
        if Capability.EVENTS not in hypervisor.capabilities(handle):
            pytest.skip("this backend tells no events")
        assert isinstance(hypervisor, Watchable)

        async def watch(watched: VmHandle) -> list[str]:
            return [event.action async for event in hypervisor.watch(watched)]

        async def scenario() -> None:
            started = await hypervisor.start(handle)
            watching = asyncio.create_task(watch(started))
            await hypervisor.stop(started, timeout_s=0)
            await watching

        runner.run(scenario())


async def _perform(hypervisor: Hypervisor, action: Action, handle: VmHandle) -> VmHandle:
    needed = _NEEDS.get(action)
    if needed is not None and needed not in hypervisor.capabilities(handle):
        pytest.skip(f"this backend cannot {action}")
    if action is Action.STOP:
        return await hypervisor.stop(handle, timeout_s=0)
    if action is Action.DESTROY:
        await hypervisor.destroy(handle)
        return handle
    actions = {
        Action.START: hypervisor.start,
        Action.SUSPEND: hypervisor.suspend,
        Action.RESUME: hypervisor.resume,
    }
    return await actions[action](handle)
