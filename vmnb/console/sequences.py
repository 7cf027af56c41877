"""What each control character and each sequence does to a screen."""

from collections.abc import Callable

from vmnb.console import edits, moves
from vmnb.console.charsets import KNOWN
from vmnb.console.params import Params, count_of
from vmnb.console.screen import VtScreen
from vmnb.console.style import restyled

__all__ = ["CONTROLS", "COUNT_MAX", "ESCAPES", "SEQUENCES", "designate"]

Act = Callable[[VtScreen], None]
Sequence = Callable[[VtScreen, Params], None]

COUNT_MAX = 9999
"""Most times that a sequence may ask for something that a terminal does one by one."""


def _bounded(act: Sequence) -> Sequence:
    """Pass over what only keeps a terminal busy; the views' guard does, too."""
    return lambda screen, params: act(screen, params) if params[0][0] <= COUNT_MAX else None


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


CONTROLS: dict[str, Act] = {
    "\b": moves.backspace,
    "\t": moves.tab,
    "\n": VtScreen.line_feed,
    "\v": VtScreen.line_feed,
    "\f": VtScreen.line_feed,
    "\r": moves.carriage_return,
    "\x0e": _select(1),
    "\x0f": _select(0),
}
"""By character."""

ESCAPES: dict[str, Act] = {
    "7": VtScreen.save_cursor,
    "8": VtScreen.restore_cursor,
    "D": moves.index,
    "E": moves.next_line,
    "H": lambda screen: screen.shown.tabs.add(screen.shown.x),
    "M": moves.reverse_index,
    "=": _keypad(on=True),
    ">": _keypad(on=False),
    "c": VtScreen.reset,
    "n": _select(2),
    "o": _select(3),
    "|": _select(3),
    "}": _select(2),
    "~": _select(1),
    "#8": edits.align,
    "%@": _default_charset,
    "%G": _default_charset,
}
"""By what follows the escape character."""

SEQUENCES: dict[str, Sequence] = {
    "@": edits.insert_characters,
    " @": lambda screen, params: edits.shift_columns(screen, 0, -count_of(params)),
    " A": lambda screen, params: edits.shift_columns(screen, 0, count_of(params)),
    "'}": lambda screen, params: edits.shift_columns(screen, screen.shown.x, count_of(params)),
    "'~": lambda screen, params: edits.shift_columns(screen, screen.shown.x, -count_of(params)),
    "A": moves.up,
    "B": moves.down,
    "C": lambda screen, params: moves.move(screen, count_of(params), 0),
    "D": lambda screen, params: moves.move(screen, -count_of(params), 0),
    "E": moves.lines_down,
    "F": moves.lines_up,
    "G": lambda screen, params: screen.move_to(count_of(params) - 1, screen.shown.y),
    "H": moves.position,
    "I": _bounded(moves.tabs),
    "J": edits.erase_display,
    "?J": edits.erase_display,
    "K": edits.erase_line,
    "?K": edits.erase_line,
    "L": _bounded(edits.insert_lines),
    "M": _bounded(edits.delete_lines),
    "P": edits.delete_characters,
    "S": _bounded(edits.scroll_up),
    "T": _bounded(edits.scroll_down),
    "X": edits.erase_characters,
    "Z": _bounded(moves.tabs_back),
    "`": lambda screen, params: screen.move_to(count_of(params) - 1, screen.shown.y),
    "a": lambda screen, params: moves.move(screen, count_of(params), 0),
    "b": _bounded(lambda screen, params: screen.repeat(count_of(params))),
    "d": lambda screen, params: screen.move_to(screen.shown.x, count_of(params) - 1),
    "e": lambda screen, params: moves.move(screen, 0, count_of(params)),
    "f": moves.position,
    "g": moves.clear_tabs,
    "h": _modes(on=True),
    "?h": _private_modes(on=True),
    "l": _modes(on=False),
    "?l": _private_modes(on=False),
    "m": _restyle,
    "!p": lambda screen, _: screen.soft_reset(),
    " q": _cursor_style,
    "r": moves.set_margins,
    "s": lambda screen, _: screen.save_cursor(),
    "u": lambda screen, _: screen.restore_cursor(),
}
"""By what is before and after the parameters of CSI."""
