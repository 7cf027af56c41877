"""Ctrl-C leaves a state that is known and told, and nothing half made."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from vmnb import VM, machines
from vmnb.core.paths import data_home, runtime_home

Python = Callable[..., "subprocess.Popen[str]"]

INTERRUPTED = """
import sys
from vmnb import VM
def interrupted(action):
    try:
        action()
    except KeyboardInterrupt as error:
        print(error)
    else:
        print("was not interrupted")
"""
STUCK = """#!/bin/sh
case "$*" in *{when}*) echo begins >/proc/$PPID/fd/1; exec sleep infinity;; esac
exec {program} "$@"
"""


@pytest.fixture
def stuck(homes: Path) -> Callable[[str, str], dict[str, str]]:
    """Make a program that tells when it is called with such arguments, and then does no more."""

    def make(name: str, when: str) -> dict[str, str]:
        (homes / "bin").mkdir()
        program = homes / "bin" / name
        program.write_text(STUCK.format(when=when, program=shutil.which(name)))
        program.chmod(0o755)
        cache = str(homes / "cache")  # what is found out about this QEMU is nobody else's
        return {"PATH": f"{homes}/bin:{os.environ['PATH']}", "VMNB_CACHE": cache}

    return make


def press_ctrl_c(child: "subprocess.Popen[str]", when: str = "begins\n") -> str:
    """Interrupt the whole group, as a terminal does, when `child` says so; return its last line."""
    assert child.stdout is not None
    said = ""
    while when not in said:
        said += (letter := child.stdout.read(1))
        assert letter, f"it ended too early: {said}"
    os.killpg(child.pid, signal.SIGINT)
    said, _ = child.communicate()
    return said.splitlines()[-1]


def test_while_it_is_made(
    python: Python, boot_sector: Path, stuck: Callable[[str, str], dict[str, str]]
) -> None:
    code = INTERRUPTED + "interrupted(lambda: VM('web', image=sys.argv[1], memory=32))"
    said = press_ctrl_c(python(code, boot_sector, **stuck("qemu-img", "create")))
    assert said == "making 'web' was interrupted; nothing was made"
    assert machines().empty
    vms = data_home() / "vms"
    assert not vms.exists() or list(vms.iterdir()) == []


def test_while_it_starts(
    python: Python, boot_sector: Path, stuck: Callable[[str, str], dict[str, str]]
) -> None:
    code = INTERRUPTED + "interrupted(VM('web', image=sys.argv[1], memory=32).start)"
    said = press_ctrl_c(python(code, boot_sector, **stuck("qemu-system-x86_64", "-pidfile")))
    with VM.attach("web") as vm:
        assert said == "start of 'web' was interrupted; it is prepared"
        assert vm.state == "prepared"
        assert list(runtime_home().glob("*/*")) == []
        assert vm.start().state == "running"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_while_a_command_runs(python: Python) -> None:
    code = f"""{INTERRUPTED}
from threading import Thread
def tell():
    vm.console.wait_for("the command runs", timeout=500)
    print("begins", flush=True)
vm = VM("web").start()
Thread(target=tell, daemon=True).start()
command = "echo the command runs >/dev/ttyS0; sleep 4242"
interrupted(lambda: vm.run(command, timeout=500))
"""
    said = press_ctrl_c(python(code))
    with VM.attach("web") as vm:
        assert said == "run of 'web' was interrupted; it is running"
        assert vm.state == "running"
        assert not vm.run("grep -lx sleep /proc/[0-9]*/comm", timeout=500).ok


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_while_the_tiny_guest_is_built(python: Python, homes: Path) -> None:
    code = INTERRUPTED + "interrupted(lambda: VM('web'))"
    child = python(code, VMNB_CACHE=str(homes / "cache"))
    said = press_ctrl_c(child, when="downloading packages")
    assert said == "making 'web' was interrupted; nothing was made"
    assert machines().empty
    assert [path.name for path in (homes / "cache" / "images" / "tiny").iterdir()] == [".lock"]
