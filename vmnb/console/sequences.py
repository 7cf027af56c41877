"""What each control character and each sequence does to a screen."""

from collections.abc import Callable

from vmnb.console.cells import Line
from vmnb.console.charsets import KNOWN
from vmnb.console.screen import VtScreen
from vmnb.console.style import PLAIN, Params, erased, restyled

__all__ = ["CONTROLS", "ESCAPES", "SEQUENCES", "designate"]

Act = Callable[[VtScreen], None]
Sequence = Callable[[VtScreen, Params], None]

COUNT_MAX = 9999
"""Most times that a sequence may ask for something that a terminal does one by one."""


def _count(params: Params) -> int:
    return params[0][0] or 1


def _bounded(act: Sequence) -> Sequence:
    """Pass over what only keeps a terminal busy; the views' guard does, too."""
    return lambda screen, params: act(screen, params) if params[0][0] <= COUNT_MAX else None


def _second(params: Params) -> int:
    return params[1][0] if len(params) > 1 else 0


def _carriage_return(screen: VtScreen) -> None:
    screen.shown.x = 0


def _backspace(screen: VtScreen) -> None:
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


def _tab(screen: VtScreen) -> None:
    if screen.shown.x < screen.columns:
        screen.shown.next_tab()


def _tabs(screen: VtScreen, params: Params) -> None:
    if screen.shown.x < screen.columns:
        for _ in range(min(_count(params), screen.columns)):
            screen.shown.next_tab()


def _tabs_back(screen: VtScreen, params: Params) -> None:
    if screen.shown.x < screen.columns:
        for _ in range(min(_count(params), screen.columns)):
            screen.shown.previous_tab()


def _clear_tabs(screen: VtScreen, params: Params) -> None:
    if params[0][0] == 0:
        screen.shown.tabs.discard(screen.shown.x)
    elif params[0][0] == 3:
        screen.shown.tabs.clear()


def _select(level: int) -> Act:
    def select(screen: VtScreen) -> None:
        screen.level, screen.charset = level, screen.charsets[level]

    return select


def designate(screen: VtScreen, slot: str, charset: str) -> None:
    """Let one of the four character sets be another (SCS)."""
    if charset in KNOWN and slot in "()*+-.":
        level = "()*+".find(slot) if slot in "()*+" else "-.".find(slot) + 1
        screen.charsets[level] = "" if charset == "B" else charset
        if screen.level == level:
            screen.charset = screen.charsets[level]


def _default_charset(screen: VtScreen) -> None:
    screen.level, screen.charset, screen.charsets[0] = 0, "", ""


def _index(screen: VtScreen) -> None:
    screen.clamp()
    screen.shown.down(erased(screen.style))


def _next_line(screen: VtScreen) -> None:
    screen.shown.x = 0
    _index(screen)


def _reverse_index(screen: VtScreen) -> None:
    screen.clamp()
    screen.shown.up(erased(screen.style))
    screen.clamp()


def _move(screen: VtScreen, dx: int, dy: int) -> None:
    """Move the cursor, to where it then is in the region where the origin mode is on."""
    screen.clamp()
    screen.move_to(screen.shown.x + dx, screen.shown.y + dy)


def _up(screen: VtScreen, params: Params) -> None:
    room = screen.shown.y - screen.shown.top
    _move(screen, 0, -(min(room, _count(params)) if room >= 0 else _count(params)))


def _down(screen: VtScreen, params: Params) -> None:
    room = screen.shown.bottom - screen.shown.y
    _move(screen, 0, min(room, _count(params)) if room >= 0 else _count(params))


def _lines_down(screen: VtScreen, params: Params) -> None:
    _down(screen, params)
    screen.shown.x = 0


def _lines_up(screen: VtScreen, params: Params) -> None:
    _up(screen, params)
    screen.shown.x = 0


def _position(screen: VtScreen, params: Params) -> None:
    screen.move_to((_second(params) or 1) - 1, _count(params) - 1)


def _erase_display(screen: VtScreen, params: Params) -> None:
    screen.clamp(screen.columns)
    shown, style = screen.shown, erased(screen.style)
    how = params[0][0]
    if how == 0:
        _erase_line(screen, params)
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


def _erase_line(screen: VtScreen, params: Params) -> None:
    screen.clamp(screen.columns)
    shown, how = screen.shown, params[0][0]
    if how > 2:
        return
    start = 0 if how else shown.x
    end = shown.x + 1 if how == 1 else screen.columns
    shown.line.erase(start, end, erased(screen.style))
    if how != 1 and start == 0:
        shown.line.wrapped = False


def _erase_characters(screen: VtScreen, params: Params) -> None:
    screen.clamp()
    shown = screen.shown
    shown.line.erase(shown.x, shown.x + _count(params), erased(screen.style))


def _insert_characters(screen: VtScreen, params: Params) -> None:
    screen.clamp()
    screen.shown.line.insert(screen.shown.x, _count(params), erased(screen.style))


def _delete_characters(screen: VtScreen, params: Params) -> None:
    screen.clamp()
    screen.shown.line.delete(screen.shown.x, _count(params), erased(screen.style))


def _in_region(screen: VtScreen) -> bool:
    return screen.shown.top <= screen.shown.y <= screen.shown.bottom


def _insert_lines(screen: VtScreen, params: Params) -> None:
    screen.clamp()
    if _in_region(screen):
        screen.shown.push(screen.shown.y, _count(params), erased(screen.style))
        screen.shown.x = 0


def _delete_lines(screen: VtScreen, params: Params) -> None:
    screen.clamp()
    if _in_region(screen):
        screen.shown.drop(screen.shown.y, _count(params), erased(screen.style))
        screen.shown.x = 0


def _scroll_up(screen: VtScreen, params: Params) -> None:
    screen.shown.drop(screen.shown.top, _count(params), erased(screen.style))


def _scroll_down(screen: VtScreen, params: Params) -> None:
    screen.shown.push(screen.shown.top, _count(params), PLAIN)


def _columns(screen: VtScreen, at: int, count: int) -> None:
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


def _margins(screen: VtScreen, params: Params) -> None:
    top, bottom = _count(params), _second(params)
    if bottom == 0 or bottom > screen.lines:
        bottom = screen.lines
    if bottom > top:
        screen.shown.top, screen.shown.bottom = top - 1, bottom - 1
        screen.move_to(0, 0)


def _modes(on: bool) -> Sequence:
    def switch(screen: VtScreen, params: Params) -> None:
        for mode, *_ in params:
            if mode == 4:
                screen.modes.insert = on
            elif mode == 20:
                screen.modes.newline = on

    return switch


def _private_modes(on: bool) -> Sequence:
    def switch(screen: VtScreen, params: Params) -> None:
        for mode, *_ in params:
            screen.set_private_mode(mode, on=on)

    return switch


def _keypad(on: bool) -> Act:
    return lambda screen: screen.modes.set(66, on)


def _cursor_style(screen: VtScreen, params: Params) -> None:
    if params[0][0] <= 6:
        screen.modes.cursor_style = params[0][0]


def _restyle(screen: VtScreen, params: Params) -> None:
    screen.style = restyled(screen.style, params)


def _align(screen: VtScreen) -> None:
    """Fill the screen with E (DECALN)."""
    screen.move_to(0, 0)
    for y in range(screen.shown.y, screen.lines):
        screen.shown.lines[y] = Line([("E", screen.style)] * screen.columns)
    screen.move_to(0, 0)


CONTROLS: dict[str, Act] = {
    "\b": _backspace,
    "\t": _tab,
    "\n": VtScreen.line_feed,
    "\v": VtScreen.line_feed,
    "\f": VtScreen.line_feed,
    "\r": _carriage_return,
    "\x0e": _select(1),
    "\x0f": _select(0),
}
"""By character."""

ESCAPES: dict[str, Act] = {
    "7": VtScreen.save_cursor,
    "8": VtScreen.restore_cursor,
    "D": _index,
    "E": _next_line,
    "H": lambda screen: screen.shown.tabs.add(screen.shown.x),
    "M": _reverse_index,
    "=": _keypad(on=True),
    ">": _keypad(on=False),
    "c": VtScreen.reset,
    "n": _select(2),
    "o": _select(3),
    "|": _select(3),
    "}": _select(2),
    "~": _select(1),
    "#8": _align,
    "%@": _default_charset,
    "%G": _default_charset,
}
"""By what follows the escape character."""

SEQUENCES: dict[str, Sequence] = {
    "@": _insert_characters,
    " @": lambda screen, params: _columns(screen, 0, -_count(params)),
    " A": lambda screen, params: _columns(screen, 0, _count(params)),
    "'}": lambda screen, params: _columns(screen, screen.shown.x, _count(params)),
    "'~": lambda screen, params: _columns(screen, screen.shown.x, -_count(params)),
    "A": _up,
    "B": _down,
    "C": lambda screen, params: _move(screen, _count(params), 0),
    "D": lambda screen, params: _move(screen, -_count(params), 0),
    "E": _lines_down,
    "F": _lines_up,
    "G": lambda screen, params: screen.move_to(_count(params) - 1, screen.shown.y),
    "H": _position,
    "I": _bounded(_tabs),
    "J": _erase_display,
    "?J": _erase_display,
    "K": _erase_line,
    "?K": _erase_line,
    "L": _bounded(_insert_lines),
    "M": _bounded(_delete_lines),
    "P": _delete_characters,
    "S": _bounded(_scroll_up),
    "T": _bounded(_scroll_down),
    "X": _erase_characters,
    "Z": _bounded(_tabs_back),
    "`": lambda screen, params: screen.move_to(_count(params) - 1, screen.shown.y),
    "a": lambda screen, params: _move(screen, _count(params), 0),
    "b": _bounded(lambda screen, params: screen.repeat(_count(params))),
    "d": lambda screen, params: screen.move_to(screen.shown.x, _count(params) - 1),
    "e": lambda screen, params: _move(screen, 0, _count(params)),
    "f": _position,
    "g": _clear_tabs,
    "h": _modes(on=True),
    "?h": _private_modes(on=True),
    "l": _modes(on=False),
    "?l": _private_modes(on=False),
    "m": _restyle,
    "!p": lambda screen, _: screen.soft_reset(),
    " q": _cursor_style,
    "r": _margins,
    "s": lambda screen, _: screen.save_cursor(),
    "u": lambda screen, _: screen.restore_cursor(),
}
"""By what is before and after the parameters of CSI."""
