"""The way into the guest by its agent."""

import asyncio
import base64
from contextlib import suppress
from functools import partial
from typing import Any

from vmnb.core.errors import AgentError, DeadlineError, GuestError, VmnbError
from vmnb.guest.agent import GuestAgent
from vmnb.guest.command import Command
from vmnb.guest.keep import REDIRECT, follow, kept
from vmnb.guest.result import describe, inert
from vmnb.guest.way import End, Sink, Via
from vmnb.guest.wrapper import wrapped

__all__ = ["INPUT_MAX", "OUTPUT_MAX", "AgentWay"]

OUTPUT_MAX = 16 * 1024 * 1024
"""Most bytes of output in each stream (``GUEST_EXEC_MAX_OUTPUT`` in QEMU's commands-posix)."""

INPUT_MAX = 16 * 1024 * 1024
"""Most bytes of input in one request; the agent refuses those above 64 MiB, in base64 and all."""

_PIECE = 4 * 1024 * 1024
_CALL_S = 60.0
_ANSWER_S = 5.0
"""So long is waited for a status before it is asked for again; the next time twice as long."""
_KILL_S = 5.0
_PIDS = 1 << 63
_NUMBERS = 1 << 32
"""Above all that a system has for the end of a process."""
_KILL = 'kill -KILL "-$0"'


class AgentWay:
    """Runs commands by the guest agent, as root.

    What is not `live` costs three requests, and ends when the command has ended and nothing else
    holds its output open. What is `live`, or has more input than :data:`INPUT_MAX`, goes through
    files in the guest.
    """

    via = Via.AGENT

    def __init__(self, agent: GuestAgent) -> None:
        self._agent = agent

    async def wait_ready(self, timeout_s: float) -> None:
        """Wait until the agent answers; see :meth:`GuestAgent.wait_ready`."""
        await self._agent.wait_ready(timeout_s)

    async def aclose(self) -> None:
        """Let go of the agent's socket."""
        await self._agent.aclose()

    async def perform(
        self, command: Command, *, timeout_s: float, sink: Sink, live: bool = False
    ) -> End:
        """Carry out `command`; see :class:`~vmnb.guest.way.Way`.

        Raises
        ------
        AgentError
            The agent's answers make no sense.
        GuestError
            It is not `live` and wrote more than :data:`OUTPUT_MAX` bytes.
        """
        stdin = command.stdin
        if not live and isinstance(stdin, bytes) and len(stdin) <= INPUT_MAX:
            return await self._quick(command, stdin, timeout_s, sink)
        return await self._kept(command, timeout_s, sink)

    async def _quick(self, command: Command, stdin: bytes, timeout_s: float, sink: Sink) -> End:
        pid = await self._spawn(wrapped(command), stdin, timeout_s=_step_s(timeout_s))
        try:
            async with asyncio.timeout(timeout_s):
                status, in_time = await self._end_of(pid, timeout_s), True
        except TimeoutError:
            status, in_time = await self._killed(pid), False
        except asyncio.CancelledError:
            await self._killed(pid)
            raise
        await sink(1, _output(status, "out-data"))
        await sink(2, _output(status, "err-data"))
        if in_time and (status.get("out-truncated") or status.get("err-truncated")):
            raise _too_much(command)
        return _end(status, in_time=in_time)

    async def _kept(self, command: Command, timeout_s: float, sink: Sink) -> End:
        pid, step_s = None, _step_s(timeout_s)
        async with kept(partial(self._ask, step_s), _PIECE) as keep:
            try:
                async with asyncio.timeout(timeout_s):
                    await keep.fill(command.stdin)
                    argv = ["/bin/sh", "-c", REDIRECT, "vmnb", keep.directory, *wrapped(command)]
                    pid = await self._spawn(argv)
                    return await follow(keep, partial(self._look, pid), sink)
            except TimeoutError:
                status = await self._killed(pid) if pid else {}
                with suppress(TimeoutError):
                    async with asyncio.timeout(step_s):  # a guest may always have more to say
                        while status and await keep.read(sink):
                            pass
                return _end(status, in_time=False)
            except BaseException:
                if pid:
                    await self._killed(pid)
                raise

    async def _look(self, pid: int) -> End | None:
        status = await self._status(pid, _CALL_S)
        return _end(status) if status.get("exited") else None

    async def _ask(
        self, timeout_s: float, script: str, *arguments: str, stdin: bytes = b""
    ) -> tuple[bytes, bytes]:
        try:
            async with asyncio.timeout(timeout_s):
                pid = await self._spawn(["/bin/sh", "-c", script, "vmnb", *arguments], stdin)
                status = await self._end_of(pid, timeout_s)
        except TimeoutError as error:
            raise DeadlineError(
                f"a step inside the guest did not end within {timeout_s:g} s",
                hint="the guest may be busy or suspended; allow more time with timeout",
            ) from error
        out, err = _output(status, "out-data"), _output(status, "err-data")
        if status.get("exitcode") != 0:
            said = inert(err.decode(errors="replace")).strip()[-500:]
            raise GuestError(f"a step inside the guest failed: {said or 'no words of why'}")
        return out, err

    async def _spawn(
        self, argv: list[str], stdin: bytes = b"", *, timeout_s: float = _CALL_S
    ) -> int:
        # A session of its own, so that the command can be killed with all its children and without
        # the agent, whose process group it would share. The agent's child leads no group: setsid(1)
        # does not fork then, and the exit status is the command's own.
        request: dict[str, Any] = {"path": "setsid", "arg": argv, "capture-output": True}
        if stdin:
            request["input-data"] = base64.b64encode(stdin).decode()
        call = self._agent.call("guest-exec", request, timeout_s=timeout_s)
        spawning = asyncio.ensure_future(call)
        try:
            return _pid(await asyncio.shield(spawning))
        except asyncio.CancelledError:
            with suppress(VmnbError, TimeoutError):
                async with asyncio.timeout(_KILL_S):  # nobody else would know what to kill
                    pid = _pid(await spawning)
                await self._killed(pid)
            raise

    async def _end_of(self, pid: int, timeout_s: float) -> dict[str, Any]:
        """Return the command's last status; to be called within a time-out of one's own."""
        # A poll, for the agent tells of a command's end only when it is asked.
        delay_s, answer_s = 0.005, _ANSWER_S
        while True:
            await asyncio.sleep(delay_s)
            try:
                status = await self._status(pid, min(timeout_s, answer_s))
            except DeadlineError:  # a guest that restarted just then will never answer that one
                answer_s *= 2
                continue
            if status.get("exited"):
                return status
            delay_s = min(1.2 * delay_s, 0.25)

    async def _status(self, pid: int, timeout_s: float) -> dict[str, Any]:
        status = await self._agent.call("guest-exec-status", {"pid": pid}, timeout_s=timeout_s)
        if not isinstance(status, dict):
            raise AgentError(f"the guest agent's status of a command is {status!r:.80}")
        return status

    async def _killed(self, pid: int) -> dict[str, Any]:
        """Kill the command's group and return its last status, empty if the guest is silent."""
        kill = {"path": "/bin/sh", "arg": ["-c", _KILL, str(pid)]}
        try:
            async with asyncio.timeout(_KILL_S):
                killer = _pid(await self._agent.call("guest-exec", kill))
                await self._end_of(killer, _KILL_S)
                return await self._end_of(pid, _KILL_S)
        except (TimeoutError, VmnbError):
            return {}


def _step_s(timeout_s: float) -> float:
    """Return how long a guest is given for each step around a command that may take so long."""
    return min(_CALL_S, timeout_s + _KILL_S)


def _pid(answer: Any) -> int:
    pid = answer.get("pid") if isinstance(answer, dict) else None
    if not isinstance(pid, int) or isinstance(pid, bool) or not 1 <= pid < _PIDS:
        raise AgentError(f"the guest agent's answer to guest-exec has no process: {answer!r:.80}")
    return pid


def _end(status: dict[str, Any], *, in_time: bool = True) -> End:
    return End(
        exit_code=_number(status, "exitcode"), signal=_number(status, "signal"), in_time=in_time
    )


def _number(status: dict[str, Any], key: str) -> int | None:
    value = status.get(key)
    sound = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _NUMBERS
    if value is not None and not sound:
        raise AgentError(f"the guest agent's {key} is {value!r:.80}")
    return value


def _output(status: dict[str, Any], key: str) -> bytes:
    try:
        return base64.b64decode(status.get(key, ""), validate=True)
    except (ValueError, TypeError) as error:
        raise AgentError(f"the guest agent's {key} is not base64") from error


def _too_much(command: Command) -> GuestError:
    return GuestError(
        f"{describe(command.asked)} wrote more than {OUTPUT_MAX >> 20} MiB, "
        "which is all that the guest agent keeps; the rest is lost",
        hint='run it with stream=True, or via="ssh" where the VM has ssh=True: both have all of '
        "it; or write it to a file in the guest and fetch that with vm.copy_out",
    )
