"""The command ``templates``: the guests that others begin from."""

import argparse
from typing import TYPE_CHECKING

from vmnb.cli.commands import add_command, add_json, completed_by
from vmnb.cli.completing import template_names
from vmnb.cli.table import print_rows
from vmnb.core import runtime

if TYPE_CHECKING:
    from vmnb.cli.commands import Commands

__all__ = ["add_to"]

_COLUMNS = {
    "name": "NAME",
    "image": "IMAGE",
    "vcpus": "VCPUS",
    "memory_mib": "MIB",
    "size_mib": "SIZE MIB",
    "time": "MADE",
    "used": "USED",
    "automatic": "BY ITSELF",
}


def add_to(commands: "Commands") -> None:
    """Add the command ``templates`` and its own commands."""
    templates = add_command(commands, "templates", _list, "list the templates, and remove them")
    add_json(templates)
    below = templates.add_subparsers(metavar="ACTION")
    add_json(add_command(below, "list", _list, "list the templates"), default=argparse.SUPPRESS)
    remove = add_command(
        below, "remove", _remove, "remove a template; VMs that began from it keep what they have"
    )
    completed_by(remove.add_argument("name", metavar="NAME"), template_names)


def _list(arguments: argparse.Namespace) -> int:
    from vmnb.notebook.tables.template_rows import template_row

    templates = runtime.run(runtime.session().router.templates())
    rows = [template_row(each)._asdict() for each in templates]
    print_rows(rows, _COLUMNS, as_json=arguments.json)
    return 0


def _remove(arguments: argparse.Namespace) -> int:
    from vmnb import templates

    templates.remove(arguments.name)
    return 0
