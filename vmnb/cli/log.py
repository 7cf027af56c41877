"""The command ``log``: what a serial console said, also while nobody looked."""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase, BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, cast

from vmnb.cli.commands import add_command, add_name
from vmnb.cli.which import machine_named
from vmnb.core import runtime
from vmnb.core.errors import CapabilityError
from vmnb.core.hypervisor import UnixConsole
from vmnb.guest import LiveText

if TYPE_CHECKING:
    from vmnb.cli.commands import Commands

__all__ = ["add_to"]

_CHUNK = 64 * 1024


def add_to(commands: "Commands") -> None:
    """Add the command ``log``."""
    parser = add_command(commands, "log", _log, "show all that a serial console ever said")
    add_name(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="go on with what it says next")
    parser.add_argument(
        "--raw", action="store_true", help="with all that moves or changes a terminal"
    )


def _log(arguments: argparse.Namespace) -> int:
    path = runtime.run(_path(arguments.name))
    runtime.shutdown()  # QEMU serves few processes, and this one needs the file alone
    stream = LiveText()
    with _opened(path, follow=arguments.follow) as file:
        while data := file.read1(_CHUNK):
            _write(data if arguments.raw else stream.feed(data).encode())
    _write(stream.feed(b"", last=True).encode())
    return 0


async def _path(name: str) -> Path:
    endpoint = (machine := await machine_named(name)).console_endpoint
    if not isinstance(endpoint, UnixConsole) or endpoint.log is None:
        raise CapabilityError(
            f"the console of {machine.name!r} has no log",
            hint=f"the {machine.handle.backend} backend keeps none",
        )
    return endpoint.log


@contextmanager
def _opened(path: Path, *, follow: bool) -> Iterator[BufferedIOBase]:
    if not follow:
        # One that never ran has said nothing.
        with path.open("rb") if path.exists() else BytesIO() as file:
            yield file
        return
    # Python's library has no events for a file that grows; tail has.
    argv = ["tail", "-c", "+1", "-F", str(path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as tail:
        assert tail.stdout is not None  # noqa: S101 - it is a pipe
        try:
            yield cast("BufferedIOBase", tail.stdout)
        finally:
            tail.terminate()


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
