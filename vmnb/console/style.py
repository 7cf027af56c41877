"""How a cell looks: colours as the guest named them, so that a theme or a view may still differ."""

from functools import lru_cache
from typing import NamedTuple

from vmnb.console.params import Params

__all__ = ["PLAIN", "Style", "erased", "restyled", "sgr"]


class Style(NamedTuple):
    """Attributes and colours of a cell.

    Parameters
    ----------
    flags
        Parameters of SGR that are on: bold, italic, ….
    underline
        0 for none, else the style: 1 straight, 2 double, 3 curly, 4 dotted, 5 dashed.
    fg, bg, line
        A colour each, of text, ground and underline: what selects it after 30, 40 or 50, such as
        ``"1"``, ``"8;5;200"``, ``"8;2;1;2;3"``; ``""`` is the terminal's own. Bright colours of the
        text and the ground have 60 more: ``"61"``.
    """

    flags: frozenset[int] = frozenset()
    underline: int = 0
    fg: str = ""
    bg: str = ""
    line: str = ""


PLAIN = Style()

_ON = frozenset({1, 2, 3, 5, 7, 8, 9, 53})
_OFF = {22: {1, 2}, 23: {3}, 25: {5}, 27: {7}, 28: {8}, 29: {9}, 55: {53}}
_UNDERLINE_MAX = 5


def erased(style: Style) -> Style:
    """Return the style of a cell erased while `style` is on: its ground alone."""
    return PLAIN if not style.bg else Style(bg=style.bg)


@lru_cache(4096)
def sgr(style: Style) -> str:
    """Return the sequence that selects `style`, whatever was on before."""
    parts = ["0", *map(str, sorted(style.flags))]
    if style.underline:
        parts.append("4" if style.underline == 1 else f"4:{style.underline}")
    for base, colour in ((30, style.fg), (40, style.bg), (50, style.line)):
        if colour:
            first, _, rest = colour.partition(";")
            parts.append(f"{base + int(first)}{';' if rest else ''}{rest}")
    return f"\x1b[{';'.join(parts)}m"


def restyled(style: Style, params: Params) -> Style:
    """Return what `style` becomes by SGR with `params`."""
    at = 0
    while at < len(params):
        code = params[at][0]
        if code in (38, 48, 58):
            used, colour = _colour(params[at:])
            at += used
            if colour:
                style = _coloured(style, code // 10 * 10, colour)
        else:
            style = _selected(style, code, params[at][1:])
        at += 1
    return style


def _selected(style: Style, code: int, sub: tuple[int, ...]) -> Style:
    if code == 0:
        return PLAIN
    if code in _ON:
        return style._replace(flags=style.flags | {code})
    if code in _OFF:
        return style._replace(flags=style.flags - _OFF[code])
    if code in (4, 21, 24):
        wanted = {4: sub[0] if sub else 1, 21: 2, 24: 0}[code]
        return style._replace(underline=wanted if 0 <= wanted <= _UNDERLINE_MAX else 1)
    if 30 <= code <= 37 or 90 <= code <= 97:
        return style._replace(fg=str(code - 30))
    if 40 <= code <= 47 or 100 <= code <= 107:
        return style._replace(bg=str(code - 40))
    if code in (39, 49, 59):
        return _coloured(style, code - 9, "")
    return style


def _coloured(style: Style, base: int, colour: str) -> Style:
    if base == 30:
        return style._replace(fg=colour)
    return style._replace(bg=colour) if base == 40 else style._replace(line=colour)


def _colour(params: Params) -> tuple[int, str]:
    """Return how many parameters after the first name a colour, and which; "" for none.

    With colons a colour of the kind 2 has a colour space before its parts, which may be empty; with
    semicolons it has none (ITU T.416 and what xterm makes of it).
    """
    values, space, at = [0, 0, -1, 0, 0, 0], 0, 0
    while True:
        values[at + space] = params[at][0]
        if sub := params[at][1:]:
            for index, value in enumerate(sub):
                space = 1 if values[1] == 5 else space
                values[at + index + 1 + space] = value
                if index + at + 2 + space >= len(values):
                    break
            break
        if (values[1] == 5 and at + space >= 2) or (values[1] == 2 and at + space >= 5):
            break
        space = 1 if values[1] else space
        at += 1
        if at >= len(params) or at + space >= len(values):
            break
    kind, parts = values[1], [max(value, 0) & 0xFF for value in values[3:]]
    if kind == 5:
        return at, f"8;5;{parts[0]}"
    return at, "8;2;{};{};{}".format(*parts) if kind == 2 else ""
