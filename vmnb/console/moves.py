"""What moves the cursor: control characters and sequences, within the screen and its region."""

from vmnb.console.params import Params, count_of, second_of
from vmnb.console.screen import VtScreen
from vmnb.console.style import erased

__all__ = [
    "backspace",
    "carriage_return",
    "clear_tabs",
    "down",
    "index",
    "lines_down",
    "lines_up",
    "move",
    "next_line",
    "position",
    "reverse_index",
    "set_margins",
    "tab",
    "tabs",
    "tabs_back",
    "up",
]


def carriage_return(screen: VtScreen) -> None:
    """Move the cursor to the line's beginning (CR)."""
    screen.shown.x = 0


def backspace(screen: VtScreen) -> None:
    """Move the cursor left, or with reverse wrap to the line above (BS)."""
    shown = screen.shown
    reverse = 45 in screen.modes.private
    screen.clamp(screen.columns if reverse else None)
    if shown.x > 0:
        shown.x -= 1
    elif reverse and shown.top < shown.y <= shown.bottom and shown.line.wrapped:
        shown.line.wrapped = False
        shown.y -= 1
        shown.x = screen.columns - 1
        if shown.line[shown.x][0] == "":
            shown.x -= 1
    screen.clamp()


def tab(screen: VtScreen) -> None:
    """Move the cursor to the next tab stop (HT)."""
    if screen.shown.x < screen.columns:
        screen.shown.next_tab()


def tabs(screen: VtScreen, params: Params) -> None:
    """Move the cursor on by tab stops (CHT)."""
    if screen.shown.x < screen.columns:
        for _ in range(min(count_of(params), screen.columns)):
            screen.shown.next_tab()


def tabs_back(screen: VtScreen, params: Params) -> None:
    """Move the cursor back by tab stops (CBT)."""
    if screen.shown.x < screen.columns:
        for _ in range(min(count_of(params), screen.columns)):
            screen.shown.previous_tab()


def clear_tabs(screen: VtScreen, params: Params) -> None:
    """Remove the tab stop at the cursor, or all (TBC)."""
    if params[0][0] == 0:
        screen.shown.tabs.discard(screen.shown.x)
    elif params[0][0] == 3:
        screen.shown.tabs.clear()


def index(screen: VtScreen) -> None:
    """Move the cursor down, or scroll (IND)."""
    screen.clamp()
    screen.shown.down(erased(screen.style))


def next_line(screen: VtScreen) -> None:
    """Move the cursor to the next line's beginning, or scroll (NEL)."""
    screen.shown.x = 0
    index(screen)


def reverse_index(screen: VtScreen) -> None:
    """Move the cursor up, or scroll back (RI)."""
    screen.clamp()
    screen.shown.up(erased(screen.style))
    screen.clamp()


def move(screen: VtScreen, dx: int, dy: int) -> None:
    """Move the cursor, to where it then is in the region where the origin mode is on."""
    screen.clamp()
    screen.move_to(screen.shown.x + dx, screen.shown.y + dy)


def up(screen: VtScreen, params: Params) -> None:
    """Move the cursor up, not out of the region (CUU)."""
    room = screen.shown.y - screen.shown.top
    move(screen, 0, -(min(room, count_of(params)) if room >= 0 else count_of(params)))


def down(screen: VtScreen, params: Params) -> None:
    """Move the cursor down, not out of the region (CUD)."""
    room = screen.shown.bottom - screen.shown.y
    move(screen, 0, min(room, count_of(params)) if room >= 0 else count_of(params))


def lines_down(screen: VtScreen, params: Params) -> None:
    """Move the cursor to the beginning of a line below (CNL)."""
    down(screen, params)
    screen.shown.x = 0


def lines_up(screen: VtScreen, params: Params) -> None:
    """Move the cursor to the beginning of a line above (CPL)."""
    up(screen, params)
    screen.shown.x = 0


def position(screen: VtScreen, params: Params) -> None:
    """Put the cursor somewhere (CUP)."""
    screen.move_to((second_of(params) or 1) - 1, count_of(params) - 1)


def set_margins(screen: VtScreen, params: Params) -> None:
    """Choose the region that scrolls (DECSTBM)."""
    top, bottom = count_of(params), second_of(params)
    if bottom == 0 or bottom > screen.lines:
        bottom = screen.lines
    if bottom > top:
        screen.shown.top, screen.shown.bottom = top - 1, bottom - 1
        screen.move_to(0, 0)
