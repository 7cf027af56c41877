"""Commands typed at the prompt of a real shell on a real terminal."""

import asyncio
import os
import pty
import shutil
import socket
import subprocess
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from vmnb.console import Console
from vmnb.core.errors import DeadlineError, GuestError, SpecError
from vmnb.core.hypervisor import UnixConsole
from vmnb.guest import AgentWay, Command, FirstReady, GuestAgent, RunResult, SerialWay, run

from .peer import Peer
from .test_run import running

Start = Callable[[list[str]], Path]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Start]:
    """Start a program on a terminal, and return the socket of its other end."""
    endings: list[Callable[[], Any]] = []

    def start(argv: list[str]) -> Path:
        path = tmp_path / "console"
        ours, theirs = pty.openpty()
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(1)
        program = subprocess.Popen(
            ["setsid", "--ctty", "env", "PS1=host:~# ", *argv],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd="/",
        )
        os.close(theirs)
        serving = threading.Thread(target=_serve, args=(listener, ours))
        serving.start()
        endings.extend([program.kill, program.wait, serving.join, listener.close])
        endings.append(lambda: os.close(ours))
        return path

    yield start
    for end in endings:
        end()


def _serve(listener: socket.socket, terminal: int) -> None:
    """Join the first client and the terminal, until the terminal's program has ended."""
    client, _ = listener.accept()

    def type_in() -> None:
        with suppress(OSError):
            while data := client.recv(4096):
                os.write(terminal, data)

    typing = threading.Thread(target=type_in)
    typing.start()
    with suppress(OSError):  # a terminal whose other end is closed
        while data := os.read(terminal, 4096):
            client.sendall(data)
    with suppress(OSError):
        client.shutdown(socket.SHUT_RDWR)
    typing.join()
    client.close()


SHELLS = [["/bin/sh", "-i"], ["bash", "--norc", "-i"]]
if shutil.which("busybox"):
    SHELLS.append(["busybox", "sh", "-i"])


def at(path: Path, act: Callable[[Console], Awaitable[Any]]) -> Any:
    async def scenario() -> Any:
        console = Console(UnixConsole(path=path))
        await console.open()
        try:
            return await act(console)
        finally:
            await console.aclose()

    return asyncio.run(scenario())


def ran(path: Path, command: Any, timeout_s: float = 30, **of: Any) -> RunResult:
    made = Command.of(command, **of)
    result = at(path, lambda console: run(_way(console), made, timeout_s=timeout_s))
    assert isinstance(result, RunResult)
    return result


def _way(console: Console, patience_s: float | None = None) -> SerialWay:
    async def same() -> Console:
        return console

    return SerialWay(same, patience_s=patience_s)


@pytest.mark.parametrize("shell", SHELLS, ids=lambda argv: argv[0])
def test_a_command_has_its_output_and_exit_code(terminal: Start, shell: list[str]) -> None:
    data = bytes(range(256)) * 10
    env = {"A": 'it\'s "x" \\ $HOME\nö'}
    command = 'printf %s "$A" >&2; pwd; cat; exit 3'
    result = ran(terminal(shell), command, stdin=data, env=env, cwd="/usr")
    assert result.stdout_bytes == b"/usr\n" + data
    assert (result.stderr, result.exit_code, result.via) == (env["A"], 3, "serial")


def test_what_takes_too_long_is_killed_and_the_shell_is_left_as_it_was(terminal: Start) -> None:
    path = terminal(["/bin/sh", "-i"])

    async def act(console: Console) -> None:
        way = _way(console)
        result = await run(way, Command.of("echo begun; sleep 98768.1"), timeout_s=2)
        raise AssertionError(f"it ended: {result!r}")

    async def then(console: Console) -> None:
        with pytest.raises(DeadlineError, match="was killed"):
            await act(console)
        assert not running("98768.1")
        before = console.position
        await console.write(b"stty -a | grep -o ' echo '\n")
        await console.wait_for(r"\n echo \r\n", 10, since=before)

    at(path, then)


def test_a_question_that_was_cut_off_does_not_disturb_the_next(terminal: Start) -> None:
    async def act(console: Console) -> str:
        way, data = _way(console), bytes(range(256)) * 3500
        with pytest.raises(DeadlineError):
            await run(way, Command.of("cat", stdin=data), timeout_s=1)
        return (await run(way, Command.of("cat", stdin="whole"))).stdout

    assert at(terminal(["/bin/sh", "-i"]), act) == "whole"


def test_two_commands_wait_for_each_other(terminal: Start) -> None:
    async def act(console: Console) -> list[str]:
        way = _way(console)
        both = await asyncio.gather(*(run(way, Command.of(f"echo {n}")) for n in (1, 2)))
        return [result.stdout for result in both]

    assert at(terminal(["/bin/sh", "-i"]), act) == ["1\n", "2\n"]


def test_a_program_that_is_no_shell_is_not_taken_for_one(terminal: Start) -> None:
    with pytest.raises(DeadlineError, match="no shell answered on the serial console"):
        ran(terminal(["cat"]), "true", timeout_s=1)


def test_input_beyond_what_a_serial_line_carries_is_refused(terminal: Start) -> None:
    with pytest.raises(SpecError, match="1 MiB of input at most"):
        ran(terminal(["/bin/sh", "-i"]), "cat", stdin=bytes(2 << 20))


def test_who_is_not_there_is_told(terminal: Start) -> None:
    with pytest.raises(GuestError, match="there is no user nobody2"):
        ran(terminal(["/bin/sh", "-i"]), "true", user="nobody2")


@pytest.mark.parametrize("agent_answers", [False, True])
def test_a_shell_is_taken_where_the_agent_stays_silent(
    terminal: Start, tmp_path: Path, agent_answers: bool
) -> None:
    replies = {"guest-exec": b'{"return": {"pid": 1}}\n'}
    ended = b'{"return": {"exited": true, "exitcode": 0}}\n'

    async def silent(_: dict[str, Any]) -> bytes:
        await asyncio.Event().wait()
        return b""

    async def act(console: Console) -> str:
        agent = GuestAgent(tmp_path / "agent")
        script = (lambda r: replies.get(r["execute"], ended)) if agent_answers else silent
        async with Peer(tmp_path / "agent", script, syncs=not agent_answers):
            way = FirstReady([AgentWay(agent), _way(console, patience_s=0.3)])
            try:
                return (await run(way, Command.of("true"), timeout_s=30)).via
            finally:
                await agent.aclose()

    assert at(terminal(["/bin/sh", "-i"]), act) == ("agent" if agent_answers else "serial")
