"""Agent and console of a real guest that boots."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.bench.bare_boot import bare_argv, make_overlay, qemu
from vmnb.console import Console
from vmnb.core.hypervisor import UnixConsole
from vmnb.guest import AgentWay, Command, CommandTimeoutError, GuestAgent, run
from vmnb.images import resolve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

Act = Callable[[GuestAgent, Console], Awaitable[None]]


@pytest.fixture
def in_guest(
    image_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Act], None]:
    """Boot the tiny guest and act in it, from its first instant on."""
    monkeypatch.setenv("VMNB_CACHE", str(image_cache))

    async def booted(act: Act) -> None:
        image, disk = await resolve("tiny"), tmp_path / "disk.qcow2"
        await make_overlay(image, disk)
        endpoint = UnixConsole(path=tmp_path / "console", log=tmp_path / "console.log")
        argv = bare_argv(image, disk, tmp_path)
        plain = next(word for word in argv if word.startswith("socket,id=console"))
        argv[argv.index(plain)] = f"{plain},logfile={endpoint.log},logappend=on"
        async with qemu(argv, tmp_path):
            agent, console = GuestAgent(tmp_path / "agent"), Console(endpoint)
            await console.open()
            try:
                await act(agent, console)
            finally:
                await agent.aclose()
                await console.aclose()

    return lambda act: asyncio.run(booted(act))


def test_a_command_waits_for_the_boot_and_one_that_takes_too_long_is_killed(
    in_guest: Callable[[Act], None],
) -> None:
    async def act(agent: GuestAgent, console: Console) -> None:
        assert (await run(AgentWay(agent), Command.of("uname"), timeout_s=120)).stdout == "Linux\n"
        with pytest.raises(CommandTimeoutError, match="was killed"):
            await run(AgentWay(agent), Command.of("sleep 1000 & sleep 1000"), timeout_s=1)
        left = await run(
            AgentWay(agent), Command.of("grep -l sleep /proc/[0-9]*/comm"), timeout_s=60
        )
        assert left.stdout == ""

    in_guest(act)


def test_the_console_shows_a_shell_and_a_full_screen_program(
    in_guest: Callable[[Act], None],
) -> None:
    async def act(agent: GuestAgent, console: Console) -> None:
        await console.wait_for("root@tiny:~# ", 120)
        await console.write(b"echo $((6*7))\n")
        await console.wait_for("42\r\n", 60)
        await console.write(b"vi /etc/passwd\n")
        await console.wait_for(r"- /etc/passwd 1/\d+", 60)
        _, screen = await console.restore()
        assert b"\x1b[?1047h" in screen  # the alternate one; the cursor is saved by itself
        await console.write(b":q!\n")
        await console.wait_for(r"\x1b\[\?1049l", 60)
        assert "~" not in (await text_of(console)).splitlines()

    async def text_of(console: Console) -> str:
        await console.restore()
        return console.text()

    in_guest(act)
