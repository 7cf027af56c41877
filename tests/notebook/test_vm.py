"""The VM as a notebook has it, over the Noop backend."""

import asyncio
import threading

import pytest

from vmnb import VM, VmState, machines
from vmnb.backends.noop import NoopHypervisor
from vmnb.core import runtime
from vmnb.core.errors import (
    BackendError,
    CapabilityError,
    DeadlineError,
    LoopError,
    SpecError,
    StateError,
    VmExistsError,
    VmNotFoundError,
)
from vmnb.core.state import Action
from vmnb.notebook.tables.history import HISTORY_SCHEMA
from vmnb.notebook.tables.machines import MACHINES_SCHEMA


def _vm(name: str = "web") -> VM:
    return VM(name, backend="noop")


def test_the_life_of_a_vm() -> None:
    vm = _vm()
    seen = [vm.state]
    seen += [act().state for act in (vm.start, vm.suspend, vm.resume, vm.stop)]
    vm.destroy()
    assert [*seen, vm.state] == [
        "prepared",
        "running",
        "suspended",
        "running",
        "stopped",
        "destroyed",
    ]
    assert list(vm.history["action"]) == [
        "prepare",
        "start",
        "suspend",
        "resume",
        "stop",
        "destroy",
    ]


def test_a_name_gives_the_same_vm_again() -> None:
    first = _vm().start()
    assert _vm().handle == first.handle
    assert VM.attach("web").state is VmState.RUNNING


def test_another_spec_under_the_same_name_is_refused_with_the_difference() -> None:
    _vm()
    with pytest.raises(VmExistsError, match=r"memory_mib: has 256, asked for 512") as error:
        VM("web", memory="512M", backend="noop")
    assert "VM.attach('web')" in str(error.value)


def test_a_state_that_there_is_not_cannot_be_waited_for() -> None:
    with pytest.raises(SpecError, match="there is no state 'asleep'") as error:
        _vm().wait_for_state("asleep")
    assert "suspended" in error.value.hint


def test_attaching_to_nothing_says_what_there_is() -> None:
    _vm("db")
    with pytest.raises(VmNotFoundError, match="there are: db"):
        VM.attach("web")


@pytest.mark.parametrize(
    "name", ["", "../x", "x" * 300, "a\nb", "-S", ".", " a", "a\0b", "a\x1b[31m"]
)
def test_a_bad_name_is_refused_and_nothing_is_made(name: str) -> None:
    with pytest.raises(SpecError, match="the name"):
        VM(name, backend="noop")
    assert machines().empty


@pytest.mark.parametrize(
    "options",
    [
        {"memory": 0},
        {"memory": "12 apples"},
        {"memory": "0.3M"},
        {"vcpus": 0},
        {"disk": "-1G"},
        {"network": "carrier pigeon"},
        {"image": ""},
    ],
)
def test_a_bad_value_is_refused_and_nothing_is_made(options: dict[str, object]) -> None:
    with pytest.raises(SpecError):
        VM("web", backend="noop", **options)  # type: ignore[arg-type]
    assert machines().empty


@pytest.mark.parametrize("name", ["a,b", 'say "hi"', "Zürich 東京", "x" * 200, "it's = $(x)"])
def test_an_unusual_name_is_taken_as_it_is(name: str) -> None:
    assert _vm(name).name == name
    assert list(machines()["name"]) == [name]


def test_the_block_destroys_the_vm_at_its_end() -> None:
    with _vm() as vm:
        vm.start()
    assert vm.state is VmState.DESTROYED
    assert machines().empty


def test_the_twin_is_awaited() -> None:
    vm = _vm()

    async def scenario() -> VmState:
        await vm.aio.start()
        await vm.aio.suspend()
        return await vm.aio.state()

    assert asyncio.run(scenario()) is VmState.SUSPENDED


def test_a_blocking_call_on_the_background_loop_is_refused() -> None:
    vm = _vm()

    async def scenario() -> None:
        vm.start()

    with pytest.raises(LoopError):
        runtime.run(scenario())


def test_an_action_that_the_state_forbids_says_what_is_allowed() -> None:
    with pytest.raises(StateError, match="a prepared VM allows: destroy, start"):
        _vm().suspend()


def test_a_failed_action_is_in_the_history() -> None:
    hypervisor = NoopHypervisor(failures={Action.START: "no power"})
    vm = VM("web", backend=hypervisor)
    with pytest.raises(BackendError, match="no power"):
        vm.start()
    row = vm.history.iloc[-1]
    assert (row["action"], row["to"], row["cause"]) == ("start", "prepared", "failure")
    assert "no power" in row["detail"]


def test_waiting_for_a_state_ends_when_it_comes_by_itself() -> None:
    hypervisor = NoopHypervisor()
    vm = VM("web", backend=hypervisor).start()

    async def power_off() -> None:
        hypervisor.happen(vm.handle, "power-off")

    timer = threading.Timer(0.05, lambda: runtime.run(power_off()))
    timer.start()
    vm.wait_for_state("stopped", timeout=30)
    timer.join()
    row = vm.history.iloc[-1]
    assert (row["action"], row["cause"]) == ("power-off", "guest")


def test_waiting_for_a_state_gives_up_in_time() -> None:
    with pytest.raises(DeadlineError, match="it is prepared"):
        _vm().wait_for_state("running", timeout=0.01)


def test_a_backend_without_an_agent_runs_no_commands() -> None:
    with pytest.raises(CapabilityError, match="noop"):
        _vm().start().run("true")


def test_tables_have_their_schema_also_when_empty() -> None:
    assert machines().dtypes.astype(str).to_dict() == dict(MACHINES_SCHEMA)
    vm = _vm()
    assert vm.history.dtypes.astype(str).to_dict() == dict(HISTORY_SCHEMA)
    assert machines().dtypes.astype(str).to_dict() == dict(MACHINES_SCHEMA)
