"""The screen of a serial console, kept in the kernel: pyte's, with what pyte has not."""

import unicodedata
from collections import deque
from copy import copy

import pyte
from pyte import charsets
from pyte import modes as mo
from pyte.screens import Char, Margins, StaticDefaultDict
from wcwidth import wcwidth

from vmnb.console.render import line_ansi

__all__ = ["HISTORY_LINES", "VtScreen"]

HISTORY_LINES = 1000
"""Most lines kept above the screen."""

_ALTERNATE = frozenset({47, 1047, 1049})
_CURSOR_KEYS = 1 << 5
_COMBINING_MAX = 8
_SIZE_MAX = 1000

Line = StaticDefaultDict[int, Char]


class _Cells(dict[str, Char]):
    """The cell of each character with one set of attributes, made when first drawn."""

    def __init__(self, attributes: Char) -> None:
        super().__init__()
        self.attributes = attributes

    def __missing__(self, char: str) -> Char:
        cell = self[char] = self.attributes._replace(data=char)
        return cell


class VtScreen(pyte.Screen):
    """A screen with scrollback, the alternate screen, and bounds to what a guest can make of it.

    Attributes
    ----------
    history
        Lines that were scrolled off the top, as ANSI text, the oldest first.
    main
        The main screen and its cursor while the alternate one is shown, else None.
    keypad
        Whether the keypad sends application sequences (DECKPAM).
    """

    def __init__(self, columns: int, lines: int) -> None:
        self.history: deque[str] = deque(maxlen=HISTORY_LINES)
        self.main: tuple[dict[int, Line], pyte.screens.Cursor] | None = None
        self.keypad = False
        self._cells = _Cells(Char(" "))
        super().__init__(columns, lines)

    def reset(self) -> None:
        """Return to the state after power-on; the history is kept."""
        self.main = None
        self.keypad = False
        self.savepoints.clear()
        super().reset()

    def soft_reset(self) -> None:
        """Return modes, margins and attributes to their defaults (DECSTR)."""
        self.margins = None
        self.mode -= {mo.IRM, mo.DECOM, _CURSOR_KEYS}
        self.set_mode(mo.DECTCEM >> 5, private=True)
        self.select_graphic_rendition(0)
        self.keypad = False

    def draw(self, data: str) -> None:
        """Draw text at the cursor."""
        if data.isascii() and mo.IRM not in self.mode and self._plain_charset:
            self._draw_ascii(data)
        else:
            super().draw(_drawable(data))

    def index(self) -> None:
        """Move the cursor down; at the bottom the screen scrolls."""
        top, bottom = self.margins or Margins(0, self.lines - 1)
        if self.cursor.y == bottom:
            self._scroll(top, bottom)
        else:
            self.cursor_down()

    def next_line(self) -> None:
        """Move the cursor to the beginning of the next line (NEL)."""
        self.carriage_return()
        self.index()

    def scroll_up(self, count: int = 1) -> None:
        """Scroll the region up by `count` lines (SU)."""
        top, bottom = self.margins or Margins(0, self.lines - 1)
        for _ in range(min(count or 1, bottom - top + 1)):
            self._scroll(top, bottom)

    def scroll_down(self, count: int = 1) -> None:
        """Scroll the region down by `count` lines (SD)."""
        top, bottom = self.margins or Margins(0, self.lines - 1)
        for _ in range(min(count or 1, bottom - top + 1)):
            for y in range(bottom, top, -1):
                self.buffer[y] = self.buffer[y - 1]
            self.buffer.pop(top, None)

    def tab_back(self, count: int = 1) -> None:
        """Move the cursor back by `count` tab stops (CBT)."""
        for _ in range(min(count or 1, self.columns)):
            self.cursor.x = max((s for s in self.tabstops if s < self.cursor.x), default=0)

    def repeat(self, count: int = 1) -> None:
        """Draw the character left of the cursor again, `count` times (REP)."""
        if self.cursor.x:
            last = self.buffer[self.cursor.y][self.cursor.x - 1].data
            self.draw(last[:1] * min(count or 1, self.columns * self.lines))

    def save_cursor(self) -> None:
        """Remember the cursor in the one place that a terminal has for it."""
        self.savepoints.clear()
        super().save_cursor()

    def restore_cursor(self) -> None:
        """Return to the remembered cursor, which stays remembered."""
        kept = [point._replace(cursor=copy(point.cursor)) for point in self.savepoints]
        super().restore_cursor()
        self.savepoints = kept

    def set_mode(self, *modes: int, **kwargs: bool) -> None:
        """Set modes; those of the alternate screen show it, and 132 columns are not had."""
        private = kwargs.get("private", False)
        super().set_mode(*_known(modes, private), private=private)
        if private and _ALTERNATE & set(modes) and self.main is None:
            self.main = (dict(self.buffer), copy(self.cursor))
            self.buffer.clear()

    def reset_mode(self, *modes: int, **kwargs: bool) -> None:
        """Reset modes; those of the alternate screen return to the main one."""
        private = kwargs.get("private", False)
        super().reset_mode(*_known(modes, private), private=private)
        if private and _ALTERNATE & set(modes) and self.main is not None:
            (lines, cursor), self.main = self.main, None
            self.buffer.clear()
            self.buffer.update(lines)
            if 1049 in modes:
                self.cursor.x, self.cursor.y = cursor.x, cursor.y
                self.cursor.attrs = cursor.attrs

    def keypad_on(self) -> None:
        """Let the keypad send application sequences (DECKPAM)."""
        self.keypad = True

    def keypad_off(self) -> None:
        """Let the keypad send digits (DECKPNM)."""
        self.keypad = False

    def erase_in_display(self, how: int = 0, *, private: bool = False) -> None:
        """Erase a part of the screen, or the history (`how` is 3)."""
        if how == 3:
            self.history.clear()
        elif how < 3:
            super().erase_in_display(how, private=private)

    def erase_in_line(self, how: int = 0, private: bool = False) -> None:
        """Erase a part of the cursor's line."""
        if how < 3:
            super().erase_in_line(how, private=private)

    def resize(self, lines: int | None = None, columns: int | None = None) -> None:
        """Change the size; lines that no longer fit above the cursor go to the history."""
        lines = min(lines or self.lines, _SIZE_MAX)
        columns = min(columns or self.columns, _SIZE_MAX)
        for _ in range(self.cursor.y - lines + 1):
            self._scroll(0, self.lines - 1)
            self.cursor.y -= 1
        for y in [y for y in self.buffer if y >= lines]:
            del self.buffer[y]
        for line in self.buffer.values():
            for x in [x for x in line if x >= columns]:
                del line[x]
        self.lines, self.columns = lines, columns
        self.cursor.x = min(self.cursor.x, columns)
        self.margins = None
        self.tabstops = set(range(8, columns, 8))

    @property
    def _plain_charset(self) -> bool:
        charset = self.g1_charset if self.charset else self.g0_charset
        return charset is charsets.LAT1_MAP

    def _draw_ascii(self, data: str) -> None:
        if self.cursor.attrs is not self._cells.attributes:
            self._cells = _Cells(self.cursor.attrs)
        cells, at = self._cells, 0
        while at < len(data):
            if self.cursor.x >= self.columns:
                if mo.DECAWM in self.mode:
                    self.carriage_return()
                    self.linefeed()
                else:  # all but the last one would be drawn over
                    self.cursor.x, at = self.columns - 1, len(data) - 1
            x = self.cursor.x
            part = data[at : at + self.columns - x]
            at += len(part)
            self.cursor.x = x + len(part)
            self.buffer[self.cursor.y].update(
                zip(range(x, self.cursor.x), map(cells.__getitem__, part), strict=True)
            )

    def _scroll(self, top: int, bottom: int) -> None:
        if top == 0 and self.main is None:
            self.history.append(line_ansi(self.buffer[0], self.columns))
        kept = [self.buffer[y] for y in range(top + 1, bottom + 1)]
        self.buffer.update(zip(range(top, bottom), kept, strict=True))
        self.buffer.pop(bottom, None)


def _known(modes: tuple[int, ...], private: bool) -> list[int]:
    return [mode for mode in modes if not (private and mode == mo.DECCOLM >> 5)]


def _drawable(data: str) -> str:
    """Return `data` without what pyte stops at, and with few combining characters on each base."""
    kept, room = [], 0
    for char in data:
        if wcwidth(char) > 0:
            kept.append(char)
            room = _COMBINING_MAX
        elif room and unicodedata.combining(char):
            kept.append(char)
            room -= 1
    return "".join(kept)
