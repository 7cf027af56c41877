"""One of a terminal's two screens: its lines, cursor, margins and tab stops."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from vmnb.console.cells import Line
from vmnb.console.style import PLAIN, Style

__all__ = ["Buffer", "Saved"]

_TAB = 8


@dataclass(frozen=True, slots=True)
class Saved:
    """A cursor that was saved: its place, its style, and its character set."""

    x: int = 0
    y: int = 0
    style: Style = PLAIN
    charset: str = ""


class Buffer:
    """A screen of `columns` by `rows`.

    Attributes
    ----------
    x, y
        The cursor; `x` is one behind the last column when the next character wraps.
    top, bottom
        The first and the last line of the region that scrolls.
    history
        Lines that were scrolled off the top, the oldest first; None where they are lost.
    """

    def __init__(self, columns: int, rows: int, history: deque[Line] | None = None) -> None:
        self.history = history
        self.saved = Saved()
        self.clear(columns, rows)

    def clear(self, columns: int, rows: int, style: Style = PLAIN) -> None:
        """Begin anew, but for the history and the saved cursor."""
        self.columns, self.rows = columns, rows
        self.lines = [Line.empty(columns, style) for _ in range(rows)]
        self.x = self.y = 0
        self.tabs = default_tabs(columns)
        self.reset_margins()

    def reset_margins(self) -> None:
        """Let the whole screen scroll."""
        self.top, self.bottom = 0, self.rows - 1

    @property
    def line(self) -> Line:
        """The cursor's line."""
        return self.lines[self.y]

    def down(self, style: Style, *, wrapped: bool = False) -> bool:
        """Move the cursor down; at the region's end that scrolls. Return whether it did."""
        if self.y == self.bottom:
            self.scroll(style, wrapped=wrapped)
            return True
        self.y = min(self.y + 1, self.rows - 1)
        return False

    def up(self, style: Style) -> None:
        """Move the cursor up; at the region's beginning that scrolls back (RI)."""
        if self.y == self.top:
            self.pull(style)
        else:
            self.y = max(self.y - 1, 0)

    def scroll(self, style: Style, *, wrapped: bool = False) -> None:
        """Scroll the region up by a line, which goes to the history if it is the screen's first."""
        gone = self.lines.pop(self.top)
        self.lines.insert(self.bottom, Line.empty(self.columns, style, wrapped=wrapped))
        if self.top == 0 and self.history is not None:
            self.history.append(gone)
            self.saved = Saved(
                self.saved.x, max(self.saved.y - 1, 0), self.saved.style, self.saved.charset
            )

    def drop(self, at: int, count: int, style: Style) -> None:
        """Take lines away at `at`; blank ones come in at the region's end."""
        for _ in range(min(count, self.bottom - at + 1)):
            del self.lines[at]
            self.lines.insert(self.bottom, Line.empty(self.columns, style))

    def push(self, at: int, count: int, style: Style) -> None:
        """Put blank lines at `at`; those at the region's end are lost."""
        for _ in range(min(count, self.bottom - at + 1)):
            del self.lines[self.bottom]
            self.lines.insert(at, Line.empty(self.columns, style))

    def pull(self, style: Style) -> None:
        """Scroll the region down by a line."""
        self.push(self.top, 1, style)

    def clamp(self, *, origin: bool, last: int | None = None) -> None:
        """Keep the cursor on the screen, and in the region where `origin` is on."""
        first, end = (self.top, self.bottom) if origin else (0, self.rows - 1)
        self.x = min(max(self.x, 0), self.columns - 1 if last is None else last)
        self.y = min(max(self.y, first), end)

    def next_tab(self) -> None:
        """Move the cursor to the next tab stop."""
        ahead: Iterable[int] = (stop for stop in self.tabs if stop > self.x)
        self.x = min(ahead, default=self.columns - 1)

    def previous_tab(self) -> None:
        """Move the cursor to the tab stop before it."""
        self.x = max((stop for stop in self.tabs if stop < self.x), default=0)


def default_tabs(columns: int) -> set[int]:
    """Return a tab stop at each eighth column."""
    return set(range(0, columns, _TAB))
