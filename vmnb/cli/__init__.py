"""The command ``vmnb``: labs and single VMs from a terminal.

A file for each group of commands, which adds them to the parser and knows how to run them.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from vmnb.cli import console, export, lab, log, machines, prune, ssh
from vmnb.core.errors import VmnbError

__all__ = ["main"]

_GROUPS = (lab, machines, ssh, console, log, export, prune)
_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 for an error, 2 for a wrong usage."""
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except VmnbError as error:
        print(f"vmnb: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as error:
        print(f"vmnb: {str(error) or 'interrupted'}", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:  # whoever read it has enough; nothing is to be said at the exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vmnb",
        description="Virtual machines from a terminal.",
        epilog="A NAME is that of a VM, or what the lab file of this directory, or of one above "
        "it, calls a VM.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for group in _GROUPS:
        group.add_to(commands)
    return parser
