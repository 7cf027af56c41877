"""A terminal handed to somebody else for a while, and taken back as it was, whatever happens."""

import os
import signal
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Never

__all__ = ["fresh_screen", "line_below", "raw_terminal", "write_all"]

_BACK = (
    b"\x1b[?1047l"  # from the alternate screen
    b"\x1b[?2004l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1006l"  # pastes, mouse, focus
    b"\x1b[?1l\x1b>\x1b[?7h\x1b[?25h\x1b[4l"  # keys, wrap, cursor, insertion
    b"\x1b7\x1b[r\x1b8\x1b(B\x0f\x1b[0m"  # what scrolls, letters, colours
)
"""What undoes the modes that a guest may have set; the rest is left as it is on the screen."""
_ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def raw_terminal(stdin: int, stdout: int) -> Iterator[None]:
    """Let each key through as it is; at the end, also by a signal, all is as before.

    For the main thread alone.
    """
    before = termios.tcgetattr(stdin)
    handlers = {number: signal.signal(number, _leave) for number in _ENDING}
    try:
        tty.setraw(stdin)
        yield
    finally:
        try:
            write_all(stdout, _BACK + b"\r\n")
        finally:
            # A late answer of the terminal to the guest is for no shell.
            termios.tcsetattr(stdin, termios.TCSAFLUSH, before)
            for number, handler in handlers.items():
                signal.signal(number, handler)


def fresh_screen(stdout: int, rows: int, hint: str) -> bytes:
    """Return what makes the first `rows` of a terminal an empty screen; `hint` stands below it.

    A guest believes that its terminal is of one size; on a larger one it would else scroll
    elsewhere than it thinks. Unlike a reset this leaves what was there before to be scrolled to.
    """
    return _BACK + b"\x1b[2J" + line_below(stdout, rows, hint) + f"\x1b[1;{rows}r\x1b[H".encode()


def line_below(stdout: int, rows: int, hint: str) -> bytes:
    """Return what writes `hint` below a screen of so many rows, where there is room for it."""
    below = os.get_terminal_size(stdout).lines
    return f"\x1b7\x1b[{below}H\x1b[2K\x1b[7m {hint} \x1b[0m\x1b8".encode() if below > rows else b""


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`, however often it takes."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _leave(number: int, _: FrameType | None) -> Never:
    raise SystemExit(128 + number)
