"""Commands for all VMs."""

import argparse
from typing import TYPE_CHECKING

from vmnb.cli.commands import add_command
from vmnb.cli.table import table
from vmnb.core import runtime

if TYPE_CHECKING:
    from vmnb.cli.commands import Commands

__all__ = ["add_to"]

_HEADS = ("NAME", "STATE", "BACKEND", "ACCELERATOR", "IMAGE", "VCPUS", "MIB")


def add_to(commands: "Commands") -> None:
    """Add the command ``list``."""
    add_command(commands, "list", _list, "list every VM of this user")


def _list(_: argparse.Namespace) -> int:
    from vmnb.notebook.machine_rows import machine_rows

    rows = runtime.run(machine_rows())
    if rows:
        print(table(_HEADS, rows))
    return 0
