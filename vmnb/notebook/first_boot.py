"""What is done in a guest once, when it has booted for the first time."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from vmnb.core.errors import SpecError, VmnbError
from vmnb.core.finish import finish
from vmnb.core.history import utc_now
from vmnb.core.machine import Machine
from vmnb.core.state import Cause
from vmnb.lab import Step
from vmnb.notebook.aio import AsyncVM
from vmnb.notebook.live import Live

__all__ = ["is_provisioned", "provision"]

_PROVISION = "provision"
_SCRIPT = 'file=$(mktemp) && cat >"$file" && chmod 700 "$file" && "$file"'
_FILE = 'cat >"$1"'


async def is_provisioned(machine: Machine) -> bool:
    """Return whether all of it was done already, as the VM's history has it."""
    rows = await machine.history()
    return any(row.action == _PROVISION and row.cause is Cause.USER for row in rows)


async def provision(live: Live, steps: Sequence[Step], timeout_s: float) -> None:
    """Do `steps` in order, each within `timeout_s` seconds; the history keeps how that went.

    Raises
    ------
    VmnbError
        What :meth:`vmnb.VM.run` raises of the first step that failed; no later one was tried.
    """
    machine, began = live.machine, utc_now()
    try:
        await _carry_out(live, steps, timeout_s)
    except VmnbError as error:
        detail = error.message.splitlines()[0]
        await finish(machine.note(_PROVISION, began, cause=Cause.FAILURE, detail=detail))
        raise
    await finish(machine.note(_PROVISION, began))


async def _carry_out(live: Live, steps: Sequence[Step], timeout_s: float) -> None:
    guest = AsyncVM(live)
    for step in steps:
        if isinstance(step, str):
            await guest.run(step, timeout=timeout_s, check=True)
            continue
        source, words = (step, [_SCRIPT]) if isinstance(step, Path) else (step[0], [_FILE, "sh"])
        target = [] if isinstance(step, Path) else [step[1]]
        command = ["/bin/sh", "-c", *words, *target]
        data = await asyncio.to_thread(_read, source)
        await guest.run(command, timeout=timeout_s, check=True, input=data)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SpecError(f"cannot read {path}: {error.strerror}", hint="name a file") from error
