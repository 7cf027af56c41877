"""When a console said what it said first."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from vmnb.console import Console
from vmnb.console.arrivals import Arrivals
from vmnb.core.hypervisor import UnixConsole

from .page import Page

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def seconds() -> Iterator[datetime]:
    yield from (BEGAN + timedelta(seconds=second) for second in count())


def test_a_line_arrives_when_its_end_does() -> None:
    clock = seconds()
    arrivals = Arrivals(lambda: next(clock))
    for piece in (b"one\r\ntw", b"o\r\n", b"", b"three"):
        arrivals.hear(piece)
    assert arrivals.lines() == [(BEGAN, "one"), (BEGAN + timedelta(seconds=1), "two")]


def test_only_the_beginning_is_kept() -> None:
    arrivals = Arrivals()
    for number in range(100):
        arrivals.hear(b"%d" % number + b"x" * 9998 + b"\n")
    kept = arrivals.lines()
    assert 20 < len(kept) < 40
    assert kept[0][1].startswith("0x")


async def test_a_console_knows_when_it_was_told_what_and_begins_anew_with_each_connection(
    listener: socket.socket,
) -> None:
    console = Console(UnixConsole(path=Path(listener.getsockname())))
    for text in (b"first\n", b"second\n"):
        before = datetime.now(UTC)
        await console.open()
        guest, _ = listener.accept()
        page = Page(console)
        guest.sendall(text)
        await page.until_output(text)
        ((at, line),) = console.arrivals.lines()
        assert line.encode() + b"\n" == text
        assert before <= at <= datetime.now(UTC)
        guest.close()
        await page.until_kind("closed")
    await console.aclose()
