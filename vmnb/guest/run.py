"""Run one command in the guest, by whichever way."""

import time
from collections.abc import Mapping

from vmnb.core.errors import GuestError
from vmnb.core.units import require_seconds
from vmnb.guest.command import Command
from vmnb.guest.result import CommandTimeoutError, RunResult, describe
from vmnb.guest.way import End, Sink, Way
from vmnb.guest.wrapper import raise_trouble

__all__ = ["RUN_TIMEOUT_S", "run"]

OUTPUT_MAX = 1024 * 1024 * 1024
"""Most bytes of output in each stream that are taken into memory, by any way."""

RUN_TIMEOUT_S = 60.0
"""Seconds that a command may take unless it says otherwise."""


async def run(
    way: Way,
    command: Command,
    *,
    timeout_s: float = RUN_TIMEOUT_S,
    check: bool = False,
    write: Sink | None = None,
) -> RunResult:
    """Run a command in the guest, wait for its end, and return what it left.

    It waits for a guest that still boots. If the command does not end in time, or this coroutine
    is cancelled, the command is killed with its children.

    Parameters
    ----------
    timeout_s
        Seconds for everything, the boot included.
    check
        Raise if the command does not end with exit code 0.
    write
        Gets the output as it comes.

    Raises
    ------
    SpecError
        `timeout_s` is no time, or the way does not take so long a command or input.
    StateError
        The VM is not running.
    CommandError
        `check` is set and the command did not end with exit code 0.
    CommandTimeoutError
        It did not end in time and was killed; a kind of ``DeadlineError``.
    DeadlineError
        The way into the guest was not ready in time.
    GuestError
        The user or the directory is not there, or the way lost something of the output.
    """
    require_seconds(timeout_s, "timeout")
    started = time.monotonic()
    await way.wait_ready(timeout_s)
    begun = time.monotonic()
    said = {1: bytearray(), 2: bytearray()}

    async def sink(stream: int, data: bytes) -> None:
        said[stream] += data
        if len(said[stream]) > OUTPUT_MAX:
            raise GuestError(
                f"{describe(command.asked)} wrote more than {OUTPUT_MAX >> 30} GiB and was killed",
                hint="let it write to a file in the guest, and fetch that with vm.copy_out",
            )
        if write is not None:
            await write(stream, data)

    left_s = max(0.0, timeout_s - (begun - started))
    end = await way.perform(command, timeout_s=left_s, sink=sink, live=write is not None)
    result = _result(way, command, end, said, begun, shown=write is not None)
    if not end.in_time:
        raise CommandTimeoutError(result, timeout_s)
    raise_trouble(result)
    return result.check() if check else result


def _result(
    way: Way,
    command: Command,
    end: End,
    said: Mapping[int, bytearray],
    begun: float,
    *,
    shown: bool,
) -> RunResult:
    return RunResult(
        command=command.asked,
        exit_code=end.exit_code,
        signal=end.signal,
        stdout_bytes=bytes(said[1]),
        stderr_bytes=bytes(said[2]),
        duration_s=time.monotonic() - begun,
        via=way.via,
        shown=shown,
    )
