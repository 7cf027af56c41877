"""Acting inside the guest: the part of a VM that runs commands."""

from collections.abc import Sequence

from vmnb.guest import RUN_TIMEOUT_S, RunResult
from vmnb.notebook.facade import AsyncFacade, Facade

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
    ) -> RunResult:
        """Run a command in the guest by its agent, and wait for its end.

        Parameters
        ----------
        command
            Text for the guest's ``/bin/sh``, or a program and its arguments.
        timeout
            Seconds for all of it, waiting for a guest that still boots included.
        check
            Raise an error where the exit code is not zero.
        input
            What the command reads from its standard input.

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
            The guest's agent did not answer in time.
        CommandError
            With `check`: the command did not end with exit code 0.
        AgentError, GuestError
            The agent refused, or the command wrote more than the agent keeps.
        CapabilityError
            The backend runs no commands in a guest.
        SpecError
            The command or the input is not usable; nothing was run.
        """
        coroutine = self._live.run(command, timeout_s=timeout, check=check, input=input)
        return self._wait("run", coroutine)


class AsyncActing(AsyncFacade):
    """The awaitable twin of :class:`Acting`."""

    async def run(
        self,
        command: str | Sequence[str],
        *,
        timeout: float = RUN_TIMEOUT_S,  # noqa: ASYNC109 - it ends the command in the guest too
        check: bool = False,
        input: str | bytes | None = None,  # noqa: A002 - the name that subprocess.run has
    ) -> RunResult:
        """See :meth:`vmnb.VM.run`."""
        coroutine = self._live.run(command, timeout_s=timeout, check=check, input=input)
        return await self._wait(coroutine)
