"""A fleet of real guests: one command in all of them, and what it left."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from vmnb import VM, Fleet
from vmnb.errors import CommandError, DeadlineError, FleetError
from vmnb.notebook.fleet.table import FLEET_RUN_SCHEMA

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

BOOT_S = 400.0


@pytest.fixture(scope="module")
def fleet(shared_homes: Path) -> Iterator[Fleet]:
    fleet = Fleet(VM(f"node-{n}", memory=128) for n in range(3))
    try:
        yield fleet.start().wait_ready(timeout=BOOT_S)
    finally:
        fleet.destroy()


def test_a_command_runs_in_every_guest_and_leaves_a_row_for_each(fleet: Fleet) -> None:
    ran = fleet.run("hostname; printf 'ü%s' \"$(seq 20000)\" >&2; [ $(hostname) != node-1 ]")
    assert ran.dtypes.astype(str).to_dict() == dict(FLEET_RUN_SCHEMA)
    assert list(ran.index) == ["node-0", "node-1", "node-2"]
    assert list(ran.stdout) == ["node-0\n", "node-1\n", "node-2\n"]
    assert list(ran.exit_code) == [0, 1, 0]
    assert list(ran.ok) == [True, False, True]
    whole = "ü" + "\n".join(map(str, range(1, 20001)))
    assert list(ran.stderr) == [whole] * 3
    assert (ran.duration_s > 0).all()
    assert set(ran.via) == {"agent"}
    assert list(ran.error) == ["", "", ""]


def test_a_command_that_must_succeed_names_those_where_it_did_not(fleet: Fleet) -> None:
    with pytest.raises(FleetError, match="1 of 3 VMs did not do it") as caught:
        fleet.run("[ $(hostname) != node-1 ] && echo well", check=True)
    error = caught.value.errors["node-1"]
    assert isinstance(error, CommandError)
    assert error.result.exit_code == 1
    assert sorted(caught.value.results) == ["node-0", "node-2"]
    assert fleet.run("true", check=True).ok.all()


def test_a_command_that_takes_too_long_in_one_guest_has_its_output_so_far(fleet: Fleet) -> None:
    ran = fleet.run("hostname; [ $(hostname) = node-0 ] && exec sleep 1000; true", timeout=20)
    assert list(ran.stdout) == ["node-0\n", "node-1\n", "node-2\n"]
    assert list(ran.ok) == [False, True, True]
    assert ran.signal["node-0"] == 9
    assert "did not end within 20 s" in ran.error["node-0"]


def test_where_a_guest_does_not_run_only_its_row_says_so(fleet: Fleet) -> None:
    fleet["node-2"].suspend()
    ran = fleet.run("hostname")
    assert list(ran.stdout) == ["node-0\n", "node-1\n", ""]
    assert "it is suspended" in ran.error["node-2"]
    with pytest.raises(FleetError, match="1 of 3 VMs are not ready") as caught:
        fleet.wait_ready(timeout=60)
    assert not isinstance(caught.value.errors["node-2"], DeadlineError)
    assert list(fleet.resume().states) == ["running"] * 3


def test_a_function_of_each_vm_may_act_in_its_guest(fleet: Fleet) -> None:
    counted = fleet.map(lambda vm: int(vm.run("nproc").stdout))
    assert counted.to_dict() == dict.fromkeys(fleet.names, 1)
