"""The command ``doctor``: what this machine can do, and what mends what it lacks."""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from vmnb.cli.codes import FAILED
from vmnb.cli.commands import add_command, add_json
from vmnb.cli.table import print_rows
from vmnb.core import runtime

if TYPE_CHECKING:
    from vmnb.cli.commands import Commands

__all__ = ["add_to"]

_COLUMNS = {"level": "LEVEL", "subject": "SUBJECT", "found": "FOUND", "remedy": "REMEDY"}


def add_to(commands: "Commands") -> None:
    """Add the command ``doctor``."""
    parser = add_command(commands, "doctor", _doctor, "look at what this machine can do")
    add_json(parser)
    parser.epilog = "It changes nothing; the exit code is 1 where something is bad."


def _doctor(arguments: argparse.Namespace) -> int:
    from vmnb.diagnosis import Level, diagnose

    findings = runtime.run(diagnose())
    print_rows([asdict(finding) for finding in findings], _COLUMNS, as_json=arguments.json)
    return FAILED if any(finding.level is Level.BAD for finding in findings) else 0
