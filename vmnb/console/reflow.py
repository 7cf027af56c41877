"""Another size for a screen: text is broken into lines anew, and the cursor stays in sight."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate, pairwise

from vmnb.console.buffer import Buffer, default_tabs
from vmnb.console.cells import STUB, Cell, Line, is_wide

__all__ = ["reflowed"]


def reflowed(buffer: Buffer, columns: int, rows: int) -> None:
    """Give `buffer` another size.

    One with a history keeps all its text: lines that a full line went on in are joined, and broken
    where the new width wants it; the cursor stays on its character. One without is cut, since the
    program that fills it draws it again.
    """
    if buffer.history is None:
        _cut(buffer, columns, rows)
    else:
        _rewrap(buffer, columns, rows)
    buffer.tabs |= {stop for stop in default_tabs(columns) if stop >= buffer.columns}
    buffer.tabs = {stop for stop in buffer.tabs if stop < columns}
    buffer.columns, buffer.rows = columns, rows
    buffer.reset_margins()
    buffer.x, buffer.y = min(buffer.x, columns), min(buffer.y, rows - 1)
    saved = buffer.saved
    buffer.saved = replace(saved, x=min(saved.x, columns - 1), y=min(saved.y, rows - 1))


def _cut(buffer: Buffer, columns: int, rows: int) -> None:
    above = max(buffer.y - rows + 1, 0)
    buffer.lines = buffer.lines[above : above + rows]
    buffer.y -= above
    for line in buffer.lines:
        line.resize(columns)
    buffer.lines += [Line.empty(columns) for _ in range(rows - len(buffer.lines))]
    buffer.x = min(buffer.x, columns - 1)


def _rewrap(buffer: Buffer, columns: int, rows: int) -> None:
    before = [*(buffer.history or ()), *buffer.lines]
    top = len(before) - buffer.rows
    cursor = top + buffer.y
    last = max([cursor, *(y for y, line in enumerate(before) if line.length)])
    made: list[Line] = []
    top_row = cursor_row = 0
    for first, paragraph in _paragraphs(before[: last + 1]):
        offsets = list(accumulate((len(part) for part in paragraph), initial=0))
        starts, broken = _broken([cell for part in paragraph for cell in part], columns)
        if first <= top < first + len(paragraph):
            top_row = len(made) + bisect_right(starts, offsets[top - first]) - 1
        if first <= cursor < first + len(paragraph):
            place = offsets[cursor - first] + buffer.x
            row = bisect_right(starts, place) - 1
            cursor_row, x = len(made) + row, place - starts[row]
        made += broken
    buffer.x = x if x <= columns else columns - 1
    bottom = max(len(made) - rows, 0)
    was_full = last == len(before) - 1
    top_row = bottom if was_full else max(top_row, bottom)
    top_row = min(max(top_row, cursor_row - rows + 1), cursor_row)
    buffer.y = cursor_row - top_row
    if buffer.history is not None:
        buffer.history.clear()
        buffer.history.extend(made[:top_row])
    buffer.lines = made[top_row : top_row + rows]
    buffer.lines += [Line.empty(columns) for _ in range(rows - len(buffer.lines))]


def _paragraphs(lines: list[Line]) -> Iterator[tuple[int, list[list[Cell]]]]:
    """Yield where each paragraph begins, and the cells of its lines."""
    first = 0
    while first < len(lines):
        end = first + 1
        while end < len(lines) and lines[end].wrapped:
            end += 1
        whole = [_wrapping(line, after) for line, after in pairwise(lines[first:end])]
        ending = lines[end - 1]
        yield first, [*whole, ending if not whole else ending[: ending.length]]
        first = end


def _wrapping(line: Line, after: Line) -> list[Cell]:
    """Return a line without the cell that a wide character did not fit in."""
    return line[:-1] if line[-1][0] == "" and is_wide(after[0]) else line


def _broken(cells: list[Cell], columns: int) -> tuple[list[int], list[Line]]:
    """Break a paragraph into lines; return where each begins, and the lines."""
    length = len(cells)
    while length > columns and cells[length - 1][0] == "":
        length -= 1
    starts: list[int] = []
    lines: list[Line] = []
    at = 0
    while not lines or at < length:
        end = min(at + columns, length)
        if end < length and cells[end][0] == STUB and end - at > 1:
            end -= 1
        line = Line(cells[at:end], wrapped=bool(lines))
        line.resize(columns)
        starts.append(at)
        lines.append(line)
        at = end
    return starts, lines
