"""Going back to instants of a real guest's life."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from vmnb import VM
from vmnb.core.errors import CapabilityError, CheckpointError, SpecError, StateError
from vmnb.core.handle import VmHandle
from vmnb.notebook.tables.checkpoints import CHECKPOINT_SCHEMA

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def guest(shared_homes: Path) -> Iterator[VM]:
    """A guest of this file alone, booted: what it was is not what it will be."""
    with VM("to and fro") as vm:
        vm.start().run("true", check=True)
        yield vm


def in_directory(handle: VmHandle, pattern: str) -> list[Path]:
    assert handle.work_dir is not None
    return sorted(handle.work_dir.glob(pattern))


def test_memory_and_disk_are_again_as_they_were(guest: VM) -> None:
    guest.run("echo kept > /root/file && echo kept > /dev/shm/file && sync", check=True)
    guest.run("sleep 1000 > /dev/null 2>&1 & echo $! > /dev/shm/pid", check=True)
    guest.checkpoint("before")
    assert guest.state == "running"
    guest.run("rm /root/file /dev/shm/file; kill $(cat /dev/shm/pid); sync", check=True)
    guest.rewind("before")
    assert guest.state == "running"
    said = guest.run("cat /root/file /dev/shm/file && kill -0 $(cat /dev/shm/pid)", check=True)
    assert said.stdout == "kept\nkept\n"


def test_the_console_is_the_guests_again_that_went_back(guest: VM) -> None:
    guest.console.write("echo before $((6*7))\n")
    guest.console.wait_for("before 42")
    guest.checkpoint("at the prompt").rewind("at the prompt")
    guest.console.write("echo after $((6*7))\n")
    guest.console.wait_for("after 42")


def test_they_are_a_tree_for_one_can_go_back_and_branch(guest: VM) -> None:
    guest.run("echo trunk > /root/branch", check=True)
    guest.checkpoint("trunk")
    for branch in ("left", "right"):
        guest.rewind("trunk").run(f"echo {branch} > /root/branch; sync", check=True)
        guest.checkpoint(branch)
    for branch in ("left", "right", "trunk"):
        guest.rewind(branch)
        assert guest.run("cat /root/branch").stdout == f"{branch}\n"
    table = guest.checkpoints.set_index("name")
    assert [table["parent"][name] for name in ("left", "right")] == ["trunk", "trunk"]
    assert list(table.index[table["current"]]) == ["trunk"]
    assert (table["size_mib"] > 1).all()
    assert {"rewind", "checkpoint"} < set(guest.history["action"])


def test_a_disk_has_no_more_layers_than_checkpoints_and_loses_nothing(guest: VM) -> None:
    names = [f"step {number}" for number in range(8)]
    for number, name in enumerate(names):
        guest.run(f"echo {number} > /root/step-{number} && sync", check=True)
        guest.checkpoint(name)
        if number >= 2:
            guest.forget_checkpoint(names[number - 2])

    def has_no_more_layers() -> bool:
        layers = in_directory(guest.handle, "layer-*")
        return len(layers) <= len(guest.checkpoints) + 2  # the newest, and the first

    assert has_no_more_layers()
    for last in (6, 7):
        guest.rewind(names[last])
        said = guest.run("echo 3 > /proc/sys/vm/drop_caches; cat /root/step-*", check=True)
        assert said.stdout.split() == [str(number) for number in range(last + 1)]
    for layer in in_directory(guest.handle, "layer-*"):
        check = ["qemu-img", "check", "-q", "-U", str(layer)]
        assert subprocess.run(check, check=False).returncode == 0
    for name in guest.checkpoints["name"]:
        guest.forget_checkpoint(name)
        assert has_no_more_layers()
    said = guest.run("echo 3 > /proc/sys/vm/drop_caches; cat /root/step-*", check=True)
    assert said.stdout.split() == [str(number) for number in range(8)]


def test_what_a_guest_that_went_back_leaves_behind_takes_no_room(guest: VM) -> None:
    guest.checkpoint("again and again").rewind("again and again")
    before = len(in_directory(guest.handle, "layer-*"))
    for _ in range(3):
        guest.run("dd if=/dev/urandom of=/root/large bs=1M count=4; sync", check=True)
        guest.rewind("again and again")
    assert len(in_directory(guest.handle, "layer-*")) == before


def test_what_was_rewound_has_the_right_clock_and_fresh_randomness(guest: VM) -> None:
    guest.run("date -s @1000000000", check=True)
    guest.checkpoint("long ago")
    read = "cat /proc/sys/kernel/random/uuid"
    first, second = (guest.rewind("long ago").run(read).stdout for _ in range(2))
    assert first != second
    assert abs(int(guest.run("date +%s").stdout) - time.time()) < 60


def test_one_that_is_suspended_stays_so_and_goes_on_from_there(guest: VM) -> None:
    guest.run("echo waiting > /root/suspended", check=True)
    guest.suspend().checkpoint("standing still").checkpoint("and again")
    assert guest.state == "suspended"
    guest.resume().run("rm /root/suspended", check=True)
    assert guest.rewind("and again").run("cat /root/suspended").stdout == "waiting\n"


def test_one_that_was_stopped_can_go_back_and_its_disk_is_what_it_was_before(guest: VM) -> None:
    guest.run("echo old > /root/stopped && sync", check=True)
    guest.checkpoint("up")
    guest.run("echo new > /root/stopped && sync", check=True)
    guest.stop(timeout=0)
    assert guest.rewind("up").run("cat /root/stopped").stdout == "old\n"
    guest.stop(timeout=0).start()
    assert guest.run("cat /root/stopped").stdout == "old\n"


def test_a_name_is_there_once_and_a_wrong_one_says_which_there_are(guest: VM) -> None:
    guest.checkpoint("only one")
    before = in_directory(guest.handle, "checkpoints/*")
    with pytest.raises(CheckpointError, match="'only one' already"):
        guest.checkpoint("only one")
    for missing in (guest.rewind, guest.forget_checkpoint):
        with pytest.raises(CheckpointError, match="no checkpoint 'never'") as caught:
            missing("never")
        assert "'only one'" in caught.value.hint
    assert in_directory(guest.handle, "checkpoints/*") == before
    assert guest.state == "running"
    guest.forget_checkpoint("only one")
    assert "only one" not in set(guest.checkpoints["name"])


@pytest.mark.parametrize("name", ["", "x" * 201, "a\nb", "\x1b[31m"])
def test_what_cannot_be_a_name_is_refused(guest: VM, name: str) -> None:
    with pytest.raises(SpecError, match="checkpoint's name"):
        guest.checkpoint(name)


@pytest.mark.parametrize("name", ["../x", "a, b=c", "é☃", "x" * 200])
def test_any_text_is_a_name(guest: VM, name: str) -> None:
    guest.checkpoint(name)
    assert name in set(guest.checkpoints["name"])
    guest.forget_checkpoint(name)


@pytest.mark.parametrize("what", ["memory", "state"])
@pytest.mark.parametrize("how", ["truncated", "one bit flipped", "gone"])
def test_what_was_damaged_is_noticed_and_the_guest_goes_on(guest: VM, what: str, how: str) -> None:
    name = f"{what} {how}"
    known = in_directory(guest.handle, "checkpoints/*/facts.json")
    guest.checkpoint(name).run("echo on > /dev/shm/on", check=True)
    (facts,) = set(in_directory(guest.handle, "checkpoints/*/facts.json")) - set(known)
    made = facts.parent
    damage(made / what, how)
    with pytest.raises(CheckpointError, match="damaged"):
        guest.rewind(name)
    assert guest.run("cat /dev/shm/on").stdout == "on\n"
    guest.forget_checkpoint(name)


def damage(path: Path, how: str) -> None:
    if how == "gone":
        path.unlink()
        return
    with path.open("r+b") as file:
        if how == "truncated":
            file.truncate(path.stat().st_size // 2)
        else:
            file.seek(path.stat().st_size // 2)
            (byte,) = file.read(1)
            file.seek(-1, 1)
            file.write(bytes([byte ^ 1]))


SMALL_FILES = """
import resource, sys
from vmnb import VM
vm = VM.attach(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (32 << 20, 32 << 20))
vm.checkpoint("never")
"""
"""The file of the memory cannot be written to its end."""


def test_where_it_cannot_be_written_the_guest_goes_on_and_nothing_is_left(guest: VM) -> None:
    known = in_directory(guest.handle, "checkpoints/*")
    guest.run("echo on > /dev/shm/on", check=True)
    command = [sys.executable, "-c", SMALL_FILES, guest.name]
    ended = subprocess.run(command, timeout=120, capture_output=True, text=True, check=False)
    assert "cannot write a checkpoint of 'to and fro': File too large" in ended.stderr
    assert guest.state == "running"
    assert guest.run("cat /dev/shm/on").stdout == "on\n"
    assert in_directory(guest.handle, "checkpoints/*") == known
    assert not in_directory(guest.handle, "checkpoints/.*-*")


def test_a_vm_that_does_not_run_has_nothing_to_keep(guest: VM, shared_homes: Path) -> None:
    with VM("never ran") as vm:
        with pytest.raises(StateError, match="does not run"):
            vm.checkpoint("nothing")
        assert list(vm.checkpoints.columns) == list(CHECKPOINT_SCHEMA)
        assert vm.checkpoints.empty


def test_a_backend_that_keeps_none_says_so(shared_homes: Path) -> None:
    with VM("noop", backend="noop").start() as vm, pytest.raises(CapabilityError, match="checkp"):
        vm.checkpoint("never")
