"""Lines of a screen, cell by cell, with what keeps wide characters whole."""

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from vmnb.console.style import PLAIN, Style
from vmnb.console.widths import char_width

__all__ = ["STUB", "Cell", "Line", "blank", "is_wide"]

Cell = tuple[str, Style]
"""A character with those that join it, and its style. ``""`` is a cell that was never written."""

STUB = "\0"
"""The character of a cell that a wide character left of it covers."""

_STYLE = itemgetter(1)


def blank(style: Style) -> Cell:
    """Return a cell without a character."""
    return ("", style)


def is_wide(cell: Cell) -> bool:
    """Return whether a cell's character covers the next cell, too."""
    data = cell[0]
    return data != "" and data != STUB and char_width(data[0]) == 2


class Line(list[Cell]):
    """The cells of one line.

    Attributes
    ----------
    wrapped
        Whether it goes on where the line above it was full.
    """

    __slots__ = ("wrapped",)

    def __init__(self, cells: Iterable[Cell] = (), *, wrapped: bool = False) -> None:
        super().__init__(cells)
        self.wrapped = wrapped

    @classmethod
    def empty(cls, columns: int, style: Style = PLAIN, *, wrapped: bool = False) -> "Line":
        """Return a line without a character."""
        return cls([blank(style)] * columns, wrapped=wrapped)

    def erase(self, start: int, end: int, style: Style) -> None:
        """Erase the cells from `start` up to `end`, and what is left of a wide one beside them."""
        end = min(end, len(self))
        self._halve_before(start, style)
        if end < len(self) and end > 0 and is_wide(self[end - 1]):
            self[end] = blank(style)
        if start < end:
            self[start:end] = [blank(style)] * (end - start)

    def insert(self, at: int, count: int, style: Style) -> None:  # type: ignore[override]
        """Put `count` blank cells at `at`; what is pushed over the end is lost."""
        columns = len(self)
        self._halve_before(at, style)
        count = min(count, columns - at)
        self[at:] = [blank(style)] * count + self[at : columns - count]
        if is_wide(self[-1]):
            self[-1] = blank(style)

    def delete(self, at: int, count: int, style: Style) -> None:
        """Take `count` cells away at `at`; blank ones come in at the end."""
        count = min(count, len(self) - at)
        self[at:] = self[at + count :] + [blank(style)] * count
        self._halve_before(at, style)
        if self[at][0] == STUB:
            self[at] = blank(style)

    def resize(self, columns: int) -> None:
        """Cut it off, or fill it up with blank cells."""
        del self[columns:]
        self.extend([blank(PLAIN)] * (columns - len(self)))
        if self and is_wide(self[-1]):
            self[-1] = blank(PLAIN)

    @property
    def length(self) -> int:
        """How many cells it has up to the last one that was written."""
        at = len(self)
        while at and self[at - 1][0] == "":
            at -= 1
        return at

    @property
    def text(self) -> str:
        """Its characters, without blanks at the end."""
        return "".join(data or " " for data, _ in self if data != STUB).rstrip()

    def runs(self) -> list[tuple[Style, list[str]]]:
        """Return its cells, those of one style together."""
        return [(style, [data for data, _ in cells]) for style, cells in groupby(self, key=_STYLE)]

    def _halve_before(self, at: int, style: Style) -> None:
        if 0 < at <= len(self) and is_wide(self[at - 1]):
            self[at - 1] = blank(style)
