"""A user's own image, whose guest is not known to run an agent, and what a guest may write."""

from pathlib import Path

import pytest

from vmnb import VM
from vmnb.core.errors import DeadlineError, SpecError, StateError
from vmnb.guest import CommandError
from vmnb.notebook.card.card import card_of


def test_without_an_agent_it_does_not_boot_for_ever_and_runs_no_command(boot_sector: Path) -> None:
    with VM("mine", image=boot_sector, memory=32) as vm:
        vm.start()
        assert card_of(vm._machine)["busy"] is None
        with pytest.raises(DeadlineError, match=r"did not answer within 0\.5 s") as caught:
            vm.run("true", timeout=0.5)
        assert "have no agent" in caught.value.hint
        assert vm.state == "running"


def test_a_command_needs_a_vm_that_runs(boot_sector: Path) -> None:
    with VM("mine", image=boot_sector, memory=32) as vm:
        for state, hint in (("prepared", "vm.start()"), ("stopped", "vm.start()")):
            if state == "stopped":
                vm.start().stop(timeout=0)
            with pytest.raises(StateError, match=f"it is {state}") as caught:
                vm.run("true")
            assert caught.value.hint == hint
        with pytest.raises(StateError, match="it is suspended") as caught:
            vm.start().suspend().run("true")
        assert caught.value.hint == "vm.resume()"
    with pytest.raises(StateError, match="it is destroyed") as caught:
        vm.run("true")
    assert caught.value.hint == "make a new VM"


@pytest.mark.parametrize("timeout", [-1, None, "soon", float("nan"), float("inf"), True])
def test_a_time_that_is_none_is_refused(boot_sector: Path, timeout: float) -> None:
    with VM("mine", image=boot_sector, memory=32) as vm:
        vm.start()
        for action in (
            lambda: vm.run("true", timeout=timeout),
            lambda: vm.stop(timeout=timeout),
            lambda: vm.wait_for_state("stopped", timeout=timeout),
        ):
            with pytest.raises(SpecError, match="timeout is"):
                action()
        assert vm.state == "running"


def test_a_state_that_is_none_is_refused(boot_sector: Path) -> None:
    with (
        VM("mine", image=boot_sector, memory=32) as vm,
        pytest.raises(SpecError, match="no state 'runing'") as caught,
    ):
        vm.wait_for_state("runing")
    assert "running" in caught.value.hint


def test_an_exception_in_the_block_leaves_nothing(boot_sector: Path, homes: Path) -> None:
    vm = VM("mine", image=boot_sector, memory=32).start()
    pid = vm.handle.pid
    with pytest.raises(ZeroDivisionError), vm:
        1 / 0  # noqa: B018
    assert not Path(f"/proc/{pid}").exists()
    assert vm.state == "destroyed"
    assert [path for path in homes.rglob("*") if path.is_socket() or path.suffix == ".qcow2"] == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_what_a_guest_writes_does_nothing_to_a_terminal_or_a_page() -> None:
    command = r"printf '<script>alert(1)</script>\033]0;title\a\033[2J\r\377\302\233 \033[31mred'"
    with VM("web") as vm:
        done = vm.start().run(command, timeout=500)
        assert done.stdout_bytes.startswith(
            b"<script>alert(1)</script>\x1b]0;title\x07\x1b[2J\r\xff"
        )
        shown = repr(done)
        assert shown.startswith(r"<script>alert(1)</script>\x1b]0;title\x07\x1b[2J\r�\x9b ")
        assert shown.endswith("\x1b[31mred\x1b[0m")
        assert not hasattr(done, "_repr_html_")
        with pytest.raises(CommandError) as caught:
            vm.run(f"{command} >&2; false", check=True)
        assert "\x1b]" not in str(caught.value)
        assert "\x07" not in str(caught.value)
        vm.run("printf '<img src=x>' >/dev/ttyS0")
        assert "<img" not in vm._repr_mimebundle_()["text/html"]
