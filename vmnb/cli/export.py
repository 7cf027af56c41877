"""The command ``export``: a notebook as one HTML file, with its consoles as replays."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from vmnb.cli.commands import add_command

if TYPE_CHECKING:
    from vmnb.cli.commands import Commands

__all__ = ["add_to"]


def add_to(commands: "Commands") -> None:
    """Add the command ``export``."""
    parser = add_command(
        commands, "export", _export, "write a notebook as one HTML file that needs no network"
    )
    parser.add_argument("notebook", metavar="NOTEBOOK", type=Path)
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        help="the file to write; by default beside the notebook, with .html",
    )


def _export(arguments: argparse.Namespace) -> int:
    from vmnb.notebook.page.export import export

    print(export(arguments.notebook, arguments.output))
    return 0
