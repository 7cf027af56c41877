"""A real guest from a terminal: started, acted in, paused and stopped by processes of their own."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.homes import own_homes as homes_for_all
from vmnb import VM
from vmnb.core import runtime

from .conftest import COMMAND, on_terminal

LOOK = r"cat /proc/[0-9]*/cmdline | tr '\000' ' ' | grep 'sleep 123[4]'"
"""Ends with code 0 where such a process is."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(autouse=True)
def own_homes() -> None:
    """Homes of each test's own are not wanted here: one guest is for all."""


@pytest.fixture(scope="module", autouse=True)
def web(homes_root: Path, image_cache: Path) -> Iterator[None]:
    """A guest that the command has started, and destroys."""
    with homes_for_all(homes_root, image_cache) as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
        patch.chdir(home)
        VM("web", memory=128)
        runtime.shutdown()
        vmnb("start", "web").check_returncode()
        yield
        vmnb("destroy", "web", "--yes").check_returncode()


def vmnb(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *words], capture_output=True)


def told(*words: str) -> Any:
    done = vmnb(*words, "--json")
    assert (done.returncode, done.stderr) == (0, b"")
    return json.loads(done.stdout)


def test_a_command_ends_as_it_does_in_the_guest() -> None:
    done = vmnb("run", "web", "--", "echo out; echo err >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, b"out\n", b"err\n")
    assert vmnb("run", "web", "--", "kill -9 $$").returncode == 128 + 9
    assert (
        vmnb("run", "web", "--", "printf", "%s|", "a b", "--", "$HOME").stdout == b"a b|--|$HOME|"
    )


def test_bytes_come_as_they_are_where_no_terminal_is() -> None:
    done = vmnb("run", "web", "--", r"printf '\000\377\033[2J'")
    assert (done.returncode, done.stdout) == (0, b"\x00\xff\x1b[2J")


def test_on_a_terminal_they_have_no_effect() -> None:
    said = on_terminal("run", "web", "--", r"printf 'a\033[2J\033[31mred'")
    assert said == "a\\x1b[2J\x1b[31mred\x1b[0m"


def test_as_json_it_is_one_object() -> None:
    done = vmnb("run", "web", "--json", "--", "echo out; echo err >&2; exit 7")
    assert (done.returncode, done.stderr) == (7, b"")
    result = json.loads(done.stdout)
    assert (result["exit_code"], result["stdout"], result["stderr"]) == (7, "out\n", "err\n")
    assert set(result) >= {"name", "command", "signal", "duration_s", "via"}


def test_output_comes_at_once_and_what_is_given_up_ends_in_the_guest_too() -> None:
    with subprocess.Popen(
        [*COMMAND, "run", "web", "--", "echo begun; exec sleep 1234"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"begun\n"
        child.send_signal(signal.SIGINT)
        assert child.communicate()[1] == b"vmnb: interrupted\n"
    assert child.returncode == 130
    done = vmnb("run", "web", "--timeout", "1", "--json", "--", "echo begun; exec sleep 1234")
    assert done.returncode == 5
    assert json.loads(done.stdout)["stdout"] == "begun\n"
    assert json.loads(done.stderr)["error"]["kind"] == "CommandTimeoutError"
    assert vmnb("run", "web", "--", LOOK).returncode == 1


def test_it_is_shown_paused_stopped_and_started_again() -> None:
    shown = told("show", "web")
    assert (shown["state"], shown["memory_mib"]) == ("running", 128)
    assert shown["address"] == "10.0.2.15"
    assert Path(f"/proc/{shown['pid']}").exists()
    assert vmnb("suspend", "web").returncode == 0
    assert told("list")[0]["state"] == "suspended"
    done = vmnb("run", "web", "--", "true")
    assert done.returncode == 1
    assert b"it is suspended" in done.stderr
    assert vmnb("resume", "web").returncode == 0
    assert vmnb("stop", "web", "--timeout", "60").returncode == 0
    assert (told("show", "web")["state"], told("show", "web")["pid"]) == ("stopped", None)
    actions = [row["action"] for row in told("history", "web")]
    assert [each for each in actions if each in ("start", "suspend", "resume", "stop")] == [
        "start",
        "suspend",
        "resume",
        "stop",
    ]
    assert vmnb("start", "web").returncode == 0
