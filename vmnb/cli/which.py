"""Which VM a NAME means."""

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
    path = lab_above(Path.cwd())
    if path is not None:
        member = read_plan(path).members.get(name)
        name = name if member is None else member.name
    return await runtime.session().attach(name)
