"""Run one command in the guest through its agent."""

import asyncio
import base64
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from vmnb.core.errors import AgentError, GuestError, SpecError, VmnbError
from vmnb.core.units import require_seconds
from vmnb.guest.agent import GuestAgent
from vmnb.guest.result import CommandTimeoutError, RunResult, describe

__all__ = ["INPUT_MAX", "OUTPUT_MAX", "RUN_TIMEOUT_S", "run"]

RUN_TIMEOUT_S = 60.0
"""Seconds that a command may take unless it says otherwise."""

OUTPUT_MAX = 16 * 1024 * 1024
"""Most bytes of output in each stream (``GUEST_EXEC_MAX_OUTPUT`` in QEMU's commands-posix)."""

INPUT_MAX = 16 * 1024 * 1024
"""Most bytes of standard input; the agent refuses requests above 64 MiB, in base64 and all."""

_KILL_S = 5.0
_KILL = 'kill -KILL "-$0"'


async def run(
    agent: GuestAgent,
    cmd: str | Sequence[str],
    *,
    timeout_s: float = RUN_TIMEOUT_S,
    check: bool = False,
    input: str | bytes | None = None,  # noqa: A002  # the name that subprocess.run has
) -> RunResult:
    """Run a command in the guest, wait for its end, and return what it left.

    It waits for a guest that still boots. The command has ended when its process has and nothing
    else holds its output open. If it does not end in time, or this coroutine is cancelled, the
    command and everything in its session is killed.

    Parameters
    ----------
    cmd
        Text for the guest's ``/bin/sh -c``, or a program and its arguments.
    timeout_s
        Seconds for everything, the boot included.
    check
        Raise if the command does not end with exit code 0.
    input
        Its standard input, text as UTF-8, at most :data:`INPUT_MAX` bytes; nothing if None.

    Raises
    ------
    SpecError
        `cmd`, `input` or `timeout_s` is not usable; nothing was run.
    StateError
        The VM is not running.
    AgentError
        The agent cannot run the program, or its answers make no sense.
    CommandError
        `check` is set and the command did not end with exit code 0.
    CommandTimeoutError
        It did not end in time and was killed; a kind of ``DeadlineError``.
    DeadlineError
        The guest's agent did not answer in time.
    GuestError
        It wrote more than :data:`OUTPUT_MAX` bytes; nothing is ever cut in silence.
    """
    request = _request(cmd, input)
    require_seconds(timeout_s, "timeout")
    command = cmd if isinstance(cmd, str) else tuple(cmd)
    started = time.monotonic()
    await agent.wait_ready(timeout_s)
    pid = await _spawn(agent, request)
    begun = time.monotonic()
    try:
        async with asyncio.timeout(max(0.0, timeout_s - (begun - started))):
            status = await _end_of(agent, pid, timeout_s)
    except TimeoutError as error:
        status = await _killed(agent, pid)
        raise CommandTimeoutError(_result(command, status, begun), timeout_s) from error
    except asyncio.CancelledError:
        await _killed(agent, pid)
        raise
    result = _result(command, status, begun)
    if status.get("out-truncated") or status.get("err-truncated"):
        raise _too_much(result)
    return result.check() if check else result


def _request(cmd: str | Sequence[str], data: str | bytes | None) -> dict[str, Any]:
    argv, content = _argv(cmd), _content(data)
    # A session of its own, so that the command can be killed with all its children and without
    # the agent, whose process group it would share. The agent's child leads no group: setsid(1)
    # does not fork then, and the exit status is the command's own.
    request: dict[str, Any] = {"path": "setsid", "arg": argv, "capture-output": True}
    return request | ({"input-data": base64.b64encode(content).decode()} if content else {})


def _argv(cmd: str | Sequence[str]) -> list[str]:
    argv = ["/bin/sh", "-c", cmd] if isinstance(cmd, str) else cmd
    if not cmd or not isinstance(argv, list | tuple) or not all(map(_is_text, argv)):
        raise SpecError(
            f"cannot run {cmd!r}: it is neither a text nor a list of texts",
            hint='run("uname -a") or run(["uname", "-a"])',
        )
    return list(argv)


def _content(data: str | bytes | None) -> bytes:
    if not isinstance(data, str | bytes | None):
        raise SpecError(f"the input is {data!r:.80}", hint="give it as text or bytes")
    if isinstance(data, str) and not _is_text(data.replace("\0", "")):
        raise SpecError("the input is text that UTF-8 cannot carry", hint="give it as bytes")
    content = data.encode() if isinstance(data, str) else data or b""
    if len(content) > INPUT_MAX:
        raise SpecError(
            f"the input has {len(content)} bytes; the guest agent takes {INPUT_MAX} at most",
            hint="split it, or give the guest a disk with it",
        )
    return content


def _is_text(word: object) -> bool:
    """Whether `word` can be an argument: text that UTF-8 can carry, without a zero character."""
    if not isinstance(word, str) or "\0" in word:
        return False
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


async def _spawn(agent: GuestAgent, request: dict[str, Any]) -> int:
    spawning = asyncio.ensure_future(agent.call("guest-exec", request))
    try:
        return _pid(await asyncio.shield(spawning))
    except asyncio.CancelledError:
        with suppress(VmnbError):  # without the answer nobody would know which process to kill
            await _killed(agent, _pid(await spawning))
        raise


async def _end_of(agent: GuestAgent, pid: int, timeout_s: float) -> dict[str, Any]:
    # A poll, for the agent tells of a command's end only when it is asked.
    delay_s = 0.005
    while True:
        await asyncio.sleep(delay_s)
        status = await agent.call("guest-exec-status", {"pid": pid}, timeout_s=timeout_s)
        if not isinstance(status, dict):
            raise AgentError(f"the guest agent's status of a command is {status!r:.80}")
        if status.get("exited"):
            return status
        delay_s = min(1.5 * delay_s, 0.25)


async def _killed(agent: GuestAgent, pid: int) -> dict[str, Any]:
    """Kill the command's session and return its last status, empty if the guest is silent."""
    kill = {"path": "/bin/sh", "arg": ["-c", _KILL, str(pid)]}
    try:
        async with asyncio.timeout(_KILL_S):
            killer = _pid(await agent.call("guest-exec", kill))
            await _end_of(agent, killer, _KILL_S)
            return await _end_of(agent, pid, _KILL_S)
    except (TimeoutError, VmnbError):
        return {}


def _pid(answer: Any) -> int:
    pid = answer.get("pid") if isinstance(answer, dict) else None
    if not isinstance(pid, int) or isinstance(pid, bool) or pid < 1:
        raise AgentError(f"the guest agent's answer to guest-exec has no process: {answer!r:.80}")
    return pid


def _result(command: str | tuple[str, ...], status: dict[str, Any], begun: float) -> RunResult:
    return RunResult(
        command=command,
        exit_code=_number(status, "exitcode"),
        signal=_number(status, "signal"),
        stdout_bytes=_output(status, "out-data"),
        stderr_bytes=_output(status, "err-data"),
        duration_s=time.monotonic() - begun,
    )


def _number(status: dict[str, Any], key: str) -> int | None:
    value = status.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise AgentError(f"the guest agent's {key} is {value!r:.80}")
    return value


def _output(status: dict[str, Any], key: str) -> bytes:
    try:
        return base64.b64decode(status.get(key, ""), validate=True)
    except (ValueError, TypeError) as error:
        raise AgentError(f"the guest agent's {key} is not base64") from error


def _too_much(result: RunResult) -> GuestError:
    return GuestError(
        f"{describe(result.command)} wrote more than {OUTPUT_MAX >> 20} MiB, "
        "which is all that the guest agent keeps; the rest is lost",
        hint="write it to a file in the guest ('command >/tmp/out') and read that in parts",
    )
