"""What is said of a wait that the VM's end has ended."""

import asyncio

from vmnb import VM
from vmnb.core import runtime
from vmnb.core.state import VmState
from vmnb.notebook.vm.wait import Wait


def test_how_the_vm_ended_is_told_although_it_is_written_down_a_moment_later() -> None:
    with VM("web", backend="noop") as vm:
        vm.start()

        async def scenario() -> str:
            telling = asyncio.create_task(Wait(vm._live, "a word", 1).ended(VmState.STOPPED))
            await asyncio.sleep(0)
            await vm._machine.stop(0)
            return (await telling).message

        said = runtime.run(scenario())
    assert said == "'web' is stopped (stop, by user), so the wait for a word is over"
