"""The command ``vmnb``: labs and single VMs from a terminal.

A file for each group of commands, which adds them to the parser and knows how to run them.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from vmnb.cli import (
    completion,
    console,
    destroy,
    doctor,
    export,
    history,
    images,
    lab,
    log,
    machines,
    power,
    prune,
    run,
    show,
    ssh,
    templates,
)
from vmnb.cli.codes import FAILED, code_of, codes_text
from vmnb.cli.json_text import print_error_json
from vmnb.core.errors import VmnbError

__all__ = ["main"]

_GROUPS = (
    machines,
    show,
    power,
    run,
    history,
    ssh,
    console,
    log,
    lab,
    destroy,
    images,
    templates,
    prune,
    export,
    doctor,
    completion,
)
_HELP = f"""\
A NAME is that of a VM, or what the lab file of this directory, or of one above it, calls a VM.

With --json a command prints JSON on standard output, and what goes wrong as
{{"error": {{"kind": …, "message": …, "hint": …}}}} on standard error.

exit codes:
{codes_text()}
vmnb run ends with the code of the guest's command, and with 128 and its number after a signal.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code, one of :mod:`vmnb.cli.codes`."""
    parser = _parser()
    completion.complete(parser)
    arguments = _parsed(parser, sys.argv[1:] if argv is None else argv)
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except (VmnbError, KeyboardInterrupt) as error:
        _tell(error, as_json=getattr(arguments, "json", False))
        return code_of(error)
    except BrokenPipeError:  # whoever read it has enough; nothing is to be said at the exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return code


def _parsed(parser: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments; what follows ``--`` is a command for a guest and stays as it is.

    Some versions of argparse would take a second ``--`` out of it, too.
    """
    cut = words.index("--") if "--" in words else len(words)
    arguments = parser.parse_args(words[:cut])
    if hasattr(arguments, "command"):
        arguments.command = [*arguments.command, *words[cut + 1 :]]
    elif cut < len(words):
        parser.error("this command takes nothing after --")
    return arguments


def _tell(error: VmnbError | KeyboardInterrupt, *, as_json: bool) -> None:
    if as_json:
        message = error.message if isinstance(error, VmnbError) else str(error)
        print_error_json(error, message or "interrupted")
    else:
        print(f"vmnb: {str(error) or 'interrupted'}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vmnb",
        description="Virtual machines from a terminal.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for group in _GROUPS:
        group.add_to(commands)
    return parser
