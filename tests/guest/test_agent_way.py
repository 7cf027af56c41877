"""Environment, directory, user and live output by the distribution's real guest agent."""

import asyncio
import hashlib
import os
import time
from pathlib import Path
from typing import Any

import pytest

from vmnb.core.errors import GuestError, SpecError
from vmnb.guest import Command, CommandTimeoutError, RunResult, run

from .agent import by_agent
from .test_run import running

MIB = 1024 * 1024
AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="becoming another user needs root")


def ran(path: Path, command: Any, timeout_s: float = 60, write: Any = None, **of: Any) -> RunResult:
    made = Command.of(command, **of)
    return by_agent(path, lambda way: run(way, made, timeout_s=timeout_s, write=write))


async def unseen(stream: int, data: bytes) -> None:
    pass


def test_the_environment_arrives_as_it_is(agent_socket: Path) -> None:
    env = {"A": 'it\'s "x" $HOME \\ ö\nline', "B": "", "_c1": "-n"}
    result = ran(agent_socket, 'printf "%s|" "$A" "$B" "$_c1"', env=env)
    assert result.stdout == 'it\'s "x" $HOME \\ ö\nline||-n|'
    assert ran(agent_socket, ["printenv", "A"], env={"A": "1"}).stdout == "1\n"
    assert result.via == "agent"


def test_the_directory_is_entered(agent_socket: Path, tmp_path: Path) -> None:
    odd = tmp_path / "it's a größe $(x)"
    odd.mkdir()
    assert ran(agent_socket, "pwd", cwd=odd).stdout == f"{odd}\n"
    assert ran(agent_socket, ["pwd"], cwd="/usr").stdout == "/usr\n"


def test_a_directory_that_is_not_there_runs_nothing(agent_socket: Path, tmp_path: Path) -> None:
    with pytest.raises(GuestError, match=r"nothing was run: .*/nowhere cannot be entered"):
        ran(agent_socket, f"touch {tmp_path}/ran", cwd="/nowhere")
    assert not (tmp_path / "ran").exists()


@AS_ROOT
def test_another_user_runs_it_in_an_environment_of_their_own(agent_socket: Path) -> None:
    shown = "id -un; id -G; echo $HOME $USER $LOGNAME"
    result = ran(agent_socket, shown, user="games", env={"USER": "me"})
    assert result.stdout == "games\n60\n/usr/games me games\n"
    assert ran(agent_socket, "pwd", user="games", cwd="~").stdout == "/usr/games\n"
    words = ["printf", "%s|", "it's", "a b", "$x", ""]
    assert ran(agent_socket, words, user="games").stdout == "it's|a b|$x||"


def test_a_user_who_is_not_there_runs_nothing(agent_socket: Path) -> None:
    with pytest.raises(GuestError, match=r"nothing was run: there is no user nobody\.here"):
        ran(agent_socket, "true", user="nobody.here")


@AS_ROOT
def test_what_another_user_runs_is_killed_too(agent_socket: Path) -> None:
    with pytest.raises(CommandTimeoutError, match="was killed"):
        ran(agent_socket, "sleep 98767.1 & sleep 98767.1", timeout_s=1, user="games")
    assert not running("98767.1")


def test_output_comes_while_the_command_runs(agent_socket: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "go on"
    os.mkfifo(fifo)
    seen = bytearray()

    async def write(stream: int, data: bytes) -> None:
        seen.extend(data)
        if seen == b"first\n":  # it cannot end before we have seen this
            await asyncio.to_thread(fifo.write_text, "go\n")

    result = ran(agent_socket, ["sh", "-c", 'echo first; cat "$0"', str(fifo)], write=write)
    assert bytes(seen) == result.stdout_bytes == b"first\ngo\n"
    assert repr(result) == "[exit code 0]"


def test_live_output_is_whole_however_large(agent_socket: Path) -> None:
    command = f"head -c {40 * MIB} /dev/zero; echo end >&2; exit 5"
    result = ran(agent_socket, command, write=unseen)
    assert hashlib.sha256(result.stdout_bytes).digest() == hashlib.sha256(bytes(40 * MIB)).digest()
    assert (result.stderr, result.exit_code) == ("end\n", 5)


def test_input_beyond_one_request_is_whole(agent_socket: Path) -> None:
    data = os.urandom(20 * MIB)
    result = ran(agent_socket, "sha256sum", stdin=data)
    assert result.stdout.split()[0] == hashlib.sha256(data).hexdigest()


def files_of_ours() -> set[str]:
    return {path.name for root in ("/var/tmp", "/tmp") for path in Path(root).glob("vmnb.*")}


def test_a_live_command_that_takes_too_long_is_killed_and_leaves_no_file(
    agent_socket: Path,
) -> None:
    before = files_of_ours()
    with pytest.raises(CommandTimeoutError, match="was killed") as caught:
        ran(agent_socket, "echo begun; sleep 98767.2 & sleep 98767.2", timeout_s=2, write=unseen)
    assert caught.value.result.stdout == "begun\n"
    assert not running("98767.2")
    assert files_of_ours() <= before


def test_a_sink_that_fails_ends_the_command(agent_socket: Path) -> None:
    async def broken(stream: int, data: bytes) -> None:
        raise BrokenPipeError("nobody reads")

    began = time.monotonic()
    with pytest.raises(BrokenPipeError):
        ran(agent_socket, "echo begun; exec sleep 98767.3", write=broken)
    assert not running("98767.3")
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    "options",
    [
        {"env": {"a b": "x"}},
        {"env": {"": "x"}},
        {"env": {"A": "a\0b"}},
        {"env": {"A": 1}},
        {"env": ["A=1"]},
        {"cwd": "relative"},
        {"cwd": ""},
        {"cwd": "~other/x"},
        {"cwd": 7},
        {"user": ""},
        {"user": "a b"},
        {"user": "-u"},
        {"stdin": 7},
    ],
)
def test_what_cannot_be_given_to_a_command_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(SpecError):
        Command.of("true", **options)


def test_a_secret_in_the_environment_is_not_told(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        Command.of("true", env={"PASSWORD": "geheim\0"})
    assert "geheim" not in str(caught.value)


def test_a_word_that_no_system_takes_is_refused() -> None:
    with pytest.raises(SpecError, match="shell_script") as caught:
        Command.of("x" * (200 * 1024))
    assert len(str(caught.value)) < 300
