"""The command ``console``: this terminal becomes that of a guest's serial port."""

import argparse
import asyncio
import os
import sys
from typing import TYPE_CHECKING, Any

from vmnb.cli.commands import add_command, add_name
from vmnb.cli.terminal import fresh_screen, raw_terminal, write_all
from vmnb.cli.which import machine_named
from vmnb.console import Console
from vmnb.console.fence import Fence
from vmnb.core import runtime
from vmnb.core.errors import BusyError, CapabilityError, SpecError, StateError
from vmnb.core.hypervisor import ConsoleEndpoint, NoConsole, UnixConsole
from vmnb.core.sockets import is_served
from vmnb.core.state import LIVE

if TYPE_CHECKING:
    from vmnb.cli.commands import Commands

__all__ = ["add_to"]

_LEAVE = b"\x1d"
_VIEW = "terminal"
_CHUNK = 4096
_BELL = b"\a"
_RESET = b"\x1bc"
_HINT = "Ctrl-] leaves this console"


def add_to(commands: "Commands") -> None:
    """Add the command ``console``."""
    parser = add_command(commands, "console", _console, "type on a guest's serial port")
    add_name(parser)


def _console(arguments: argparse.Namespace) -> int:
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        raise SpecError("a console needs a terminal", hint="vmnb log shows what it said")
    endpoint = runtime.run(_endpoint(arguments.name))
    runtime.shutdown()  # QEMU serves few processes, and this one needs the console alone
    with raw_terminal(sys.stdin.fileno(), sys.stdout.fileno()):
        reason = runtime.run(_converse(endpoint))
    print(f"[{reason}]")
    return 0


async def _endpoint(name: str) -> ConsoleEndpoint:
    """Return where the console is, if it can be had now."""
    machine = await machine_named(name)
    endpoint, state = machine.console_endpoint, await machine.state()
    if isinstance(endpoint, NoConsole):
        raise CapabilityError(
            f"{machine.name!r} has no console on the {machine.handle.backend} backend",
            hint="choose a backend with a console",
        )
    if state not in LIVE:
        raise StateError(f"cannot reach the console: {machine.name!r} is {state}", hint="start it")
    if isinstance(endpoint, UnixConsole) and await asyncio.to_thread(is_served, endpoint.path):
        raise BusyError(
            f"another process shows the console of {machine.name!r}, and only one can at a time",
            hint="close it there: a notebook lets go when its kernel ends; vmnb log shows what "
            "it said",
        )
    await machine.touch()
    return endpoint


async def _converse(endpoint: ConsoleEndpoint) -> str:
    """Let this terminal be the console's until one of them ends it; return why."""
    return await _Conversation(endpoint).hold()


class _Conversation:
    """Between this terminal and a guest; lives on the background loop."""

    def __init__(self, endpoint: ConsoleEndpoint) -> None:
        self._console = Console(endpoint)
        self._fence = Fence()
        self._stdin, self._stdout = sys.stdin.fileno(), sys.stdout.fileno()
        # What to write and the position after it, at last why it is over. No more waits in it than
        # the console sends to a view that has not acknowledged it.
        self._output: asyncio.Queue[tuple[bytes, int] | str] = asyncio.Queue()
        self._left = asyncio.Event()

    async def hold(self) -> str:
        """Return why it ended."""
        loop = asyncio.get_running_loop()
        await self._console.open()
        self._console.hello(_VIEW, None, self._take)
        loop.add_reader(self._stdin, self._type)
        writing, leaving = loop.create_task(self._write()), loop.create_task(self._left.wait())
        try:
            await asyncio.wait((writing, leaving), return_when=asyncio.FIRST_COMPLETED)
            return writing.result() if writing.done() else "left; the VM goes on"
        finally:
            loop.remove_reader(self._stdin)
            writing.cancel()
            leaving.cancel()
            await asyncio.gather(writing, leaving, return_exceptions=True)
            await self._console.aclose()

    def _take(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        """Take what the console says."""
        data = b"".join(buffers)
        match message["kind"]:
            case "restore":
                fresh = fresh_screen(self._stdout, message["rows"], _HINT)
                self._fence = Fence()
                screen = self._fence.let(data.removeprefix(_RESET))
                self._output.put_nowait((fresh + screen, message["seq"]))
            case "output":
                self._output.put_nowait((self._fence.let(data), message["seq"] + len(data)))
            case "closed":
                self._output.put_nowait(str(message["reason"]))

    async def _write(self) -> str:
        while not isinstance(said := await self._output.get(), str):
            data, position = said
            await asyncio.to_thread(write_all, self._stdout, data)
            self._console.ack(_VIEW, position)
        return said

    def _type(self) -> None:
        """Let the guest have what was typed."""
        try:
            data = os.read(self._stdin, _CHUNK)
        except OSError:
            data = b""
        typed, leave, _ = data.partition(_LEAVE)
        try:
            if typed:
                self._console.input(typed)
        except BusyError:  # it takes nothing, and enough waits for it already
            self._output.put_nowait((_BELL, 0))
        except StateError as error:
            self._output.put_nowait(error.message)
        if leave or not data:
            self._left.set()
