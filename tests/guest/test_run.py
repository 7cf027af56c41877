"""Commands run through the distribution's real guest agent."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from vmnb.core.errors import AgentError, DeadlineError, GuestError, SpecError
from vmnb.guest import (
    AgentWay,
    Command,
    CommandError,
    CommandTimeoutError,
    GuestAgent,
    RunResult,
    agent_way,
)
from vmnb.guest import run as run_in_guest

from .peer import Peer

MIB = 1024 * 1024


def run(path: Path, cmd: Any, **options: Any) -> RunResult:
    """Run `cmd` by an agent of its own."""

    async def scenario() -> RunResult:
        agent = GuestAgent(path)
        try:
            stdin = options.pop("input", None)
            command = Command.of(cmd, stdin=stdin)
            return await run_in_guest(AgentWay(agent), command, **options)
        finally:
            await agent.aclose()

    return asyncio.run(scenario())


def running(marker: str) -> bool:
    """Whether a process of this machine has `marker` as an argument."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if marker.encode() in entry.read_bytes().split(b"\0"):
                return True
        except OSError:
            continue
    return False


def test_a_text_is_run_by_the_shell(agent_socket: Path) -> None:
    result = run(agent_socket, "echo out; echo $((6*7)) >&2; exit 3")
    assert (result.stdout, result.stderr, result.exit_code, result.signal) == (
        "out\n",
        "42\n",
        3,
        None,
    )
    assert not result.ok
    assert 0 < result.duration_s < 60


def test_a_list_is_run_as_it_is(agent_socket: Path) -> None:
    assert run(agent_socket, ["printf", "%s|", "a b", "$HOME", "*", ""]).stdout == "a b|$HOME|*||"


def test_a_result_prints_as_on_a_terminal() -> None:
    result = RunResult(command="x", exit_code=0, stdout_bytes=b"out", stderr_bytes=b"err\n")
    assert str(result) == repr(result) == "out\nerr"
    assert repr(RunResult(command="x", exit_code=2)) == "[exit code 2]"


def test_output_need_not_be_text(agent_socket: Path) -> None:
    result = run(agent_socket, r"printf '\377\000a'")
    assert result.stdout_bytes == b"\xff\0a"
    assert result.stdout == "\ufffd\0a"


def test_a_command_that_a_signal_ends_has_no_exit_code(agent_socket: Path) -> None:
    result = run(agent_socket, "kill -9 $$")
    assert (result.exit_code, result.signal) == (None, 9)


def test_input_is_given_whole(agent_socket: Path) -> None:
    data = bytes(range(256)) * 4096
    assert run(agent_socket, "cat", input=data).stdout_bytes == data
    assert run(agent_socket, "cat", input="grüß").stdout == "grüß"
    assert run(agent_socket, "cat").stdout == ""


def test_large_output_is_whole(agent_socket: Path) -> None:
    result = run(agent_socket, f"head -c {15 * MIB} /dev/zero; head -c {MIB} /dev/zero >&2")
    assert result.stdout_bytes == bytes(15 * MIB)
    assert result.stderr_bytes == bytes(MIB)


def test_output_beyond_what_the_agent_keeps_is_never_cut_in_silence(agent_socket: Path) -> None:
    with pytest.raises(GuestError, match="more than 16 MiB"):
        run(agent_socket, f"head -c {17 * MIB} /dev/zero")


def test_a_failed_command_can_raise_with_its_last_words(agent_socket: Path) -> None:
    with pytest.raises(
        CommandError, match=r"(?s)'ls /nowhere' in the guest: exit code 2.*/nowhere"
    ):
        run(agent_socket, "ls /nowhere", check=True)
    with pytest.raises(CommandError) as caught:
        run(agent_socket, ["false"], check=True)
    assert caught.value.result.exit_code == 1


def test_a_program_that_is_not_there_ends_as_in_a_shell(agent_socket: Path) -> None:
    result = run(agent_socket, ["no-such-program"])
    assert result.exit_code == 127
    assert "no-such-program" in result.stderr


def test_a_command_that_takes_too_long_is_killed_with_its_children(agent_socket: Path) -> None:
    with pytest.raises(CommandTimeoutError, match=r"within 0\.3 s and was killed") as caught:
        run(agent_socket, "echo begun; sleep 98765.1 & sleep 98765.1", timeout_s=0.3)
    assert isinstance(caught.value, DeadlineError)
    assert caught.value.result.stdout == "begun\n"
    assert not running("98765.1")


def test_what_goes_on_in_the_background_may_if_it_lets_go_of_the_output(agent_socket: Path) -> None:
    result = run(agent_socket, "sleep 98765.2 >/dev/null 2>&1 & echo $!")
    subprocess.run(["kill", result.stdout.strip()], check=True)


def test_a_command_that_is_cancelled_is_killed_and_the_agent_works_on(agent_socket: Path) -> None:
    async def scenario() -> None:
        agent = GuestAgent(agent_socket)
        command = asyncio.create_task(
            run_in_guest(AgentWay(agent), Command.of(["sleep", "98765.3"]))
        )
        while not running("98765.3"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        command.cancel()
        with pytest.raises(asyncio.CancelledError):
            await command
        assert not running("98765.3")
        assert (await run_in_guest(AgentWay(agent), Command.of("echo on"))).stdout == "on\n"
        await agent.aclose()

    asyncio.run(scenario())


def test_two_commands_run_at_the_same_time(agent_socket: Path, tmp_path: Path) -> None:
    async def scenario() -> str:
        agent = GuestAgent(agent_socket)
        fifo = tmp_path / "fifo"
        await run_in_guest(AgentWay(agent), Command.of(["mkfifo", str(fifo)]))
        reader, _ = await asyncio.gather(
            run_in_guest(AgentWay(agent), Command.of(["cat", str(fifo)])),
            run_in_guest(AgentWay(agent), Command.of(f"echo met >{fifo}")),
        )
        await agent.aclose()
        return reader.stdout

    assert asyncio.run(scenario()) == "met\n"


@pytest.mark.parametrize("cmd", ["", [], ["a", 1], b"a", "a\0b", "a\ud800", 7])
def test_a_command_that_cannot_be_one_is_refused_at_once(tmp_path: Path, cmd: Any) -> None:
    with pytest.raises(SpecError):
        run(tmp_path / "nothing", cmd)


@pytest.mark.parametrize("data", [7, "\ud800"])
def test_input_that_cannot_be_given_is_refused_at_once(tmp_path: Path, data: Any) -> None:
    with pytest.raises(SpecError, match="input"):
        run(tmp_path / "nothing", "cat", input=data)


@pytest.mark.parametrize(
    "answers",
    [
        [{"pid": "1"}],
        [{"pid": True}],
        [7],
        [{"pid": 1}, 7],
        [{"pid": 1}, {"exited": True, "exitcode": "0"}],
        [{"pid": 1}, {"exited": True, "exitcode": 0, "out-data": "?"}],
        [{"pid": 1}, {"exited": True, "exitcode": 0, "out-data": 7}],
    ],
)
def test_what_makes_no_sense_is_an_error(tmp_path: Path, answers: list[Any]) -> None:
    given = iter(answers)

    async def scenario() -> None:
        agent = GuestAgent(tmp_path / "a")
        script = lambda _: json.dumps({"return": next(given)}).encode() + b"\n"  # noqa: E731
        async with Peer(tmp_path / "a", script):
            try:
                await run_in_guest(AgentWay(agent), Command.of("true"))
            finally:
                await agent.aclose()

    with pytest.raises(AgentError):
        asyncio.run(scenario())


def test_a_small_command_costs_three_requests(tmp_path: Path) -> None:
    answers = {"guest-exec": {"pid": 1}, "guest-exec-status": {"exited": True, "exitcode": 0}}

    async def scenario() -> list[str]:
        agent = GuestAgent(tmp_path / "a")
        script = lambda r: json.dumps({"return": answers[r["execute"]]}).encode() + b"\n"  # noqa: E731
        async with Peer(tmp_path / "a", script) as peer:
            await run_in_guest(AgentWay(agent), Command.of("true"))
            await agent.aclose()
        return peer.requests

    requests = asyncio.run(scenario())
    assert requests == ["guest-sync-delimited", "guest-exec", "guest-exec-status"]


def test_where_a_status_is_lost_with_a_guest_that_restarts_it_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_way, "_ANSWER_S", 0.05)
    said = {
        "guest-exec": iter([b'{"return": {"pid": 1}}\n']),
        "guest-exec-status": iter([b"", b'{"error": {"desc": "PID 1 does not exist"}}\n']),
    }

    async def scenario() -> list[str]:
        agent = GuestAgent(tmp_path / "a")
        async with Peer(tmp_path / "a", lambda request: next(said[request["execute"]])) as peer:
            with pytest.raises(AgentError, match="does not exist"):
                await run_in_guest(AgentWay(agent), Command.of("true"), timeout_s=30)
            await agent.aclose()
        return peer.requests

    asked = [request for request in asyncio.run(scenario()) if "sync" not in request]
    assert asked == ["guest-exec", "guest-exec-status", "guest-exec-status"]
