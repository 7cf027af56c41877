"""Commands for all VMs."""

import argparse
from typing import TYPE_CHECKING

from vmnb.cli.commands import add_command, add_json
from vmnb.cli.table import print_rows
from vmnb.core import runtime

if TYPE_CHECKING:
    from vmnb.cli.commands import Commands

__all__ = ["add_to"]

_COLUMNS = {
    "name": "NAME",
    "state": "STATE",
    "backend": "BACKEND",
    "accelerator": "ACCELERATOR",
    "image": "IMAGE",
    "vcpus": "VCPUS",
    "memory_mib": "MIB",
}


def add_to(commands: "Commands") -> None:
    """Add the command ``list``."""
    add_json(add_command(commands, "list", _list, "list every VM of this user"))


def _list(arguments: argparse.Namespace) -> int:
    from vmnb.notebook.tables.machine_rows import machine_rows

    rows = runtime.run(machine_rows())
    objects = [row._asdict() | {"accelerator": row.accelerator or None} for row in rows]
    print_rows(objects, _COLUMNS, as_json=arguments.json)
    return 0
