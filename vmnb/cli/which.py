"""Which VM a NAME means."""

import asyncio
from pathlib import Path

from vmnb.core import runtime
from vmnb.core.machine import Machine
from vmnb.lab import lab_above, read_plan

__all__ = ["machine_named"]


async def machine_named(name: str) -> Machine:
    """Return the VM that the lab of the working directory calls `name`, else that of this name.

    Raises
    ------
    SpecError
        No VM can have that name, or the lab's file is wrong.
    VmNotFoundError
        There is none.
    """
    return await runtime.session().attach(await asyncio.to_thread(_full_name, name))


def _full_name(name: str) -> str:
    path = lab_above(Path.cwd())
    member = read_plan(path).members.get(name) if path else None
    return member.name if member else name
