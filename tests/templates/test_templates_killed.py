"""A process that is killed as it makes a template or begins from one, at each of its steps."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import vmnb
from tests.killed_at import KILLED_AT
from tests.templates.cache import homes_with_templates
from vmnb import VM
from vmnb.core import runtime

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

EVERY = 3
"""Of the steps, so that it does not take too long."""


@pytest.fixture(scope="module")
def teacher(
    homes_root: Path, image_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[VM]:
    """A guest with something in its memory, booted, and no template yet."""
    place = tmp_path_factory.mktemp("caches") / "cache"
    with homes_with_templates(homes_root, image_cache, place), VM("teacher", boot="cold") as vm:
        vm.start().run("echo alive > /dev/shm/file", check=True)
        yield vm


def is_killed(vm: VM, act: str, steps: int) -> bool:
    """Let a process do `act`, and be killed after so many steps; return whether it was."""
    runtime.run(vm._live.ways.aclose())  # of the agent, too, only one process has it at a time
    command = [sys.executable, "-c", KILLED_AT + act, str(steps), vm.name]
    ended = subprocess.run(command, timeout=120, capture_output=True, text=True, check=False)
    assert ended.returncode in (0, -signal.SIGKILL), ended.stderr
    return ended.returncode != 0


def test_a_template_can_be_killed_at_any_step_and_made_again(teacher: VM) -> None:
    for steps in range(0, 1000, EVERY):
        killed = is_killed(teacher, "vm.template('lesson')", steps)
        again = VM.attach("teacher")
        assert again.state == "running"
        assert again.run("cat /dev/shm/file", check=True).stdout == "alive\n"
        if "lesson" not in set(vmnb.templates.list()["name"]):
            again.template("lesson")
        with VM("student", boot="lesson") as student:
            assert student.start().run("cat /dev/shm/file; hostname").stdout == "alive\nstudent\n"
        vmnb.templates.remove("lesson")
        if not killed:
            break
    assert steps > EVERY


def test_a_guest_that_begins_from_one_can_be_killed_at_any_step_and_begun_again(
    teacher: VM,
) -> None:
    teacher.template("lesson")
    for steps in range(0, 1000, EVERY):
        with VM("student", boot="lesson") as student:
            killed = is_killed(student, "vm.start()", steps)
            again = VM.attach("student")
            assert again.state in ("prepared", "stopped", "running")
            again.start()
            assert again.run("cat /dev/shm/file; hostname").stdout == "alive\nstudent\n"
            assert again.handle.work_dir is not None
            assert not (again.handle.work_dir / "half-done.json").exists()
        if not killed:
            break
    assert steps > EVERY
    vmnb.templates.remove("lesson")
