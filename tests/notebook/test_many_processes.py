"""One VM and several Python processes: forks, and two that want the same one at once."""

import multiprocessing
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from vmnb import VM, machines
from vmnb.core.paths import runtime_home

Python = Callable[..., "subprocess.Popen[str]"]


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_the_child_of_a_fork_acts_on_the_same_vm_and_so_does_its_parent(boot_sector: Path) -> None:
    with VM("web", image=boot_sector, memory=32) as vm:
        pid = vm.start().handle.pid
        child = os.fork()
        if child == 0:
            signal.alarm(60)
            try:
                fine = vm.state == "running" and vm.suspend().state == "suspended"
                os._exit(0 if fine and vm.handle.pid == pid else 1)
            finally:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        vm.wait_for_state("suspended")
        assert vm.resume().state == "running"
        assert vm.handle.pid == pid
        assert list(vm.history["action"]) == ["prepare", "start", "suspend", "resume"]


def _stop(vm: VM) -> None:
    vm.stop(timeout=0)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_process_of_multiprocessing_acts_on_the_same_vm(boot_sector: Path) -> None:
    with VM("web", image=boot_sector, memory=32) as vm:
        vm.start()
        child = multiprocessing.get_context("fork").Process(target=_stop, args=(vm,))
        child.start()
        child.join(60)
        assert child.exitcode == 0
        assert vm.state == "stopped"


SAME = """
import sys
from vmnb import VM
from vmnb.core.errors import BusyError
import vmnb.backends.qemu
print("ready", flush=True)
sys.stdin.readline()
try:
    print("pid", VM("same", image=sys.argv[1], memory=32).start().handle.pid)
except BusyError as error:
    print(error)
"""


def test_two_processes_that_want_the_same_vm_at_once_get_one(
    python: Python, boot_sector: Path
) -> None:
    both = [python(SAME, boot_sector) for _ in range(2)]
    for child in both:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in both:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    said = {child.communicate()[0] for child in both}
    with VM.attach("same") as vm:
        busy = "another process is acting on 'same'\n→ wait until it is done, then try again\n"
        assert said in ({f"pid {vm.handle.pid}\n"}, {f"pid {vm.handle.pid}\n", busy})
        assert list(machines()["name"]) == ["same"]
        assert len(list(runtime_home().iterdir())) == 1


def test_a_process_that_ends_in_the_middle_of_events_says_nothing_of_it(
    python: Python, boot_sector: Path
) -> None:
    code = """
import sys
from vmnb import VM
vm = VM("web", image=sys.argv[1], memory=32).start()
for _ in range(20):
    vm.suspend().resume()
"""
    said, _ = python(code, boot_sector).communicate()
    VM.attach("web").destroy()
    assert said == ""
