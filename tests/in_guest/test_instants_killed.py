"""A process that is killed in the middle of a fork or a checkpoint, at each of its steps."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import vmnb
from tests.killed_at import KILLED_AT
from vmnb import VM
from vmnb.core import runtime
from vmnb.core.forking import UNFINISHED_COPY

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

EVERY = 4
"""Of the steps, so that it does not take too long; others for each act."""


@pytest.fixture(scope="module")
def victim(shared_homes: Path) -> Iterator[VM]:
    """A guest with something in its memory, booted."""
    with VM("victim") as vm:
        vm.start().run("echo alive > /dev/shm/file", check=True)
        yield vm
        work = vm.handle.work_dir
    assert work is not None
    for half_made in work.parent.glob(".new-*"):  # files of a copy that was killed as it was made
        shutil.rmtree(half_made)


@pytest.fixture(scope="module")
def copied(victim: VM) -> Iterator[VM]:
    """A copy of it, whose memory is not a file of its own."""
    with victim.fork(names=["copied"])[0] as vm:
        yield vm


def kill_at_each_step(vm: VM, act: str, first: int, tidy: Callable[[], None]) -> int:
    """Let processes try `act` and be killed, each later; return how many were.

    What `act` makes may be whole by the time of a late kill; `tidy` removes it then.
    """
    for steps in range(first, 1000, EVERY):
        command = [sys.executable, "-c", KILLED_AT + act, str(steps), vm.name]
        ended = subprocess.run(command, timeout=120, capture_output=True, text=True, check=False)
        if ended.returncode != -signal.SIGKILL:
            assert ended.returncode == 0, ended.stderr
            return (steps - first) // EVERY
        require_whole(vm)
        tidy()
    raise AssertionError("it was never done")


def require_whole(vm: VM) -> None:
    """See that the VM is as before, and that nothing half made is left."""
    again = VM.attach(vm.name)
    assert again.state == "running"
    assert again.run("cat /dev/shm/file", check=True).stdout == "alive\n"
    work = again.handle.work_dir
    assert work is not None
    assert not (work / "half-done.json").exists()
    known = {vmnb.VM.attach(name).handle.id for name in vmnb.machines()["name"]}
    homes = {path.name for path in work.parent.iterdir() if not path.name.startswith(".")}
    assert homes <= known, "the files of a VM that nobody knows"
    runtime.run(
        again._live.ways.aclose()
    )  # else the next process waits for its turn with the agent


def remove_finished_child() -> None:
    """Destroy a copy that was whole by the time of the kill; what is not is for the next try."""
    if "child" in set(vmnb.machines()["name"]):
        child = VM.attach("child")
        if UNFINISHED_COPY not in child.handle.extra:
            assert child.run("cat /dev/shm/file; hostname").stdout == "alive\nchild\n"
            child.destroy()
        else:
            assert child.state != "running"


@pytest.mark.parametrize("name", ["victim", "copied"])
def test_a_fork_can_be_killed_at_any_step(victim: VM, copied: VM, name: str) -> None:
    vm = {"victim": victim, "copied": copied}[name]
    first = 1 if name == "victim" else 2
    killed = kill_at_each_step(vm, "vm.fork(names=['child'])", first, remove_finished_child)
    assert killed > 4
    with VM.attach("child") as child:
        assert child.run("cat /dev/shm/file; hostname").stdout == "alive\nchild\n"


def test_a_checkpoint_can_be_killed_at_any_step(victim: VM) -> None:
    def forget_finished() -> None:
        if "there" in set(victim.checkpoints["name"]):
            victim.forget_checkpoint("there")

    killed = kill_at_each_step(victim, "vm.checkpoint('there')", 0, forget_finished)
    assert killed > 2
    victim = VM.attach(victim.name)
    assert list(victim.checkpoints["name"]) == ["there"]
    victim.run("rm /dev/shm/file", check=True)
    assert victim.rewind("there").run("cat /dev/shm/file").stdout == "alive\n"
    victim.forget_checkpoint("there")


def test_a_rewind_can_be_killed_at_any_step_and_done_again(victim: VM) -> None:
    victim.checkpoint("kept")
    for steps in range(0, 1000, EVERY):
        command = [sys.executable, "-c", KILLED_AT + "vm.rewind('kept')", str(steps), victim.name]
        ended = subprocess.run(command, timeout=120, capture_output=True, text=True, check=False)
        again = VM.attach(victim.name).rewind("kept")
        assert again.run("cat /dev/shm/file", check=True).stdout == "alive\n"
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL, ended.stderr


def test_a_checkpoint_can_be_forgotten_by_one_who_is_killed_at_any_step(victim: VM) -> None:
    victim = VM.attach(victim.name)
    for steps in range(1000):
        for name in ("first", "second"):
            victim.run(f"echo {name} {steps} > /root/{name}; sync", check=True)
            victim.checkpoint(name)
        act = KILLED_AT + "vm.forget_checkpoint('first')"
        command = [sys.executable, "-c", act, str(steps), victim.name]
        ended = subprocess.run(command, timeout=120, capture_output=True, text=True, check=False)
        require_whole(victim)
        said = victim.run("echo 3 > /proc/sys/vm/drop_caches; cat /root/first /root/second")
        assert said.stdout == f"first {steps}\nsecond {steps}\n"
        for name in victim.checkpoints["name"]:
            victim.forget_checkpoint(name)
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert steps > 4
    work = victim.handle.work_dir
    assert work is not None
    shared = [layer for layer in work.glob("layer-*") if layer.stat().st_nlink > 1]
    assert len(list(work.glob("layer-*"))) <= len(shared) + 2
