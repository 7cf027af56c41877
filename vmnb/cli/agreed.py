"""Asking whoever is at the terminal."""

import sys

from vmnb.core.errors import SpecError

__all__ = ["agreed"]


def agreed(what: str) -> bool:
    """Ask whether to do `what`, and return whether the answer is yes.

    Raises
    ------
    SpecError
        Nobody is at the terminal.
    """
    if not sys.stdin.isatty():
        raise SpecError(f"nobody can be asked whether to {what}", hint="say --yes")
    print(f"{what}? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
