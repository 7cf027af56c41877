"""Cells that run in a real guest, from a real IPython and a real kernel."""

import os
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client.manager import start_new_kernel

from tests.shell import Shell, ipython
from vmnb import VM
from vmnb.core.errors import StateError
from vmnb.guest import CommandError, CommandTimeoutError, RunResult

if TYPE_CHECKING:
    from jupyter_client.blocking.client import BlockingKernelClient

pytestmark = pytest.mark.slow

NAME = '"tiny guest"'
SLEEPS = "grep -l sleep /proc/[0-9]*/comm"


@pytest.fixture
def shell(tiny: VM) -> Iterator[Shell]:
    with ipython() as shell:
        yield shell


def test_a_cell_runs_in_the_guest_and_prints_there(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = f"""%%vm {NAME}
x="a  b {{x}} $((6 * 7))"
echo "$x" | cat
hostname >&2
"""
    assert shell.cell(cell) is None
    assert capsys.readouterr() == ("a  b {x} 42\n", "tiny-guest\n")


def test_a_line_is_one_command_and_has_its_result_as_value(shell: Shell) -> None:
    shell.cell("HOME = 'of the notebook'")
    result = shell.cell(f'%vm {NAME} echo "$HOME  is" | cat -')
    assert isinstance(result, RunResult)
    assert result.stdout == "/root  is\n"


def test_the_first_line_names_the_interpreter_and_nothing_stays(
    shell: Shell, tiny: VM, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.cell(f"%%vm {NAME}\n#!/usr/bin/awk -f\nBEGIN {{ print 6 * 7 }}")
    assert capsys.readouterr().out == "42\n"
    shell.cell(f"%%vm {NAME}\n#! /bin/sh\nwc -c")
    assert capsys.readouterr().out == "0\n"
    assert tiny.run("ls -A /tmp /var/tmp /dev/shm 2>/dev/null | grep -v :").stdout.strip() == ""


def test_a_cell_that_fails_shows_its_exit_code_and_stops_the_notebook(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match=r"(?s)exit code 3.*oh no") as caught:
        shell.cell(f"%%vm {NAME} --out kept\necho oh no >&2; exit 3")
    assert "[exit code 3]" in capsys.readouterr().out.splitlines()
    assert shell.ipython.user_ns["kept"].exit_code == 3
    assert caught.value.result.command == "echo oh no >&2; exit 3\n"
    with pytest.raises(CommandError, match="exit code 4"):
        shell.cell(f"%vm {NAME} exit 4")


def test_a_notebook_may_go_on_after_a_failure(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.cell(f"%%vm --no-check {NAME}\nexit 3")
    assert capsys.readouterr().out == "[exit code 3]\n"
    assert shell.cell(f"%vm --no-check {NAME} exit 4").exit_code == 4


def test_what_takes_too_long_is_killed(shell: Shell, tiny: VM) -> None:
    with pytest.raises(CommandTimeoutError):
        shell.cell(f"%%vm {NAME} --timeout 0.5\nsleep 4242")
    assert not tiny.run(SLEEPS).ok


def test_terminal_escapes_of_a_guest_do_nothing(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.cell(f"%%vm {NAME}\nprintf '\\033]0;owned\\007<b>\\n'")
    assert capsys.readouterr().out == "\\x1b]0;owned\\x07<b>\n"


def test_in_the_background_the_notebook_goes_on_meanwhile(shell: Shell, tiny: VM) -> None:
    shell.cell(f"%%vm {NAME} --bg --out job\nuntil [ -e /run/go ]; do sleep 0.1; done; echo went")
    job = shell.ipython.user_ns["job"]
    assert not job.done
    assert "running" in repr(job)
    shell.cell(f"%vm {NAME} touch /run/go")
    assert job.result(60).stdout == "went\n"
    assert job.done
    assert repr(job) == "<command in 'tiny guest': exit code 0>"
    tiny.run("rm /run/go", check=True)


def test_a_command_in_the_background_can_be_killed_or_fail(shell: Shell, tiny: VM) -> None:
    job = shell.cell(f"%vm --bg {NAME} sleep 4242")
    tiny.wait_until_succeeds(SLEEPS)
    with pytest.raises(TimeoutError):
        job.result(0.01)
    job.cancel()
    with pytest.raises(CancelledError):
        job.result(60)
    assert "cancelled" in repr(job)
    tiny.wait_until_succeeds(f"! {SLEEPS}")
    with pytest.raises(CommandError):
        shell.cell(f"%vm --bg {NAME} exit 3").result(60)


def test_a_vm_that_does_not_run_says_what_to_do(shell: Shell) -> None:
    with VM("asleep", memory=128):
        with pytest.raises(StateError, match="it is prepared") as caught:
            shell.cell("%%vm asleep\nls")
        assert caught.value.hint == "vm.start()"


@pytest.fixture
def kernel(tiny: VM, tmp_path: Path) -> Iterator["BlockingKernelClient"]:
    """A kernel with vmnb's magics."""
    manager, client = start_new_kernel(
        env={**os.environ, "IPYTHONDIR": str(tmp_path)}, kernel_name="python3"
    )
    try:
        run(client, "%load_ext vmnb")
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def run(client: "BlockingKernelClient", code: str) -> list[dict[str, Any]]:
    """Run a cell and return all that it showed."""
    shown: list[dict[str, Any]] = []
    reply = client.execute_interactive(code, timeout=60, output_hook=shown.append)
    assert reply["content"]["status"] == "ok", reply["content"]
    return [message["content"] for message in shown if message["msg_type"] != "status"]


def test_a_kernel_completes_the_name(kernel: "BlockingKernelClient") -> None:
    code = "%%vm ti\nls"
    content = kernel.complete(code, len("%%vm ti"), reply=True, timeout=60)["content"]
    assert content["matches"] == [NAME]
    assert (content["cursor_start"], content["cursor_end"]) == (5, 7)


def test_a_kernel_shows_what_a_cell_says(kernel: "BlockingKernelClient") -> None:
    said = [m for m in run(kernel, f"%%vm {NAME}\necho hello; echo oh >&2") if "text" in m]
    assert {(m["name"], m["text"]) for m in said} == {("stdout", "hello\n"), ("stderr", "oh\n")}
