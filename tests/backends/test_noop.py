"""The Noop backend, and the router over it, keep the contract."""

import asyncio

import pytest

from vmnb.backends.noop import NoopHypervisor
from vmnb.core.errors import BackendError
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import Hypervisor
from vmnb.core.router import RouterHypervisor
from vmnb.core.spec import VmSpec
from vmnb.core.state import Action, VmState
from vmnb.testing import HypervisorContract


class TestNoopContract(HypervisorContract):
    def make_hypervisor(self) -> Hypervisor:
        return NoopHypervisor()


class TestRouterContract(HypervisorContract):
    def make_hypervisor(self) -> Hypervisor:
        return RouterHypervisor([NoopHypervisor()])


async def _started(noop: NoopHypervisor) -> VmHandle:
    return await noop.start(await noop.prepare(VmSpec(name="web")))


@pytest.mark.parametrize("action", ["power-off", "panic", "exit"])
def test_what_happens_by_itself_is_told_and_ends_the_watch(action: str) -> None:
    async def scenario() -> list[str]:
        noop = NoopHypervisor()
        handle = await _started(noop)
        noop.happen(handle, "reboot")
        noop.happen(handle, action)
        return [event.action async for event in noop.watch(handle)]

    assert asyncio.run(scenario()) == ["reboot", action]


def test_a_failure_that_was_asked_for_leaves_the_state_as_it_was() -> None:
    async def scenario() -> VmState:
        noop = NoopHypervisor(failures={Action.SUSPEND: "no room"})
        handle = await _started(noop)
        with pytest.raises(BackendError, match="no room"):
            await noop.suspend(handle)
        return await noop.state(handle)

    assert asyncio.run(scenario()) is VmState.RUNNING


def test_an_action_takes_as_long_as_it_is_told_to() -> None:
    async def scenario() -> float:
        noop = NoopHypervisor(delays_s={Action.START: 0.05})
        loop = asyncio.get_running_loop()
        began = loop.time()
        await _started(noop)
        return loop.time() - began

    assert asyncio.run(scenario()) >= 0.05
