"""A lab as a notebook has it, over the Noop backend."""

import asyncio
import signal
import threading
from pathlib import Path

import pytest

from vmnb import VM, Lab, VmSpec, machines
from vmnb.backends.noop import NoopHypervisor
from vmnb.core import runtime
from vmnb.core.errors import (
    CapabilityError,
    LabError,
    SpecError,
    VmExistsError,
    VmNotFoundError,
)
from vmnb.core.machine import Machine
from vmnb.core.state import Action
from vmnb.notebook.lab.table import LAB_SCHEMA

from .conftest import Write

LAB = """\
name = "shop"
[vm.web]
backend = "noop"
needs = ["db"]
[vm.db]
backend = "noop"
[vm.mail]
backend = "noop"
"""


@pytest.fixture
def lab(write: Write) -> Lab:
    return Lab.load(write(LAB))


@pytest.fixture
def noop() -> NoopHypervisor:
    """The one hypervisor that the lab's VMs get, so that a test can let it fail."""
    hypervisor = NoopHypervisor()
    runtime.session().router.add(hypervisor)
    return hypervisor


def states(lab: Lab) -> dict[str, str]:
    return dict(zip(lab.status().vm, lab.status().state, strict=True))


def times(name: str, action: str) -> list[object]:
    history = VM.attach(name).history
    return list(history.time[history.action == action])


def test_loading_makes_nothing(lab: Lab) -> None:
    assert machines().empty
    assert states(lab) == dict.fromkeys(["web", "db", "mail"], "not made")
    with pytest.raises(VmNotFoundError, match=r"'shop.web' is not made yet\n→ lab.up\('web'\)"):
        lab["web"]


def test_the_life_of_a_lab(lab: Lab) -> None:
    assert set(states(lab.up()).values()) == {"running"}
    assert sorted(machines().name) == ["shop.db", "shop.mail", "shop.web"]
    assert times("shop.db", "start") < times("shop.web", "start")
    assert set(states(lab.down()).values()) == {"stopped"}
    assert times("shop.web", "stop") < times("shop.db", "stop")
    lab.destroy()
    assert machines().empty


def test_it_is_like_a_dict_of_its_vms(lab: Lab) -> None:
    lab.up()
    assert (list(lab), len(lab)) == (["web", "db", "mail"], 3)
    assert ("web" in lab, "shop.web" in lab) == (True, False)
    assert [lab[name].name for name in lab] == ["shop.web", "shop.db", "shop.mail"]
    with pytest.raises(VmNotFoundError, match="did you mean 'web'"):
        lab["wbe"]


def test_some_are_brought_up_with_what_they_need_and_down_alone(lab: Lab) -> None:
    lab.up("web")
    assert states(lab) == {"web": "running", "db": "running", "mail": "not made"}
    lab.down(["db"])
    assert states(lab) == {"web": "running", "db": "stopped", "mail": "not made"}
    lab.destroy(["db"])
    assert states(lab) == {"web": "running", "db": "not made", "mail": "not made"}


def test_what_runs_already_is_left_as_it_is_and_what_is_suspended_is_resumed(lab: Lab) -> None:
    lab.up()
    lab["web"].suspend()
    lab["db"].stop()
    assert set(states(lab.up()).values()) == {"running"}
    assert [len(times(f"shop.{name}", "start")) for name in lab] == [1, 2, 1]


def test_a_second_load_finds_the_same_vms(lab: Lab, write: Write) -> None:
    lab.up()
    again = Lab.load(lab.path)
    assert repr(again) == "<Lab 'shop': web running, db running, mail running>"
    assert again["web"].handle == lab["web"].handle


def test_a_vm_that_fails_is_named_with_the_reason_and_the_others_are_up(
    lab: Lab, noop: NoopHypervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.up().down()
    VM.attach("shop.mail").start()
    noop.failures[Action.START] = "no power"
    with pytest.raises(LabError) as caught:
        lab.up()
    assert caught.value.message.splitlines() == [
        "2 of 3 VMs of 'shop' are not up:",
        "  db: cannot start 'shop.db': no power",
        "    → this failure was asked for",
        "  web: not tried: it needs 'db'",
    ]
    assert states(lab) == {"web": "stopped", "db": "stopped", "mail": "running"}
    noop.failures.clear()
    assert set(states(lab.up()).values()) == {"running"}


def test_an_interrupted_lab_says_how_its_vms_are_and_goes_on_next_time(
    lab: Lab, noop: NoopHypervisor
) -> None:
    lab.up("mail")
    noop.delays_s[Action.START] = 3600

    main = threading.main_thread().ident
    assert main is not None

    def interrupt(machine: Machine) -> None:
        if machine.busy is not None:
            signal.pthread_kill(main, signal.SIGINT)

    db = runtime.run(runtime.session().open(VmSpec(name="shop.db", memory_mib=256), "noop"))
    unsubscribe = db.subscribe(interrupt)
    with pytest.raises(KeyboardInterrupt) as caught:
        lab.up()
    assert str(caught.value) == (
        "up of the lab 'shop' was interrupted; "
        "now it is <Lab 'shop': web not made, db prepared, mail running>"
    )
    unsubscribe()
    noop.delays_s.clear()
    assert set(states(lab.up()).values()) == {"running"}


def test_what_a_backend_cannot_do_is_told_with_its_line_before_anything_is_made(
    write: Write,
) -> None:
    lab = Lab.load(write(LAB + "network = { mode = 'tap', bridge = 'br0' }\n"))
    with pytest.raises(CapabilityError, match=r"lab\.toml:7:2: the noop backend cannot do network"):
        lab.up()
    assert machines().empty


def test_a_vm_that_differs_from_the_file_is_told_before_anything_is_made(lab: Lab) -> None:
    VM("shop.web", memory="512M", backend="noop")
    with pytest.raises(VmExistsError, match=r"lab\.toml:2:2: 'web': memory_mib is 512, not 256"):
        lab.up()
    assert list(machines().name) == ["shop.web"]


def test_reload_stops_and_starts_what_is_as_the_file_says(lab: Lab) -> None:
    before = lab.up()["web"].handle.id
    lab.reload("web")
    assert lab["web"].handle.id == before
    assert [len(times(f"shop.{name}", "start")) for name in lab] == [2, 1, 1]


def test_reload_takes_what_is_new_in_the_file(lab: Lab, write: Write) -> None:
    lab.up()
    write(LAB + '[vm.log]\nbackend = "noop"\n')
    assert "log" not in lab
    assert set(states(lab.reload()).values()) == {"running"}
    assert "log" in lab


def test_reload_says_what_differs_and_changes_nothing(lab: Lab, write: Write) -> None:
    before = lab.up()["db"].handle.id
    write(LAB.replace("[vm.db]", "[vm.db]\nvcpus = 2"))
    with pytest.raises(VmExistsError, match="'db': vcpus is 1, not 2") as caught:
        lab.reload()
    assert "reload(recreate=True)" in caught.value.hint
    assert lab["db"].handle.id == before
    assert set(states(lab).values()) == {"running"}
    assert [len(times(f"shop.{name}", "start")) for name in lab] == [1, 1, 1]


def test_reload_makes_anew_what_differs_and_that_alone_where_it_is_told_to(
    lab: Lab, write: Write
) -> None:
    lab.up()
    before = {name: lab[name].handle.id for name in lab}
    write(LAB.replace("[vm.db]", "[vm.db]\nvcpus = 2"))
    lab.reload(recreate=True)
    assert lab["db"].handle.vcpus == 2
    assert {name for name in lab if lab[name].handle.id != before[name]} == {"db"}
    assert set(states(lab).values()) == {"running"}


@pytest.mark.parametrize("recreate", [True, False])
def test_a_file_that_cannot_be_had_as_it_is_changes_nothing(
    lab: Lab, write: Write, recreate: bool
) -> None:
    lab.up()
    write(LAB.replace("[vm.db]", "[vm.db]\nvcpus = 0"))
    with pytest.raises(SpecError, match=r"vcpus of 'db' is 0"):
        lab.reload(recreate=recreate)
    write(LAB.replace("[vm.db]", "[vm.db]\nnetwork = { mode = 'tap', bridge = 'b' }"))
    with pytest.raises(CapabilityError):
        lab.reload(recreate=recreate)
    assert set(states(Lab.load(lab.path)).values()) == {"running"}


def test_status_is_a_table_with_its_schema(lab: Lab) -> None:
    status = lab.up("web").status()
    assert dict(status.dtypes.astype(str)) == dict(LAB_SCHEMA)
    web, db, mail = (row.tolist() for _, row in status.iterrows())
    assert web[:4] == ["web", "shop.web", "running", "noop"]
    assert (web[5:], db[5:]) == (["", "db"], ["", ""])
    assert mail == ["mail", "shop.mail", "not made", "noop", "", "", ""]


def test_in_a_cell_it_is_a_table_and_a_line_as_last_known(write: Write) -> None:
    lab = Lab.load(write('name = "<b>"\n[vm."<i>"]\nbackend = "noop"\nmemory = 8\n'))
    lab.up()
    lab["<i>"].stop()
    shown = lab._repr_mimebundle_()
    assert shown["text/plain"] == repr(lab) == "<Lab '<b>': <i> stopped>"
    assert "&lt;b&gt;" in shown["text/html"]
    assert ">&lt;i&gt;</td>" in shown["text/html"]
    assert "<i>" not in shown["text/html"]
    assert "1 vCPU, 8 MiB" in shown["text/html"]


def test_the_twin_is_awaited(lab: Lab) -> None:
    async def scenario() -> list[str]:
        seen = []
        for action in (lab.aio.up, lab.aio.down, lab.aio.reload, lab.aio.destroy):
            await action("web")
            seen.append((await lab.aio.status())[0].state)
        return seen

    assert asyncio.run(scenario()) == ["running", "stopped", "running", "not made"]


def test_what_cannot_be_waited_is_refused_before_anything_is_made(lab: Lab) -> None:
    with pytest.raises(SpecError, match="timeout"):
        lab.up(timeout=-1)
    assert machines().empty


def test_provisioning_needs_a_backend_that_acts_in_the_guest(write: Write) -> None:
    lab = Lab.load(write('[vm.a]\nbackend = "noop"\nprovision = ["true"]\n'))
    with pytest.raises(LabError, match="a: the noop backend runs no commands in a guest"):
        lab.up()


def test_the_working_directory_may_change(
    lab: Lab, homes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.up()
    monkeypatch.chdir(homes)
    assert set(states(lab.reload()).values()) == {"running"}
