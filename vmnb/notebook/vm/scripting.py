"""Scripts that run in the guest: the part of a VM that sets its guest up."""

import asyncio
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from vmnb.core.progress import reporting_to
from vmnb.core.units import require_seconds
from vmnb.guest import RunResult, Sink, Via
from vmnb.guest.provision import STEP_TIMEOUT_S, ProvisionResult, plan, provision
from vmnb.guest.script import script_command, script_text
from vmnb.notebook.live.live import Live
from vmnb.notebook.progress import progress_bar
from vmnb.notebook.vm.acting import Acting, AsyncActing

__all__ = ["AsyncScripting", "Scripting"]

Script = str | os.PathLike[str]
Step = Script | tuple[Script, Script] | Mapping[str, Script]


class Scripting(Acting):
    """What a VM does with scripts."""

    def shell_script(
        self,
        script: Script,
        *args: str,
        timeout: float = STEP_TIMEOUT_S,
        check: bool = False,
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        user: str | None = None,
        stream: bool = False,
        via: Via | str | None = None,
    ) -> RunResult:
        """Run a script in the guest, by the program that its ``#!`` line names; else by ``sh``.

        Nothing of it stays in the guest. Its standard input is empty.

        Parameters
        ----------
        script
            Its text, or the ``Path`` of a file of the host.
        args
            What it is given as its arguments.
        timeout, check, env, cwd, user, stream, via
            As for :meth:`run`.

        Raises
        ------
        SpecError
            It is empty, or the file cannot be read; nothing was run.
        VmnbError
            As for :meth:`run`.
        """

        async def start(write: Sink | None = None) -> RunResult:
            text = await asyncio.to_thread(script_text, script)
            command = script_command(text, args, env=env, cwd=cwd, user=user)
            return await self._live.run(
                command, timeout_s=timeout, check=check, via=via, write=write
            )

        return self._shown("shell_script", start) if stream else self._wait("shell_script", start())

    def provision(
        self, steps: Iterable[Step], *, timeout: float = STEP_TIMEOUT_S
    ) -> ProvisionResult:
        """Set the guest up by `steps`, in order, as root; stop at the first that fails.

        All are checked before the first is carried out. What they write is kept in
        ``provision.log`` in the VM's work directory, which only you can read.

        Parameters
        ----------
        steps
            Each is one of these:

            - a text: a script for ``sh``, or for what its ``#!`` line names;
            - a ``Path``: a file of the host with a script;
            - ``(source, target)`` or ``{"file": source, "to": target}``: a file or directory of
              the host that is copied in, as by :meth:`vmnb.VM.copy_in`.
        timeout
            Seconds for each step.

        Returns
        -------
        ProvisionResult
            The steps, and how each went.

        Raises
        ------
        SpecError
            A step is of no such form, or its file cannot be read; nothing was done.
        ProvisionError
            A step failed; a kind of ``GuestError``.
        StateError, CapabilityError
            As for :meth:`run`.
        """
        with progress_bar() as show, reporting_to(show):
            return self._wait("provision", _provision(self._live, steps, timeout))


class AsyncScripting(AsyncActing):
    """The awaitable twin of :class:`Scripting`."""

    async def shell_script(
        self,
        script: Script,
        *args: str,
        timeout: float = STEP_TIMEOUT_S,  # noqa: ASYNC109 - it ends the script in the guest too
        check: bool = False,
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        user: str | None = None,
        stream: bool = False,
        via: Via | str | None = None,
    ) -> RunResult:
        """See :meth:`vmnb.VM.shell_script`."""

        async def start(write: Sink | None = None) -> RunResult:
            text = await asyncio.to_thread(script_text, script)
            command = script_command(text, args, env=env, cwd=cwd, user=user)
            return await self._live.run(
                command, timeout_s=timeout, check=check, via=via, write=write
            )

        return await (self._shown(start) if stream else self._wait(start()))

    async def provision(
        self,
        steps: Iterable[Step],
        *,
        timeout: float = STEP_TIMEOUT_S,  # noqa: ASYNC109 - it ends what goes on in the guest too
    ) -> ProvisionResult:
        """See :meth:`vmnb.VM.provision`."""
        return await self._wait(_provision(self._live, steps, timeout))


async def _provision(live: Live, steps: Iterable[Any], timeout_s: float) -> ProvisionResult:
    require_seconds(timeout_s, "timeout")
    planned = await asyncio.to_thread(plan, steps)
    async with live.entered():
        way, files = await live.ways.choose(), await live.ways.choose_for_files()
        work = live.machine.handle.work_dir
        assert work is not None  # noqa: S101 - what commands run in has files
        log = Path(work, "provision.log")
        return await provision(way, files, planned, log, timeout_s=timeout_s)
