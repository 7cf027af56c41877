"""Several VMs as one, over the Noop backend."""

import asyncio
import pickle
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest

from vmnb import VM, Fleet, VmState
from vmnb.backends.noop import NoopHypervisor
from vmnb.core.errors import CapabilityError, FleetError, SpecError, StateError, VmNotFoundError
from vmnb.core.state import Action
from vmnb.notebook.fleet.each import AT_ONCE
from vmnb.notebook.fleet.table import FLEET_RUN_SCHEMA


@pytest.fixture
def fleet() -> Fleet:
    """Three that are prepared."""
    return Fleet(VM(name, backend="noop") for name in "abc")


@pytest.fixture
def interrupted() -> Callable[[], None]:
    """Give what presses Ctrl-C, in whatever thread."""
    main = threading.main_thread().ident
    assert main is not None
    return lambda: signal.pthread_kill(main, signal.SIGINT)


def states(fleet: Fleet) -> list[str]:
    return [vm.state for vm in fleet]


def actions(vm: VM) -> list[str]:
    return list(vm.history.action)


def test_the_life_of_a_fleet(fleet: Fleet) -> None:
    assert states(fleet.start()) == ["running"] * 3
    assert states(fleet.suspend()) == ["suspended"] * 3
    assert states(fleet.resume()) == ["running"] * 3
    assert states(fleet.stop()) == ["stopped"] * 3
    fleet.destroy()
    assert list(fleet.states) == ["destroyed"] * 3
    for vm in fleet:
        whole = ["prepare", "start", "suspend", "resume", "stop", "destroy"]
        assert actions(vm) == whole


def test_it_is_like_a_list_and_like_a_dict_of_its_vms(fleet: Fleet) -> None:
    assert (fleet.names, len(fleet)) == (["a", "b", "c"], 3)
    assert [vm.name for vm in fleet] == ["a", "b", "c"]
    assert (fleet[0].name, fleet[-1].name, fleet["b"].name) == ("a", "c", "b")
    assert fleet[1:].names == ["b", "c"]
    assert isinstance(fleet[::-1], Fleet)
    assert ("a" in fleet, fleet[0] in fleet, "d" in fleet, 0 in fleet) == (True, True, False, False)
    with pytest.raises(VmNotFoundError, match=r"no VM 'd' in this fleet\n→ there are: a, b, c"):
        fleet["d"]
    for place in (3, -4):
        with pytest.raises(IndexError, match="in a fleet of 3"):
            fleet[place]


@pytest.mark.parametrize("vms", [[], (), "web", 7, None, ["web"], [None]])
def test_what_is_no_list_of_vms_is_no_fleet(vms: Any) -> None:
    with pytest.raises(SpecError):
        Fleet(vms)


def test_a_vm_is_in_a_fleet_once(fleet: Fleet) -> None:
    with pytest.raises(SpecError, match="'b' is there twice"):
        Fleet([*fleet, VM.attach("b")])
    with pytest.raises(SpecError, match="at least one"):
        fleet[3:]


def test_a_time_out_that_is_none_changes_nothing(fleet: Fleet) -> None:
    fleet.start()
    for bad in (-1, float("nan"), "soon"):
        for act in (fleet.stop, fleet.wait_ready):
            with pytest.raises(SpecError, match="timeout is"):
                act(timeout=bad)  # type: ignore[arg-type]
        with pytest.raises(SpecError, match="timeout is"):
            fleet.run("true", timeout=bad)  # type: ignore[arg-type]
    with pytest.raises(SpecError):
        fleet.run("")
    assert states(fleet) == ["running"] * 3


def test_a_vm_that_fails_is_named_with_the_reason_and_with_the_others_it_is_done() -> None:
    hypervisor = NoopHypervisor()
    fleet = Fleet(VM(name, backend=hypervisor) for name in "abc")
    fleet[::2].start()
    hypervisor.failures[Action.START] = "no power"
    with pytest.raises(FleetError) as caught:
        fleet.start()
    assert caught.value.message.splitlines() == [
        "1 of 3 VMs are not started:",
        "  b: cannot start 'b': no power",
        "    → this failure was asked for",
    ]
    assert list(caught.value.errors) == ["b"]
    assert caught.value.__cause__ is caught.value.errors["b"]
    assert states(fleet) == ["running", "prepared", "running"]
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), list(again.errors)) == (str(caught.value), ["b"])


def test_what_cannot_be_is_refused_by_those_alone_for_whom_it_cannot(fleet: Fleet) -> None:
    fleet["b"].start()
    with pytest.raises(FleetError, match="2 of 3 VMs are not suspended") as caught:
        fleet.suspend()
    assert {name: type(error) for name, error in caught.value.errors.items()} == {
        "a": StateError,
        "c": StateError,
    }
    assert states(fleet) == ["prepared", "suspended", "prepared"]


def test_stopping_leaves_what_never_ran_as_it_is(fleet: Fleet) -> None:
    fleet[:2].start()
    fleet["b"].suspend()
    assert states(fleet.stop()) == ["stopped", "stopped", "prepared"]


def test_a_function_gets_each_vm_in_a_thread_and_its_results_have_their_names(fleet: Fleet) -> None:
    fleet[:2].start()
    threads: set[int] = set()

    def count(vm: VM) -> int:
        threads.add(threading.get_ident())
        return len(vm.history)

    counted = fleet.map(count)
    assert counted.to_dict() == {"a": 2, "b": 2, "c": 1}
    assert (counted.index.name, counted.dtype.kind) == ("name", "i")
    assert threading.get_ident() not in threads
    assert fleet.map(lambda vm: vm.state).loc["c"] is VmState.PREPARED


def test_as_many_functions_go_on_at_once_as_there_are_processors(fleet: Fleet) -> None:
    many = Fleet([*fleet, *(VM(f"more {n}", backend="noop") for n in range(2 * AT_ONCE))])
    guard, now, most = threading.Lock(), 0, 0
    together = threading.Barrier(AT_ONCE)
    firsts = set(many.names[:AT_ONCE])

    def meet(vm: VM) -> None:
        nonlocal now, most
        with guard:
            now += 1
            most = max(most, now)
        if vm.name in firsts:
            together.wait(timeout=60)
        with guard:
            now -= 1

    many.map(meet)
    assert most == AT_ONCE


def test_what_a_function_raises_is_told_by_name_and_what_others_returned_is_kept(
    fleet: Fleet,
) -> None:
    def fail(vm: VM) -> str:
        if vm.name == "a":
            raise ValueError("not a")
        return vm.suspend().name if vm.name == "b" else vm.name

    with pytest.raises(FleetError) as caught:
        fleet.map(fail)
    assert caught.value.message.splitlines()[:3] == [
        "2 of 3 VMs failed:",
        "  a: ValueError: not a",
        "  b: cannot suspend 'b': it is prepared",
    ]
    assert caught.value.results == {"c": "c"}


def test_where_no_commands_run_each_row_says_so(fleet: Fleet) -> None:
    fleet[:1].start()
    ran = fleet.run("true")
    assert ran.dtypes.astype(str).to_dict() == dict(FLEET_RUN_SCHEMA)
    assert (list(ran.index), ran.index.name) == (["a", "b", "c"], "name")
    assert not ran.ok.any()
    assert ran.exit_code.isna().all()
    assert ran.error.str.contains("the noop backend runs no commands").all()
    with pytest.raises(FleetError, match="3 of 3 VMs did not do it") as caught:
        fleet.run("true", check=True)
    assert {type(error) for error in caught.value.errors.values()} == {CapabilityError}


def test_ctrl_c_ends_an_action_and_says_how_the_vms_are(interrupted: Callable[[], None]) -> None:
    hypervisor = NoopHypervisor(delays_s={Action.STOP: 3600})
    fleet = Fleet(VM(name, backend=hypervisor) for name in "ab").start()
    end = fleet["a"]._machine.subscribe(lambda it: interrupted() if it.busy else None)
    with pytest.raises(KeyboardInterrupt) as caught:
        fleet.stop()
    end()
    now = "<Fleet of 2: a running, b running>"
    assert str(caught.value) == f"stop was interrupted; now it is {now}"


def test_ctrl_c_lets_no_further_call_of_a_function_begin(
    fleet: Fleet, interrupted: Callable[[], None]
) -> None:
    many = Fleet([*fleet, *(VM(f"more {n}", backend="noop") for n in range(AT_ONCE))])
    go_on, begun = threading.Event(), list[str]()

    def wait(vm: VM) -> None:
        begun.append(vm.name)
        if len(begun) == 1:
            interrupted()
        go_on.wait(timeout=60)

    with pytest.raises(KeyboardInterrupt, match="map was interrupted"):
        many.map(wait)
    go_on.set()
    assert 1 <= len(begun) <= AT_ONCE


def test_every_action_has_an_awaitable_twin(fleet: Fleet) -> None:
    async def scenario() -> None:
        await fleet.aio.start()
        await fleet.aio.suspend()
        assert set((await fleet.aio.states()).values()) == {"suspended"}
        await fleet.aio.resume()
        await fleet.aio.stop()
        assert [row.name for row in await fleet.aio.run("true")] == ["a", "b", "c"]
        assert await fleet.aio.map(lambda vm: vm.name) == {"a": "a", "b": "b", "c": "c"}
        with pytest.raises(FleetError, match="not ready"):
            await fleet.aio.wait_ready()
        await fleet.aio.destroy()

    asyncio.run(scenario())
    assert list(fleet.states) == ["destroyed"] * 3


def test_its_line_of_text_names_few_and_counts_many(fleet: Fleet) -> None:
    fleet["b"].start()
    assert repr(fleet) == "<Fleet of 3: a prepared, b running, c prepared>"
    many = Fleet([*fleet, *(VM(f"more {n}", backend="noop") for n in range(8))])
    assert repr(many) == "<Fleet of 11: 10 prepared, 1 running>"


def test_a_destroyed_vm_stays_in_its_fleets(fleet: Fleet) -> None:
    fleet["a"].destroy()
    assert repr(fleet) == "<Fleet of 3: a destroyed, b prepared, c prepared>"
    assert list(fleet.states) == ["destroyed", "prepared", "prepared"]
