"""Commands for the VMs of a lab file."""

import argparse
import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from vmnb.cli.commands import add_command, add_json, completed_by
from vmnb.cli.completing import member_names
from vmnb.cli.json_text import print_json
from vmnb.cli.table import print_table

if TYPE_CHECKING:
    from vmnb.cli.commands import Commands
    from vmnb.notebook.lab.lab import Lab

__all__ = ["add_file", "add_to"]

_HEADS = ("VM", "NAME", "STATE", "BACKEND", "ADDRESS", "FORWARDS", "NEEDS")


def add_to(commands: "Commands") -> None:
    """Add the commands ``up``, ``down``, ``reload`` and ``status``."""
    up = add_command(commands, "up", _up, "make and start the VMs of a lab")
    down = add_command(commands, "down", _down, "shut the VMs of a lab down; disks are kept")
    reload = add_command(commands, "reload", _reload, "read the file again, and restart its VMs")
    status = add_command(commands, "status", _status, "show how the VMs of a lab are")
    for parser in (up, down, reload, status):
        add_file(parser)
        add_json(parser)
    for parser in (up, down, reload):
        names = parser.add_argument(
            "names", nargs="*", metavar="NAME", help="what the file calls a VM"
        )
        completed_by(names, member_names)
    reload.add_argument(
        "--recreate", action="store_true", help="destroy and make anew what differs from the file"
    )


def add_file(parser: argparse.ArgumentParser) -> None:
    """Let the command take another lab file, as ``file``."""
    parser.add_argument(
        "-f",
        "--file",
        type=Path,
        help="the lab file; by default lab.toml, lab.yaml or lab.yml here or above",
    )


def _up(arguments: argparse.Namespace) -> int:
    return _show(_load(arguments).up(arguments.names or None), arguments)


def _down(arguments: argparse.Namespace) -> int:
    return _show(_load(arguments).down(arguments.names or None), arguments)


def _reload(arguments: argparse.Namespace) -> int:
    lab = _load(arguments)
    return _show(lab.reload(arguments.names or None, recreate=arguments.recreate), arguments)


def _status(arguments: argparse.Namespace) -> int:
    return _show(_load(arguments), arguments)


def _load(arguments: argparse.Namespace) -> "Lab":
    from vmnb.notebook.lab.lab import Lab

    return Lab.load(arguments.file)


def _show(lab: "Lab", arguments: argparse.Namespace) -> int:
    rows = asyncio.run(lab.aio.status())
    if arguments.json:
        print_json([asdict(row) | {"address": row.address or None} for row in rows])
    else:
        print_table(_HEADS, [row.texts() for row in rows])
    return 0
