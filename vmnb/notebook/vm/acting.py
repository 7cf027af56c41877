"""Acting inside the guest: the part of a VM that runs commands."""

import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any

from vmnb.core import runtime
from vmnb.guest import RUN_TIMEOUT_S, Command, RunResult, Via
from vmnb.notebook.vm.facade import AsyncFacade, Facade
from vmnb.notebook.vm.streamed import Streamed, show

__all__ = ["Acting", "AsyncActing"]


class Acting(Facade):
    """What a VM does inside its guest."""

    def run(
        self,
        command: str | Sequence[str],
        *,
        timeout: float = RUN_TIMEOUT_S,
        check: bool = False,
        input: str | bytes | None = None,  # noqa: A002 - the name that subprocess.run has
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        user: str | None = None,
        stream: bool = False,
        via: Via | str | None = None,
    ) -> RunResult:
        """Run a command in the guest, and wait for its end.

        It goes by the guest agent where the image is known to have one; else by that of agent and
        SSH which answers first; and by a shell on the serial console where SSH was not asked for,
        no agent answers for 10 s, and the console shows a prompt. The result says which it was.

        Parameters
        ----------
        command
            Text for the guest's ``/bin/sh``, or a program and its arguments.
        timeout
            Seconds for all of it, waiting for a guest that still boots included. When it is over,
            the command is killed with its children.
        check
            Raise an error where the exit code is not zero.
        input
            What the command reads from its standard input, of any size; up to 1 MiB by the
            serial console.
        env
            Variables that it has besides the guest's own.
        cwd
            The directory that it runs in: absolute, or ``~`` for the user's home, or below that;
            ``/`` by default.
        user
            Who runs it. By default root, on every way: where another user logs in by SSH or on
            the console, by a ``sudo`` that asks for no password, and as that user where there is
            none.
        stream
            Show the output in the cell as it comes. The agent has all of it then, and otherwise
            up to 16 MiB of each stream; by SSH and the console it is always all of it.
        via
            ``"agent"``, ``"ssh"`` or ``"serial"``, and no other.

        Returns
        -------
        RunResult
            Exit code, output and duration; it prints as in a terminal.

        Raises
        ------
        StateError
            The VM does not run.
        CommandTimeoutError
            The command did not end in time and was killed; a kind of ``DeadlineError``.
        DeadlineError
            The guest did not answer in time.
        CommandError
            With `check`: the command did not end with exit code 0.
        AgentError, GuestError
            The agent refused, the guest has no such user or directory, the SSH server is another
            than at the first login, or the command wrote more than the agent keeps.
        CapabilityError
            The backend runs no commands in a guest, or not by that way.
        SpecError
            Something that was given is not usable; nothing was run.
        """
        asked = Command.of(command, stdin=input, env=env, cwd=cwd, user=user)
        start = partial(self._live.run, asked, timeout_s=timeout, check=check, via=via)
        return self._shown("run", start) if stream else self._wait("run", start())

    def _shown(self, what: str, start: Callable[..., Coroutine[Any, Any, RunResult]]) -> RunResult:
        streamed = Streamed(lambda sink: start(write=sink))
        try:
            self._wait(what, streamed.begin())
            while (piece := self._wait(what, streamed.next())) is not None:
                show(piece)
            return self._wait(what, streamed.result())
        except BaseException:
            runtime.run(streamed.cancel())
            raise


class AsyncActing(AsyncFacade):
    """The awaitable twin of :class:`Acting`."""

    async def run(
        self,
        command: str | Sequence[str],
        *,
        timeout: float = RUN_TIMEOUT_S,  # noqa: ASYNC109 - it ends the command in the guest too
        check: bool = False,
        input: str | bytes | None = None,  # noqa: A002 - the name that subprocess.run has
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        user: str | None = None,
        stream: bool = False,
        via: Via | str | None = None,
    ) -> RunResult:
        """See :meth:`vmnb.VM.run`."""
        asked = Command.of(command, stdin=input, env=env, cwd=cwd, user=user)
        start = partial(self._live.run, asked, timeout_s=timeout, check=check, via=via)
        return await (self._shown(start) if stream else self._wait(start()))

    async def _shown(self, start: Callable[..., Coroutine[Any, Any, RunResult]]) -> RunResult:
        streamed = Streamed(lambda sink: start(write=sink))
        try:
            await self._wait(streamed.begin())
            while (piece := await self._wait(streamed.next())) is not None:
                show(piece)
            return await self._wait(streamed.result())
        except BaseException:
            await self._wait(streamed.cancel())
            raise
