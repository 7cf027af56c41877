"""What the groups of commands share."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from vmnb.cli.completing import vm_names

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001

__all__ = ["Commands", "Completer", "add_command", "add_json", "add_name", "completed_by"]

Completer = Callable[..., list[str]]
"""Returns what an argument can be; see :mod:`vmnb.cli.completing`."""


def add_command(
    commands: "Commands", name: str, run: Callable[[argparse.Namespace], int], about: str
) -> argparse.ArgumentParser:
    """Add a command that `run` carries out, and return its parser for its arguments."""
    parser = commands.add_parser(name, help=about, description=f"{about[:1].upper()}{about[1:]}.")
    parser.set_defaults(run=run)
    return parser


def add_name(parser: argparse.ArgumentParser) -> None:
    """Let the command take the NAME of a VM, as ``name``."""
    completed_by(parser.add_argument("name", metavar="NAME"), vm_names)


def add_json(parser: argparse.ArgumentParser, *, default: object = False) -> None:
    """Let the command show what it shows as JSON, where ``json`` is asked for."""
    parser.add_argument(
        "--json", action="store_true", default=default, help="as JSON; errors on stderr, too"
    )


def completed_by(argument: argparse.Action, completer: Completer) -> None:
    """Let the shell complete `argument` with what `completer` returns."""
    argument.completer = completer  # type: ignore[attr-defined]
