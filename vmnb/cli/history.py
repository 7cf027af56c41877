"""The command ``history``: all that a VM went through."""

import argparse
from typing import TYPE_CHECKING, Any

from vmnb.cli.commands import add_command, add_json, add_name
from vmnb.cli.table import print_rows
from vmnb.cli.which import machine_named
from vmnb.core import runtime

if TYPE_CHECKING:
    from vmnb.cli.commands import Commands

__all__ = ["add_to"]

_COLUMNS = {
    "time": "TIME",
    "from": "FROM",
    "to": "TO",
    "action": "ACTION",
    "duration_s": "SECONDS",
    "cause": "BY",
    "detail": "DETAIL",
}


def add_to(commands: "Commands") -> None:
    """Add the command ``history``."""
    parser = add_command(commands, "history", _history, "show all that a VM went through")
    add_name(parser)
    add_json(parser)


def _history(arguments: argparse.Namespace) -> int:
    print_rows(runtime.run(_rows(arguments.name)), _COLUMNS, as_json=arguments.json)
    return 0


async def _rows(name: str) -> list[dict[str, Any]]:
    machine = await machine_named(name)
    return [
        {
            "time": row.time,
            "from": row.from_state,
            "to": row.to_state,
            "action": row.action,
            "duration_s": row.duration_s,
            "cause": row.cause,
            "detail": row.detail,
        }
        for row in await machine.history()
    ]
