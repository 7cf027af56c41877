"""The command ``run``: a command in a guest, with its output as it comes and its exit code."""

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING, BinaryIO

from vmnb.cli.commands import add_command, add_json, add_name
from vmnb.cli.json_text import print_json
from vmnb.cli.which import machine_named
from vmnb.core import runtime
from vmnb.guest import RUN_TIMEOUT_S, Command, CommandTimeoutError, LiveText, RunResult

if TYPE_CHECKING:
    from vmnb.cli.commands import Commands

__all__ = ["add_to"]

_SIGNAL = 128


def add_to(commands: "Commands") -> None:
    """Add the command ``run``."""
    parser = add_command(commands, "run", _run, "run a command in a guest, and end as it does")
    add_name(parser)
    parser.add_argument("--as", dest="user", metavar="USER", help="who runs it; by default root")
    parser.add_argument(
        "--timeout",
        type=float,
        default=RUN_TIMEOUT_S,
        metavar="S",
        help="seconds for all of it, after which it is killed, waiting for a guest that still "
        f"boots included; by default {RUN_TIMEOUT_S:g}",
    )
    add_json(parser)
    parser.usage = "vmnb run [-h] [--as USER] [--timeout S] [--json] NAME -- COMMAND [ARGUMENT …]"
    parser.epilog = (
        "One word after -- is text for the guest's shell; several are a program and its arguments. "
        "It reads nothing. Where the output is no terminal it is passed on as it is."
    )
    parser.set_defaults(command=[], wrong_usage=parser.error)


def _run(arguments: argparse.Namespace) -> int:
    words: list[str] = arguments.command
    if not words:
        arguments.wrong_usage("there is no command after --")
    command = Command.of(words[0] if len(words) == 1 else words, user=arguments.user)
    output = None if arguments.json else _Output()
    try:
        result = runtime.run(_result(arguments.name, command, arguments.timeout, output))
    except CommandTimeoutError as error:
        if arguments.json:  # what it wrote until then
            print_json(_facts(arguments.name, error.result))
        raise
    if arguments.json:
        print_json(_facts(arguments.name, result))
    return result.exit_code if result.exit_code is not None else _SIGNAL + (result.signal or 0)


async def _result(
    name: str, command: Command, timeout_s: float, output: "_Output | None"
) -> RunResult:
    from vmnb.notebook.live.live import Live

    live = await Live.of(await machine_named(name))
    if output is None:
        return await live.run(command, timeout_s=timeout_s)
    try:
        return await live.run(command, timeout_s=timeout_s, write=output.write)
    finally:
        await output.close()


def _facts(name: str, result: RunResult) -> dict[str, object]:
    return {
        "name": name,
        "command": result.command,
        "exit_code": result.exit_code,
        "signal": result.signal,
        "stdout": result.stdout,
        "stderr": result.stderr,
        "duration_s": round(result.duration_s, 6),
        "via": result.via,
    }


class _Output:
    """Both streams; on a terminal, nothing that a guest writes has an effect but colours."""

    def __init__(self) -> None:
        streams = {1: sys.stdout, 2: sys.stderr}
        self._files = {number: stream.buffer for number, stream in streams.items()}
        self._texts = {number: LiveText() for number in streams if streams[number].isatty()}

    async def write(self, stream: int, data: bytes) -> None:
        """Pass on what comes; whoever reads it slowly is waited for."""
        if stream in self._texts:
            data = self._texts[stream].feed(data).encode()
        await asyncio.to_thread(_write, self._files[stream], data)

    async def close(self) -> None:
        """Pass on what waited for a rest that does not come."""
        for stream, text in self._texts.items():
            rest = text.feed(b"", last=True).encode()
            await asyncio.to_thread(_write, self._files[stream], rest)


def _write(file: BinaryIO, data: bytes) -> None:
    file.write(data)
    file.flush()
