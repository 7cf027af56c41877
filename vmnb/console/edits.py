"""What erases, inserts, deletes and scrolls."""

from vmnb.console.cells import Line
from vmnb.console.params import Params, count_of
from vmnb.console.screen import VtScreen
from vmnb.console.style import PLAIN, erased

__all__ = [
    "align",
    "delete_characters",
    "delete_lines",
    "erase_characters",
    "erase_display",
    "erase_line",
    "insert_characters",
    "insert_lines",
    "scroll_down",
    "scroll_up",
    "shift_columns",
]


def erase_display(screen: VtScreen, params: Params) -> None:
    """Erase a part of the screen, or the history (ED)."""
    screen.clamp(screen.columns)
    shown, style = screen.shown, erased(screen.style)
    how = params[0][0]
    if how == 0:
        erase_line(screen, params)
        _blank(screen, shown.y + 1, screen.lines)
    elif how == 1:
        shown.line.erase(0, shown.x + 1, style)
        shown.line.wrapped = False
        if shown.x + 1 >= screen.columns and shown.y + 1 < screen.lines:
            shown.lines[shown.y + 1].wrapped = False
        _blank(screen, 0, shown.y)
    elif how == 2:
        _blank(screen, 0, screen.lines)
    elif how == 3 and shown.history is not None:
        shown.history.clear()


def _blank(screen: VtScreen, start: int, end: int) -> None:
    style = erased(screen.style)
    for y in range(start, end):
        screen.shown.lines[y] = Line.empty(screen.columns, style)


def erase_line(screen: VtScreen, params: Params) -> None:
    """Erase a part of the cursor's line (EL)."""
    screen.clamp(screen.columns)
    shown, how = screen.shown, params[0][0]
    if how > 2:
        return
    start = 0 if how else shown.x
    end = shown.x + 1 if how == 1 else screen.columns
    shown.line.erase(start, end, erased(screen.style))
    if how != 1 and start == 0:
        shown.line.wrapped = False


def erase_characters(screen: VtScreen, params: Params) -> None:
    """Erase characters from the cursor on (ECH)."""
    screen.clamp()
    shown = screen.shown
    shown.line.erase(shown.x, shown.x + count_of(params), erased(screen.style))


def insert_characters(screen: VtScreen, params: Params) -> None:
    """Insert blank characters at the cursor (ICH)."""
    screen.clamp()
    screen.shown.line.insert(screen.shown.x, count_of(params), erased(screen.style))


def delete_characters(screen: VtScreen, params: Params) -> None:
    """Delete characters at the cursor (DCH)."""
    screen.clamp()
    screen.shown.line.delete(screen.shown.x, count_of(params), erased(screen.style))


def _in_region(screen: VtScreen) -> bool:
    return screen.shown.top <= screen.shown.y <= screen.shown.bottom


def insert_lines(screen: VtScreen, params: Params) -> None:
    """Insert blank lines at the cursor (IL)."""
    screen.clamp()
    if _in_region(screen):
        screen.shown.push(screen.shown.y, count_of(params), erased(screen.style))
        screen.shown.x = 0


def delete_lines(screen: VtScreen, params: Params) -> None:
    """Delete lines at the cursor (DL)."""
    screen.clamp()
    if _in_region(screen):
        screen.shown.drop(screen.shown.y, count_of(params), erased(screen.style))
        screen.shown.x = 0


def scroll_up(screen: VtScreen, params: Params) -> None:
    """Scroll the region up (SU)."""
    screen.shown.drop(screen.shown.top, count_of(params), erased(screen.style))


def scroll_down(screen: VtScreen, params: Params) -> None:
    """Scroll the region down (SD)."""
    screen.shown.push(screen.shown.top, count_of(params), PLAIN)


def shift_columns(screen: VtScreen, at: int, count: int) -> None:
    """Insert columns in the region at `at`, or delete some where `count` is negative."""
    if _in_region(screen):
        at %= screen.columns
        style = erased(screen.style)
        for line in screen.shown.lines[screen.shown.top : screen.shown.bottom + 1]:
            if count > 0:
                line.insert(at, count, style)
            else:
                line.delete(at, -count, style)
            line.wrapped = False


def align(screen: VtScreen) -> None:
    """Fill the screen with E (DECALN)."""
    screen.move_to(0, 0)
    for y in range(screen.shown.y, screen.lines):
        screen.shown.lines[y] = Line([("E", screen.style)] * screen.columns)
    screen.move_to(0, 0)
