"""Commands over a real SSH connection, and the server's key that is known again."""

import asyncio
import socket
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from vmnb.core.errors import DeadlineError, GuestError, SpecError
from vmnb.guest import Command, CommandTimeoutError, RunResult, SshWay, run

from .ssh_server import Server, serving
from .test_run import running

MIB = 1024 * 1024


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def entered(server: Server, act: Callable[[SshWay], Awaitable[Any]]) -> Any:
    """Serve, and act by a way of its own."""

    async def scenario() -> Any:
        async with serving(server):
            way = SshWay(server.login)
            try:
                return await act(way)
            finally:
                await way.aclose()

    return asyncio.run(scenario())


def ran(server: Server, command: Any, timeout_s: float = 60, **options: Any) -> RunResult:
    made = Command.of(command, **options)
    result = entered(server, lambda way: run(way, made, timeout_s=timeout_s))
    assert isinstance(result, RunResult)
    return result


def test_a_command_has_its_output_exit_code_and_directory(server: Server) -> None:
    result = ran(server, "echo out; echo err >&2; pwd; exit 3")
    assert (result.stdout, result.stderr, result.exit_code) == ("out\n/\n", "err\n", 3)
    assert result.via == "ssh"


def test_a_signal_is_told(server: Server) -> None:
    result = ran(server, "kill -9 $$")
    assert (result.exit_code, result.signal) == (None, 9)


def test_input_and_output_are_whole_and_need_not_be_text(server: Server) -> None:
    data = bytes(range(256)) * (4 * MIB // 256)
    result = ran(server, "tee /dev/stderr", stdin=data)
    assert result.stdout_bytes == data
    assert result.stderr_bytes == data


def test_a_command_may_leave_its_input(server: Server) -> None:
    assert ran(server, "exec true", stdin=bytes(8 * MIB)).ok


def test_quotes_and_lines_arrive_as_they_are(server: Server) -> None:
    words = ["printf", "%s|", "it's", 'a "b"', "$HOME", "two\nlines", "größer", ""]
    assert ran(server, words).stdout == 'it\'s|a "b"|$HOME|two\nlines|größer||'
    env = {"A": 'it\'s $HOME\n"x" '}
    assert ran(server, 'printf %s "$A"', env=env, cwd="/usr").stdout == env["A"]


def test_what_takes_too_long_is_killed_with_its_children(server: Server) -> None:
    with pytest.raises(CommandTimeoutError, match="was killed") as caught:
        ran(server, "echo begun; sleep 98766.1 & sleep 98766.1", timeout_s=2)
    assert caught.value.result.stdout == "begun\n"
    assert not running("98766.1")


def test_what_is_cancelled_is_killed(server: Server) -> None:
    async def act(way: SshWay) -> None:
        begun = asyncio.Event()

        async def write(stream: int, data: bytes) -> None:
            begun.set()

        command = Command.of("echo begun; exec sleep 98766.2")
        task = asyncio.create_task(run(way, command, write=write))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not running("98766.2")
        assert (await run(way, Command.of("echo on"))).stdout == "on\n"

    entered(server, act)


def test_many_commands_share_one_connection(server: Server) -> None:
    async def act(way: SshWay) -> list[str]:
        commands = [Command.of(f"echo {number}") for number in range(20)]
        return [r.stdout.strip() for r in await asyncio.gather(*(run(way, c) for c in commands))]

    assert entered(server, act) == [str(number) for number in range(20)]
    assert server.logins == 1


def test_the_servers_key_is_kept_at_the_first_login_for_its_owner_alone(server: Server) -> None:
    ran(server, "true")
    file = server.folder / "ssh" / "known_hosts"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert server.host_key.export_public_key().split()[1] in file.read_bytes()
    assert ran(server, "echo again").ok


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256"])
def test_a_server_with_another_key_is_refused_and_told_nothing(server: Server, kind: str) -> None:
    ran(server, "true")
    server.host_key = asyncssh.generate_private_key(kind)
    logins = server.logins
    with pytest.raises(GuestError, match="another key than at its first login") as caught:
        ran(server, "true")
    assert str(server.folder / "ssh" / "known_hosts") in caught.value.hint
    assert server.logins == logins


def test_a_server_that_is_up_late_is_waited_for(server: Server) -> None:
    async def scenario() -> RunResult:
        async with serving(server):
            pass  # it has a port now
        way = SshWay(server.login)
        waiting = asyncio.create_task(run(way, Command.of("echo late")))
        await asyncio.sleep(0)
        async with serving(server):
            try:
                return await waiting
            finally:
                await way.aclose()

    assert asyncio.run(scenario()).stdout == "late\n"


def test_no_server_is_an_error_in_time(server: Server) -> None:
    async def scenario() -> None:
        async with serving(server):
            pass
        await run(SshWay(server.login), Command.of("true"), timeout_s=0.5)

    with pytest.raises(DeadlineError, match=r"no SSH server of 'web' answered within 0\.5 s"):
        asyncio.run(scenario())


def test_who_is_never_let_in_is_told_so(server: Server) -> None:
    server.lets_in = False
    with pytest.raises(GuestError, match="does not let 'vm' in"):
        ran(server, "true", timeout_s=1)
    assert not (server.folder / "ssh" / "known_hosts").exists()


def test_a_connection_that_ended_is_made_anew(server: Server) -> None:
    async def scenario() -> str:
        way = SshWay(server.login)
        async with serving(server):
            await run(way, Command.of("true"))
        async with serving(server):
            try:
                return (await run(way, Command.of("echo again"))).stdout
            finally:
                await way.aclose()

    assert asyncio.run(scenario()) == "again\n"


def test_a_key_that_cannot_be_read_is_an_error_without_its_words(tmp_path: Path) -> None:
    server = Server(tmp_path)
    (tmp_path / "key").write_text("-----BEGIN secret")
    login = server.login
    object.__setattr__(login, "private_key", tmp_path / "key")
    with pytest.raises(SpecError, match="private key") as caught:
        asyncio.run(run(SshWay(login), Command.of("true")))
    assert "secret" not in str(caught.value)


def test_a_server_that_says_nothing_is_an_error_in_time(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:  # which accepts nobody
        server.port = listener.getsockname()[1]
        way = SshWay(server.login)
        with pytest.raises(DeadlineError, match=r"no SSH server of 'web' answered within 0\.5 s"):
            asyncio.run(run(way, Command.of("true"), timeout_s=0.5))
