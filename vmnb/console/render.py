"""Write a screen down: as what makes a terminal be the same, or as plain text."""

from collections.abc import Iterable, Iterator

from vmnb.console.buffer import Buffer, Saved, default_tabs
from vmnb.console.cells import STUB, Line, is_wide
from vmnb.console.charsets import translated
from vmnb.console.screen import VtScreen
from vmnb.console.style import PLAIN, Style, erased, sgr
from vmnb.console.widths import char_width

__all__ = ["screen_ansi", "screen_text"]

_SLOTS = "()*+"
_SHIFTS = ("\x0f", "\x0e", "\x1bn", "\x1bo")


def screen_text(screen: VtScreen) -> str:
    """Return history and main screen as plain text, then the alternate one where it is shown."""
    lines = [*screen.history, *screen.main.lines]
    if screen.shown is not screen.main:
        lines += screen.shown.lines
    return "\n".join(line.text for line in lines).rstrip("\n")


def screen_ansi(screen: VtScreen) -> bytes:
    """Return what makes a terminal of the same size look, and go on, like `screen`."""
    return "".join(_restoring(screen)).encode(errors="replace")


def _restoring(screen: VtScreen) -> Iterator[str]:
    yield "\x1bc\x1b[20l"
    yield from _drawn([*screen.history, *screen.main.lines])
    yield from _kept(screen.main)
    if screen.shown is not screen.main:
        yield "\x1b[?1047h"
        for y, line in enumerate(screen.shown.lines):
            yield f"\x1b[{y + 1}H{_line_ansi(line)}"
        yield from _kept(screen.shown)
    yield from _modes(screen)
    yield from _cursor(screen)
    yield from _charsets(screen)
    if screen.modes.insert:
        yield "\x1b[4h"
    else:
        yield from _last_character(screen)


def _drawn(lines: list[Line]) -> Iterator[str]:
    """Yield lines one below the other; a full line goes on in the next as it once did."""
    for y, line in enumerate(lines):
        wrapped = y > 0 and line.wrapped and _wraps(lines[y - 1], line)
        if y and not wrapped:
            yield "\r\n"
        yield _line_ansi(line, wrapped=wrapped)


def _wraps(before: Line, line: Line) -> bool:
    """Return whether drawing `before`, and then `line`, makes a terminal wrap in between."""
    first = line[0][0]
    if not first or first == STUB or char_width(first[0]) == 0:
        return False
    if before[-1][0] == "":  # where a wide character did not fit in
        return is_wide(line[0]) and before[-1][1] == line[0][1] and before[-2][0] != ""
    return before[-1][0] != STUB or is_wide(before[-2])


def _line_ansi(line: Line, *, wrapped: bool = False) -> str:
    """Return one line; what was never written in it is passed over, or erased.

    Where it is `wrapped`, the terminal has made it itself, perhaps with a coloured ground.
    """
    parts: list[str] = []
    at, before = 0, PLAIN
    for style, run in line.runs():
        text = "".join(run)
        if at + len(run) == len(line) and not text and style == PLAIN and not wrapped:
            break
        if style != before:
            parts.append(sgr(style))
            before = style
        if len(text) == len(run) and STUB not in text and text.isascii():
            parts.append(text)
        else:
            parts += _mixed(line, range(at, at + len(run)), style, wrapped=wrapped)
        at += len(run)
    return f"{''.join(parts)}{'' if before == PLAIN else sgr(PLAIN)}"


def _mixed(line: Line, cells: Iterable[int], style: Style, *, wrapped: bool) -> Iterator[str]:
    gap = 0
    for at in cells:
        data = line[at][0]
        if data == STUB and at and is_wide(line[at - 1]):
            continue
        if not data or data == STUB:
            gap += 1
            continue
        if gap:
            yield _gap(gap, style, wrapped=wrapped)
            gap = 0
        # After a sequence nothing joins, so that what stood alone does again.
        yield data if char_width(data[0]) else f"{sgr(style)}{data}"
    if gap:
        yield _gap(gap, style, wrapped=wrapped)


def _gap(count: int, style: Style, *, wrapped: bool) -> str:
    if style != erased(style):
        return " " * count
    erase = f"\x1b[{count}X" if wrapped or style != PLAIN else ""
    return f"{erase}\x1b[{count}C"


def _kept(buffer: Buffer) -> Iterator[str]:
    """Yield what a screen remembers beside its cells; the cursor is somewhere then."""
    if buffer.tabs != default_tabs(buffer.columns):
        yield "\x1b[3g"
        yield from (f"\x1b[{x + 1}G\x1bH" for x in sorted(buffer.tabs) if x < buffer.columns)
    if (saved := buffer.saved) != Saved():
        yield f"\x1b({saved.charset}" if saved.charset else ""
        yield f"{_goto(buffer, saved.x, saved.y)}{sgr(saved.style)}\x1b7\x1b[0m\x1b(B"
    if (buffer.top, buffer.bottom) != (0, buffer.rows - 1):
        yield f"\x1b[{buffer.top + 1};{buffer.bottom + 1}r"


def _modes(screen: VtScreen) -> Iterator[str]:
    modes = screen.modes
    for mode in (*sorted(modes.private - {6}), modes.mouse, modes.encoding):
        if mode:
            yield f"\x1b[?{mode}h"
    yield "" if modes.wrap else "\x1b[?7l"
    yield "\x1b[?12h" if modes.blink else "\x1b[?12l"
    yield "\x1b[?25h" if modes.cursor else "\x1b[?25l"
    yield "\x1b[20h" if modes.newline else ""
    yield f"\x1b[{modes.cursor_style} q" if modes.cursor_style else ""


def _cursor(screen: VtScreen) -> Iterator[str]:
    shown, x, y = screen.shown, screen.shown.x, _row(screen)
    if screen.modes.origin:
        yield "\x1b[?6h"
    if x == screen.columns:  # the next character wraps: only drawing the last one does that
        x -= 2 if is_wide(shown.line[-2]) else 1
        data, style = shown.line[x]
        yield f"{_goto(shown, x, y)}{sgr(style)}{data.replace(STUB, '') or ' '}"
    else:
        yield _goto(shown, x, y)
    yield sgr(screen.style)


def _last_character(screen: VtScreen) -> Iterator[str]:
    """Draw what was drawn last again, where the next character may join or repeat it."""
    shown, x = screen.shown, screen.shown.x - screen.last_width
    data, style = shown.line[max(x, 0)] if screen.last_width else ("", PLAIN)
    if data.strip(STUB) and style == screen.style and translated(data, screen.charset) == data:
        yield f"{_goto(shown, x, _row(screen))}{data}"


def _row(screen: VtScreen) -> int:
    """Return the cursor's line, counted as the guest does."""
    return screen.shown.y - (screen.shown.top if screen.modes.origin else 0)


def _charsets(screen: VtScreen) -> Iterator[str]:
    for slot, charset in zip(_SLOTS, screen.charsets, strict=True):
        yield f"\x1b{slot}{charset}" if charset else ""
    yield _SHIFTS[screen.level] if screen.level else ""
    shown = screen.shown
    if screen.charset != screen.charsets[screen.level] and shown.x < screen.columns:
        # Only a cursor that was restored makes them differ.
        yield f"\x1b8{_goto(shown, shown.x, _row(screen))}{sgr(screen.style)}"


def _goto(buffer: Buffer, x: int, y: int) -> str:
    return f"\x1b[{y + 1};{min(x, buffer.columns - 1) + 1}H"
