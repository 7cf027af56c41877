"""Write a screen down: as ANSI text that makes a terminal look the same, or as plain text."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from pyte import charsets, graphics
from pyte import modes as mo
from pyte.screens import Char, Cursor, StaticDefaultDict

if TYPE_CHECKING:
    from vmnb.console.screen import VtScreen

__all__ = ["line_ansi", "screen_ansi", "screen_text"]

Line = StaticDefaultDict[int, Char]

_PLAIN = Char(" ")
_DATA = itemgetter(0)
_ATTRIBUTES = itemgetter(slice(1, None))
_COLOURS = {
    **{(name, True): code for code, name in {**graphics.FG, **graphics.FG_AIXTERM}.items()},
    **{(name, False): code for code, name in {**graphics.BG, **graphics.BG_AIXTERM}.items()},
}
_FLAGS = (
    ("bold", 1), ("italics", 3), ("underscore", 4), ("blink", 5), ("reverse", 7),
    ("strikethrough", 9),
)  # fmt: skip
_SGR = re.compile(r"\x1b\[[0-9;]*m")
# Cursor keys, wrap, blinking cursor, visible cursor, mouse, focus, bracketed paste, and insert.
_PRIVATE_ON = (1, 12, 9, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 2004)
_BOX_DRAWING = {id(table): code for code, table in charsets.MAPS.items()}


def line_ansi(line: Line, columns: int) -> str:
    """Return one line with its attributes, without the blanks at its end."""
    end = min(columns, max(line, default=-1) + 1)
    row = [line.get(x, line.default) for x in range(end)]  # [] would call Python for each gap
    while row and not _shows(row[-1]):
        row.pop()
    parts: list[str] = []
    before = _PLAIN[1:]
    for attributes, cells in groupby(row, key=_ATTRIBUTES):
        run = list(cells)
        if attributes != before:
            parts.append(_sgr(run[0]))
            before = attributes
        parts += map(_DATA, run)
    if before != _PLAIN[1:]:
        parts.append("\x1b[0m")
    return "".join(parts)


def _shows(cell: Char) -> bool:
    return cell[0] != " " or cell.bg != "default" or cell.reverse or cell.underscore


def screen_text(screen: "VtScreen") -> str:
    """Return history and main screen as plain text, blanks at the ends of lines removed."""
    lines = [*screen.history, *_lines(screen, screen.main[0] if screen.main else screen.buffer)]
    if screen.main:
        lines += _lines(screen, screen.buffer)
    return "\n".join(_SGR.sub("", line).rstrip() for line in lines).rstrip("\n")


def screen_ansi(screen: "VtScreen") -> bytes:
    """Return what makes a terminal of the same size look, and go on, like `screen`."""
    return "".join(_restoring(screen)).encode(errors="replace")


def _restoring(screen: "VtScreen") -> Iterator[str]:
    main, cursor = screen.main or (screen.buffer, screen.cursor)
    yield "\x1bc"
    yield "\r\n".join([*screen.history, *_lines(screen, main)])
    if screen.main:
        yield _goto(cursor.x, cursor.y, screen.columns)
        yield _sgr(cursor.attrs)
        yield "\x1b[?1049h\x1b[0m"
        for y, line in enumerate(_lines(screen, screen.buffer)):
            yield f"\x1b[{y + 1}H{line}"
    for point in screen.savepoints:
        yield _goto(point.cursor.x, point.cursor.y, screen.columns)
        yield f"{_sgr(point.cursor.attrs)}\x1b7"
    yield from _modes(screen)
    yield from _cursor(screen, screen.cursor)


def _modes(screen: "VtScreen") -> Iterator[str]:
    for mode in _PRIVATE_ON:
        if mode << 5 in screen.mode:
            yield f"\x1b[?{mode}h"
    if mo.DECAWM not in screen.mode:
        yield "\x1b[?7l"
    if screen.cursor.hidden:
        yield "\x1b[?25l"
    if mo.LNM in screen.mode:
        yield "\x1b[20h"
    if screen.keypad:
        yield "\x1b="
    if screen.margins:
        yield f"\x1b[{screen.margins.top + 1};{screen.margins.bottom + 1}r"


def _cursor(screen: "VtScreen", cursor: Cursor) -> Iterator[str]:
    top = 0
    if mo.DECOM in screen.mode:
        yield "\x1b[?6h"
        top = screen.margins.top if screen.margins else 0
    yield _goto(cursor.x, cursor.y - top, screen.columns)
    if cursor.x >= screen.columns:  # the next character wraps: only drawing the last one does that
        last = screen.buffer[cursor.y][screen.columns - 1]
        yield f"{_sgr(last)}{last.data or ' '}"
    yield _sgr(cursor.attrs)
    for slot, table in (("(", screen.g0_charset), (")", screen.g1_charset)):
        yield f"\x1b{slot}{_BOX_DRAWING[id(table)]}"
    if screen.charset:
        yield "\x0e"
    if mo.IRM in screen.mode:
        yield "\x1b[4h"


def _lines(screen: "VtScreen", buffer: dict[int, Line]) -> Iterable[str]:
    empty = Line(_PLAIN)
    return [line_ansi(buffer.get(y, empty), screen.columns) for y in range(screen.lines)]


def _goto(x: int, y: int, columns: int) -> str:
    return f"\x1b[{y + 1};{min(x, columns - 1) + 1}H"


def _sgr(cell: Char) -> str:
    codes = ["0", *(str(code) for name, code in _FLAGS if getattr(cell, name))]
    codes += _colour(cell.fg, foreground=True) + _colour(cell.bg, foreground=False)
    return f"\x1b[{';'.join(codes)}m"


def _colour(name: str, *, foreground: bool) -> list[str]:
    if name == "default":
        return []
    if code := _COLOURS.get((name, foreground)):
        return [str(code)]
    try:
        red, green, blue = bytes.fromhex(name)
    except ValueError:
        return []
    return [f"{38 if foreground else 48};2;{red};{green};{blue}"]
