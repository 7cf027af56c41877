"""Tables for a terminal, and plain ones, as wide as they are, for whatever else reads them."""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from vmnb.cli.json_text import print_json

__all__ = ["print_rows", "print_table"]

_GAP = (0, 2, 0, 0)
_UNWRAPPED = 1_000_000


def print_rows(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, as_json: bool
) -> None:
    """Print `rows` as JSON, or as a table of those `columns`, which have a head each.

    A table without rows is nothing at all.
    """
    if as_json:
        print_json(rows)
    elif rows:
        print_table(tuple(columns.values()), [[row[key] for key in columns] for row in rows])


def print_table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table, with all that is in it shown literally."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    is_terminal = sys.stdout.isatty()
    console = Console(
        force_terminal=is_terminal, width=None if is_terminal else _UNWRAPPED, highlight=False
    )
    table = Table(box=None, padding=_GAP, pad_edge=False, header_style="bold")
    for head in heads:
        table.add_column(Text(head), overflow="fold")
    for row in rows:
        table.add_row(*(Text(_literal(_text(value))) for value in row))
    with console.capture() as capture:
        console.print(table)
    print("\n".join(line.rstrip() for line in capture.get().splitlines()))


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.3f}".rstrip("0").rstrip(".")
        case datetime():
            return value.isoformat(timespec="seconds")
        case _:
            return str(value)


def _literal(text: str) -> str:
    """Return `text` with what could move, colour or turn a terminal's text around spelled out."""
    return "".join(each if each.isprintable() else _spelled(each) for each in text)


def _spelled(character: str) -> str:
    return character.encode("unicode_escape").decode()
