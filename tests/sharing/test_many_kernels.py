"""One real guest and several processes: all see what one does, and none waits in vain."""

import hashlib
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from time import monotonic

import pytest

from tests.homes import own_homes
from vmnb import VM

from .desk import Desk, desk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

MOMENT_S = 5.0
"""A second is meant; a busy machine may take a little longer."""


@pytest.fixture(scope="module")
def vm(homes_root: Path, image_cache: Path) -> Iterator[VM]:
    with own_homes(homes_root, image_cache), VM("shared", memory=128) as vm:
        vm.start().run("true", check=True)
        yield vm


@pytest.fixture
def desks(vm: VM) -> Iterator[list[Desk]]:
    with ExitStack() as stack:
        yield [stack.enter_context(desk(vm.handle.name)) for _ in range(3)]


def test_what_anybody_does_all_see_at_once(desks: list[Desk], vm: VM) -> None:
    for action, state in (
        ("suspend", "suspended"),
        ("resume", "running"),
        ("stop", "stopped"),
        ("start", "running"),
    ):
        for actor in desks[:1] if action in ("stop", "start") else desks:
            if action == "suspend":
                actor.do("vm.resume().state")
            assert actor.do(f"vm.{action}().state") == state
            done = monotonic()
            late = [each.until(state) - done for each in desks]
            assert max(late) < MOMENT_S
    assert {each.do("vm.state") for each in desks} == {"running"}
    assert vm.run("echo again").stdout == "again\n"


def test_of_two_that_act_at_once_the_second_is_told(desks: list[Desk]) -> None:
    for number, each in enumerate(desks):
        each.begin(f"[vm.checkpoint('number {number}')] and 'kept'")
    said = [each.answer() for each in desks]
    refused = [word for word in said if word.startswith("BusyError: another process is acting on")]
    assert 0 < said.count("kept") == len(said) - len(refused)


def test_all_run_commands_at_once_and_each_gets_its_own_answers(desks: list[Desk]) -> None:
    for number, each in enumerate(desks):
        each.begin(f"[vm.run('sleep 0.1; echo {number}').stdout for _ in range(5)]")
    for number, each in enumerate(desks):
        assert each.answer() == [f"{number}\n"] * 5


def test_all_read_the_console_and_one_types(desks: list[Desk]) -> None:
    first, second, third = desks
    first.do("vm.console.write('echo fi\\'\\'rst\\n')")
    for each in desks:
        each.do("vm.console.wait_for('first')")
    assert "typed on from another process" in second.do("vm.console.write('lost')")
    assert second.do("vm.console.take_over()") is None
    second.do("vm.console.write('seq 3000; echo se\\'\\'cond\\n')")
    texts = []
    for each in desks:
        each.do("vm.console.wait_for('second')")
        texts.append(each.do("vm.console.text"))
    assert len({hashlib.sha256(text.encode()).digest() for text in texts}) == 1
    assert [each.do("vm.console.is_elsewhere") for each in desks] == [True, False, True]
    second.process.send_signal(signal.SIGKILL)
    second.process.wait()
    third.do("vm.console.wait_for('second')")
    assert third.do("vm.console.write('echo thi\\'\\'rd\\n')") is None
    first.do("vm.console.wait_for('third')")


def test_one_that_is_stopped_holds_up_nobody(desks: list[Desk], vm: VM) -> None:
    stopped, *others = desks
    stopped.do("vm.console.write('\\n')")
    stopped.begin("[vm.run('sleep 0.05') for _ in range(1000)]")
    for each in others:
        each.do("vm.console.text")
    stopped.process.send_signal(signal.SIGSTOP)
    for each in others:
        assert each.do("vm.state") == "running"
        assert each.do("vm.suspend().state") == "suspended"
        assert each.do("vm.resume().state") == "running"
        assert each.do("vm.console.take_over()").startswith("DeadlineError")
    said = others[0].do("vm.run('echo fine', timeout=5).stdout")
    assert said == "fine\n" or said.startswith("DeadlineError")
    stopped.process.send_signal(signal.SIGKILL)
    assert others[0].do("vm.run('echo fine').stdout") == "fine\n"


def test_one_destroys_it_and_all_see_that_too(desks: list[Desk]) -> None:
    desks[1].do("vm.destroy()")
    done = monotonic()
    assert max(each.until("destroyed") - done for each in desks) < MOMENT_S
