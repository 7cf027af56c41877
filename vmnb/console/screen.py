"""The screen of a serial console, kept in the kernel, to be what the views have.

It does what xterm.js does with the same bytes, which the views are: another emulator's idea of a
sequence would show after a reload. What a terminal remembers beyond its cells is kept, too: the
colours as they were named, the erased cells, both screens, margins, saved cursors.
"""

from collections import deque

from vmnb.console.buffer import Buffer, Saved
from vmnb.console.cells import STUB, Cell, Line, blank, is_wide
from vmnb.console.charsets import CHARSETS, translated
from vmnb.console.modes import ALTERNATE, Modes
from vmnb.console.reflow import reflowed
from vmnb.console.style import PLAIN, Style, erased
from vmnb.console.widths import char_width

__all__ = ["HISTORY_LINES", "VtScreen"]

HISTORY_LINES = 1000
"""Most lines kept above the screen."""

_COMBINING_MAX = 8
_SIZE_MAX = 1000
_COLUMNS_MIN = 2  # a wide character must fit in


class _Cells(dict[str, Cell]):
    """The cell of each character in one style, made when first drawn."""

    def __init__(self, style: Style) -> None:
        super().__init__()
        self.style = style

    def __missing__(self, char: str) -> Cell:
        cell = self[char] = (char, self.style)
        return cell


class VtScreen:
    """Two screens, of which one is shown, and what is drawn next on it.

    Attributes
    ----------
    main, alternate
        The screens; only the main one has a history.
    shown
        The one of them that is drawn on.
    style
        How the next character looks.
    last_width
        The width of the character that was drawn just now, which others may join; else 0.
    charset, charsets, level
        The character set in use; the four that were designated, and which of them was selected.
    """

    def __init__(self, columns: int, lines: int) -> None:
        self.history: deque[Line] = deque(maxlen=HISTORY_LINES)
        self.modes = Modes()
        self._begin(*_bounded(columns, lines))

    @property
    def columns(self) -> int:
        """Its width."""
        return self.main.columns

    @property
    def lines(self) -> int:
        """Its height."""
        return self.main.rows

    def _begin(self, columns: int, lines: int) -> None:
        self.main = Buffer(columns, lines, self.history)
        self.alternate = Buffer(columns, lines)
        self.shown = self.main
        self.style = PLAIN
        self._cells = _Cells(PLAIN)
        self.select_default_charsets()
        self.forget_character()

    def reset(self) -> None:
        """Return to the state after power-on, without a history (RIS)."""
        self.history.clear()
        self.modes.reset()
        self._begin(self.columns, self.lines)

    def soft_reset(self) -> None:
        """Return modes, margins and style to their defaults (DECSTR)."""
        self.modes.soft_reset()
        self.shown.reset_margins()
        self.style = PLAIN
        self.select_default_charsets()
        self.shown.saved = Saved()

    def select_default_charsets(self) -> None:
        """Let every character set be ASCII."""
        self.charset, self.charsets, self.level = "", ["", "", "", ""], 0

    def forget_character(self) -> None:
        """Let nothing join, and nothing repeat, the character drawn last."""
        self.last_width = 0

    def draw(self, text: str) -> None:
        """Draw text without control characters at the cursor."""
        if self.charset in CHARSETS:
            text = translated(text, self.charset)
        if self._cells.style is not self.style:
            self._cells = _Cells(self.style)
        at, line = self.shown.x, self.shown.line
        if at and is_wide(line[at - 1]):
            line[at - 1] = blank(self.style)
        if text.isascii() and not self.modes.insert:
            self._draw_ascii(text)
        else:
            for char in text:
                self._draw_one(char)
        at, line = self.shown.x, self.shown.line
        if at < self.columns and line[at][0] == STUB:
            line[at] = blank(self.style)

    def repeat(self, count: int) -> None:
        """Draw the character left of the cursor again, if it was drawn just now (REP)."""
        at = self.shown.x - self.last_width
        if self.last_width and at >= 0:
            data = self.shown.line[at][0]
            self.draw(data.replace(STUB, "") * count)

    def show(self, *, alternate: bool) -> None:
        """Show one of the two screens; the cursor stays where it is, the alternate one is empty."""
        target = self.alternate if alternate else self.main
        if target is self.shown:
            return
        x, y = self.shown.x, self.shown.y
        if alternate:
            target.clear(self.columns, self.lines, erased(self.style))
        self.shown = target
        target.x, target.y = x, y

    def save_cursor(self) -> None:
        """Remember the cursor, its style and character set (DECSC)."""
        shown = self.shown
        shown.saved = Saved(shown.x, shown.y, self.style, self.charset)

    def restore_cursor(self) -> None:
        """Return to the cursor that was remembered (DECRC)."""
        saved = self.shown.saved
        self.shown.x, self.shown.y = saved.x, saved.y
        self.style, self.charset = saved.style, saved.charset
        self.clamp()

    def set_private_mode(self, mode: int, *, on: bool) -> None:
        """Set or reset a mode with a question mark (DECSET, DECRST)."""
        self.modes.set(mode, on)
        if mode == 6:
            self.move_to(0, 0)
        elif mode == 2 and on:
            self.charset, self.charsets = "", ["", "", "", ""]
        elif mode == 1048 or (mode == 1049 and on):
            (self.save_cursor if on else self.restore_cursor)()
        if mode in ALTERNATE:
            self.show(alternate=on)
            if mode == 1049 and not on:
                self.restore_cursor()

    def move_to(self, x: int, y: int) -> None:
        """Put the cursor somewhere, counted from the region where the origin mode is on."""
        self.shown.x = x
        self.shown.y = y + (self.shown.top if self.modes.origin else 0)
        self.clamp()

    def clamp(self, last: int | None = None) -> None:
        """Keep the cursor where it may be; in columns up to `last`."""
        self.shown.clamp(origin=self.modes.origin, last=last)

    def line_feed(self) -> None:
        """Move the cursor down (LF)."""
        shown = self.shown
        if self.modes.newline:
            shown.x = 0
        if not shown.down(erased(self.style)):
            shown.line.wrapped = shown.line.wrapped and shown.y == self.lines - 1
        shown.x = min(shown.x, self.columns - 1)

    def resize(self, lines: int, columns: int) -> None:
        """Change the size; the main screen's text is broken anew, the alternate one's is cut."""
        columns, lines = _bounded(columns, lines)
        if (columns, lines) != (self.columns, self.lines):
            for buffer in (self.main, self.alternate):
                reflowed(buffer, columns, lines)
            self.forget_character()

    def _draw_ascii(self, text: str) -> None:
        cells, shown, columns, at = self._cells, self.shown, self.columns, 0
        while at < len(text):
            if shown.x >= columns:
                if self.modes.wrap:
                    self._wrap()
                else:  # all but the last one would be drawn over
                    shown.x, at = columns - 1, len(text) - 1
            x = shown.x
            part = text[at : at + columns - x]
            at += len(part)
            shown.x = x + len(part)
            shown.line[x : shown.x] = map(cells.__getitem__, part)
        self.last_width = 1

    def _draw_one(self, char: str) -> None:
        shown, columns = self.shown, self.columns
        width = char_width(char)
        if width == 0 and self.last_width:
            self._join(char)
            return
        if shown.x + width > columns:
            if not self.modes.wrap:
                shown.x = columns - 1
                if width == 2:
                    self.last_width = width
                    return
            else:
                shown.line[shown.x :] = [blank(self.style)] * (columns - shown.x)
                self._wrap()
        line = shown.line
        if self.modes.insert:
            line.insert(shown.x, width, self.style)
        if shown.x < columns:
            line[shown.x] = self._cells[char]
            shown.x += 1
        if width == 2:
            line[shown.x] = (STUB, self.style)
            shown.x += 1
        self.last_width = width

    def _join(self, char: str) -> None:
        shown = self.shown
        at = shown.x - 1
        if at < 0:
            return
        if at and shown.line[at][0] == STUB:
            at -= 1
        data, style = shown.line[at]
        if len(data) <= _COMBINING_MAX:
            shown.line[at] = (data + char, style)

    def _wrap(self) -> None:
        shown = self.shown
        shown.x = 0
        if not shown.down(erased(self.style), wrapped=True):
            shown.line.wrapped = True


def _bounded(columns: int, lines: int) -> tuple[int, int]:
    return min(max(columns, _COLUMNS_MIN), _SIZE_MAX), min(max(lines, 1), _SIZE_MAX)
