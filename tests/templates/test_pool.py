"""Guests that wait for VMs to come, and are gone when nobody wants them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import vmnb
from tests.templates.cache import homes_with_templates
from vmnb import VM
from vmnb.core.errors import SpecError
from vmnb.core.paths import data_home

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def first(
    homes_root: Path, image_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[VM]:
    """The first guest of its kind, which has become a template."""
    place = tmp_path_factory.mktemp("caches") / "cache"
    with homes_with_templates(homes_root, image_cache, place), VM("first") as vm:
        yield vm.start().wait_ready()


@pytest.fixture
def pooled(first: VM) -> Iterator[None]:
    """Two that wait for VMs like it."""
    vmnb.pool(2)
    yield
    vmnb.pool(0)
    assert waiting() == set()


def waiting() -> set[str]:
    """Return the work directories of those that wait."""
    return {note.parent.name for note in (data_home() / "vms").glob("*/waiting.json")}


def test_a_vm_takes_one_that_waits_and_is_a_machine_of_its_own(first: VM, pooled: None) -> None:
    before = waiting()
    assert len(before) == 2
    with VM("a") as a, VM("b") as b:
        assert {a.handle.id, b.handle.id} == before
        assert {a.state, b.state} == {"prepared"}
        names = [vm.start().run("hostname; cat /etc/machine-id", check=True) for vm in (a, b)]
        assert [name.stdout.split()[0] for name in names] == ["a", "b"]
        assert len({name.stdout for name in names}) == 2
        assert list(a.history["action"])[:2] == ["prepare", "restore"]
        a.run("echo kept > /root/file; sync", check=True)
        a.stop().start()
        assert a.run("cat /root/file; hostname", check=True).stdout == "kept\na\n"


def test_those_that_are_taken_are_replaced(first: VM, pooled: None) -> None:
    before = waiting()
    with VM("taker") as vm:
        vm.start()
        vmnb.pool(2)  # which returns when all wait
        assert len(waiting()) == 2
        assert vm.handle.id in before - waiting()


def test_another_kind_of_vm_takes_none(first: VM, pooled: None) -> None:
    before = waiting()
    with VM("cold", boot="cold") as cold, VM("large", memory="300M") as large:
        assert {cold.handle.id, large.handle.id} & before == set()
    assert waiting() == before


def test_a_vm_that_took_one_is_started_by_another_process(first: VM, pooled: None) -> None:
    with VM("shared") as vm:
        start = "import sys; from vmnb import VM; VM.attach(sys.argv[1]).start()"
        command = [sys.executable, "-c", start, vm.name]
        subprocess.run(command, check=True, timeout=120)
        assert vm.run("hostname", check=True).stdout == "shared\n"


def test_where_the_one_that_waits_has_died_the_vm_begins_without_it(
    first: VM, pooled: None
) -> None:
    with VM("bereft") as vm:
        assert vm.handle.pid is not None
        os.kill(vm.handle.pid, signal.SIGKILL)
        assert vm.start().run("hostname", check=True).stdout == "bereft\n"
        assert "restore" in set(vm.history["action"])


KILLED = """
import os, signal
import vmnb
from vmnb import VM
with VM("other") as vm:
    vm.start()
    vmnb.pool(2)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_waited_for_a_process_that_was_killed_is_removed_by_the_next(first: VM) -> None:
    subprocess.run([sys.executable, "-c", KILLED], check=False, timeout=120)
    assert len(waiting()) == 2
    vmnb.pool(0)
    assert waiting() == set()
    assert {path.name for path in (data_home() / "vms").iterdir()} == {first.handle.id}


KILLED_AS_IT_TAKES = """
import os, signal, sys
import vmnb
from vmnb import VM

def hook(event, arguments):
    if event == sys.argv[1] and any(str(each).endswith(sys.argv[2]) for each in arguments):
        os.kill(os.getpid(), signal.SIGKILL)

with VM("other") as vm:
    vm.start()
    vmnb.pool(1)
sys.addaudithook(hook)
VM("taker").start()
"""


@pytest.mark.parametrize("step", [("os.remove", "waiting.json"), ("os.rename", "handle.json")])
def test_one_that_was_taken_by_a_process_that_was_killed_is_nobodys_and_removed(
    first: VM, step: tuple[str, str]
) -> None:
    command = [sys.executable, "-c", KILLED_AS_IT_TAKES, *step]
    ended = subprocess.run(command, check=False, timeout=120, capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert len(list((data_home() / "vms").glob("*/taken"))) == 1
    with VM("taker") as vm:
        assert vm.start().run("hostname", check=True).stdout == "taker\n"
        known = {first.handle.id, vm.handle.id}
        assert {path.name for path in (data_home() / "vms").iterdir()} == known


def test_one_that_was_woken_by_a_process_that_was_killed_then_is_a_vm_as_any(first: VM) -> None:
    command = [sys.executable, "-c", KILLED_AS_IT_TAKES, "socket.connect", "console.sock"]
    ended = subprocess.run(command, check=False, timeout=120, capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    with VM("taker") as vm:
        assert vm.state == "running"
        assert vm.run("echo kept > /root/file; sync; hostname", check=True).stdout == "taker\n"
        vm.stop().start()
        assert vm.run("cat /root/file; hostname", check=True).stdout == "kept\ntaker\n"


def test_the_size_is_checked(first: VM) -> None:
    for wrong in (-1, 33, 1.5, True):
        with pytest.raises(SpecError, match="the pool's size"):
            vmnb.pool(wrong)  # type: ignore[arg-type]
