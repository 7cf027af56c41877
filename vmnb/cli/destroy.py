"""The command ``destroy``: VMs by their names, or those of a lab, and all of them by none."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from vmnb.cli.agreed import agreed
from vmnb.cli.codes import FAILED
from vmnb.cli.commands import add_command, completed_by
from vmnb.cli.completing import vm_names
from vmnb.cli.lab import add_file
from vmnb.cli.which import machine_named
from vmnb.core import runtime
from vmnb.core.machine import Machine
from vmnb.lab import lab_above

if TYPE_CHECKING:
    from vmnb.cli.commands import Commands
    from vmnb.notebook.lab.lab import Lab

__all__ = ["add_to"]


def add_to(commands: "Commands") -> None:
    """Add the command ``destroy``."""
    parser = add_command(commands, "destroy", _destroy, "remove VMs with their disks")
    add_file(parser)
    names = parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="a VM; with --file, what the file calls one; without any, all of the lab's",
    )
    completed_by(names, vm_names)
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _destroy(arguments: argparse.Namespace) -> int:
    lab = _lab(arguments)
    of_lab = [name for name in arguments.names if lab and (arguments.file or name in lab)]
    others = [name for name in arguments.names if name not in of_lab]
    if lab and not arguments.names:
        of_lab = list(lab)
    machines = runtime.run(_machines(others))
    what = f"destroy {_said(lab, of_lab, machines)}, with all disks"
    if not arguments.yes and not agreed(what):
        return FAILED
    if lab and of_lab:
        lab.destroy(of_lab)
    runtime.run(_destroy_each(machines))
    return 0


def _lab(arguments: argparse.Namespace) -> "Lab | None":
    """Return the lab that may be meant; None where names are given and there is none."""
    if arguments.names and arguments.file is None and lab_above(Path.cwd()) is None:
        return None
    from vmnb.notebook.lab.lab import Lab

    return Lab.load(arguments.file)


async def _machines(names: list[str]) -> list[Machine]:
    return [await machine_named(name) for name in dict.fromkeys(names)]


async def _destroy_each(machines: list[Machine]) -> None:
    for machine in machines:
        await machine.destroy()


def _said(lab: "Lab | None", of_lab: list[str], machines: list[Machine]) -> str:
    parts = [f"{', '.join(of_lab)} of {lab.name!r}"] if lab and of_lab else []
    return " and ".join([*parts, *(repr(machine.name) for machine in machines)])
