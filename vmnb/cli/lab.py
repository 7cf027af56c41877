"""Commands for the VMs of a lab file."""

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from vmnb.cli.agreed import agreed
from vmnb.cli.commands import add_command
from vmnb.cli.table import table

if TYPE_CHECKING:
    from vmnb.cli.commands import Commands
    from vmnb.notebook.lab import Lab

__all__ = ["add_to"]

_HEADS = ("VM", "NAME", "STATE", "BACKEND", "ADDRESS", "FORWARDS", "NEEDS")


def add_to(commands: "Commands") -> None:
    """Add the commands ``up``, ``down``, ``reload``, ``status`` and ``destroy``."""
    up = add_command(commands, "up", _up, "make and start the VMs of a lab")
    down = add_command(commands, "down", _down, "shut the VMs of a lab down; disks are kept")
    reload = add_command(commands, "reload", _reload, "read the file again, and restart its VMs")
    status = add_command(commands, "status", _status, "show how the VMs of a lab are")
    destroy = add_command(commands, "destroy", _destroy, "remove the VMs of a lab with their disks")
    for parser in (up, down, reload, status, destroy):
        parser.add_argument(
            "-f",
            "--file",
            type=Path,
            help="the lab file; by default lab.toml, lab.yaml or lab.yml here or above",
        )
    for parser in (up, down, reload, destroy):
        parser.add_argument("names", nargs="*", metavar="NAME", help="what the file calls a VM")
    reload.add_argument(
        "--recreate", action="store_true", help="destroy and make anew what differs from the file"
    )
    destroy.add_argument("--yes", action="store_true", help="do not ask")


def _up(arguments: argparse.Namespace) -> int:
    return _show(_load(arguments).up(arguments.names or None))


def _down(arguments: argparse.Namespace) -> int:
    return _show(_load(arguments).down(arguments.names or None))


def _reload(arguments: argparse.Namespace) -> int:
    lab = _load(arguments)
    return _show(lab.reload(arguments.names or None, recreate=arguments.recreate))


def _status(arguments: argparse.Namespace) -> int:
    return _show(_load(arguments))


def _destroy(arguments: argparse.Namespace) -> int:
    lab = _load(arguments)
    names = arguments.names or list(lab)
    what = f"destroy {', '.join(names)} of {lab.name!r}, with all disks"
    if not arguments.yes and not agreed(what):
        return 1
    lab.destroy(names)
    return 0


def _load(arguments: argparse.Namespace) -> "Lab":
    from vmnb.notebook.lab import Lab

    return Lab.load(arguments.file)


def _show(lab: "Lab") -> int:
    rows = asyncio.run(lab.aio.status())
    print(table(_HEADS, [row.texts() for row in rows]))
    return 0
