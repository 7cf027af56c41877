"""The real tiny guest on QEMU."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from ipaddress import ip_address, ip_network

import pytest

from vmnb.backends.qemu import QemuHypervisor
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import VmEvent
from vmnb.core.spec import VmSpec
from vmnb.core.state import Cause, VmState

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

Prepared = Callable[[VmSpec], AbstractAsyncContextManager[VmHandle]]


async def events_of(hypervisor: QemuHypervisor, handle: VmHandle) -> list[VmEvent]:
    return [event async for event in hypervisor.watch(handle)]


def test_it_boots_has_an_address_says_so_and_obeys_its_power_button(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared
) -> None:
    async def scenario() -> None:
        async with prepared(VmSpec(name="tiny test", memory_mib=256)) as handle:
            handle = await hypervisor.start(handle)
            watching = asyncio.create_task(events_of(hypervisor, handle))
            address = await hypervisor.guest_ip(handle)
            assert address in ip_network("10.0.2.0/24")
            assert address != ip_address("10.0.2.2")
            handle = await hypervisor.stop(await hypervisor.suspend(handle))
            events = await watching
            actions = [event.action for event in events]
            assert actions == ["ready", "pause", "resume", "power-off"]
            assert (events[-1].state, events[-1].cause) == (VmState.STOPPED, Cause.USER)

    runner.run(scenario())


def test_a_stop_in_the_middle_of_its_boot_still_shuts_it_down_in_order(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared
) -> None:
    async def scenario() -> None:
        async with prepared(VmSpec(name="tiny test", memory_mib=256)) as handle:
            handle = await hypervisor.start(handle)
            watching = asyncio.create_task(events_of(hypervisor, handle))
            await hypervisor.stop(handle, timeout_s=300)
            last = (await watching)[-1]
            assert (last.state, last.detail) == (VmState.STOPPED, "")

    runner.run(scenario())
