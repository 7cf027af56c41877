"""The command ``completion``: what a shell needs to complete commands, options and names."""

import argparse
import os
from typing import TYPE_CHECKING

from vmnb.cli.commands import add_command

if TYPE_CHECKING:
    from vmnb.cli.commands import Commands

__all__ = ["add_to", "complete"]

_SHELLS = ("bash", "zsh", "fish")
_ASKED = "_ARGCOMPLETE"
"""The variable by which the shell's function says that it wants to know how a line goes on."""


def add_to(commands: "Commands") -> None:
    """Add the command ``completion``."""
    parser = add_command(
        commands, "completion", _completion, "print what lets a shell complete this command"
    )
    parser.add_argument("shell", metavar="SHELL", choices=_SHELLS, help=" or ".join(_SHELLS))
    parser.epilog = 'For bash and zsh: eval "$(vmnb completion bash)"; for fish: ' + (
        "vmnb completion fish | source"
    )


def complete(parser: argparse.ArgumentParser) -> None:
    """Where a shell asks how a line goes on, answer and end this process."""
    if _ASKED in os.environ:
        import argcomplete

        argcomplete.autocomplete(parser, always_complete_options=False)


def _completion(arguments: argparse.Namespace) -> int:
    from argcomplete.shell_integration import shellcode

    print(shellcode(["vmnb"], shell=arguments.shell))
    return 0
