"""JSON for programs: keys in snake_case with their units, times as ISO 8601."""

import json
import sys
from datetime import datetime
from pathlib import Path

from vmnb.core.errors import VmnbError

__all__ = ["print_error_json", "print_json"]


def print_json(value: object) -> None:
    """Print `value` on standard output; in ASCII, so that no locale can spoil it."""
    print(json.dumps(value, indent=2, default=_plain))


def print_error_json(error: VmnbError | KeyboardInterrupt, message: str) -> None:
    """Print on standard error what went wrong: its kind, what happened, and what to do next."""
    hint = error.hint if isinstance(error, VmnbError) else ""
    told = {"kind": type(error).__name__, "message": message, "hint": hint}
    print(json.dumps({"error": told}, indent=2), file=sys.stderr)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{value!r} has no form in JSON")
