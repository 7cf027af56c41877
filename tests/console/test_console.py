"""The console's bounds and its manners, with a test on the other end of a real socket."""

import asyncio
import hashlib
import socket
from pathlib import Path
from typing import Any

import pytest

from vmnb.console import Console, audience, view
from vmnb.console.ending import last_lines
from vmnb.console.keyboard import PENDING_MAX
from vmnb.core.errors import (
    BusyError,
    CapabilityError,
    DeadlineError,
    LinkLostError,
    StateError,
)
from vmnb.core.hypervisor import NoConsole, UnixConsole

from .page import Page, SlowPage

MIB = 1024 * 1024


async def opened(listener: socket.socket) -> tuple[Console, socket.socket]:
    """Return a console and the guest's end of it."""
    console = Console(UnixConsole(path=Path(listener.getsockname())))
    await console.open()
    guest, _ = listener.accept()
    guest.setblocking(False)
    return console, guest


async def say(guest: socket.socket, data: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(guest, data)


def lines(count: int) -> bytes:
    """Return about `count` bytes, each line another."""
    return b"".join(b"%015d\n" % number for number in range(count // 16))


def test_where_there_is_no_console_none_is_made() -> None:
    with pytest.raises(CapabilityError):
        Console(NoConsole())


async def test_a_view_that_comes_back_gets_just_what_it_missed(listener: socket.socket) -> None:
    console, guest = await opened(listener)
    await say(guest, b"before and ")
    await console.wait_for("and ", 10)
    page = Page(console, seq=len("before "))
    await say(guest, b"after")
    await page.until_output(b"and after")
    assert "restore" not in page.kinds
    await console.aclose()
    guest.close()


async def test_a_view_that_was_away_too_long_gets_the_screen(listener: socket.socket) -> None:
    console, guest = await opened(listener)
    await say(guest, lines(3 * MIB) + b"the end")
    await console.wait_for("the end", 60)
    page = Page(console, seq=0)
    await page.until_kind("restore")
    assert page.screen.count(b"\r\n") < 1100
    assert b"the end" in page.screen
    assert page.next == console.position
    await console.aclose()
    guest.close()


async def test_a_view_that_draws_nothing_holds_nobody_up_and_takes_little(
    listener: socket.socket,
) -> None:
    console, guest = await opened(listener)
    lazy, quick = Page(console, "lazy", lazy=True), Page(console, "quick")
    await quick.until_kind("open")
    await lazy.until_kind("open")
    sent = lines(6 * MIB)
    await say(guest, sent)
    await quick.until_length(len(sent))
    assert quick.output == sent
    assert 2 * MIB <= len(lazy.output) <= 2 * MIB + 256 * 1024
    lazy.kinds.clear()
    console.ack("lazy", lazy.next)
    await lazy.until_kind("restore")
    assert lazy.next == console.position
    await console.aclose()
    guest.close()


async def test_a_view_that_stays_away_is_dropped_and_may_come_back(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience, "_FULL_MAX_S", 0.05)
    console, guest = await opened(listener)
    lazy = Page(console, lazy=True)
    await lazy.until_kind("open")
    await say(guest, lines(3 * MIB) + b"the end")
    await console.wait_for("the end", 60)
    await asyncio.sleep(0.06)
    await say(guest, b"and more")
    await lazy.until_kind("dropped")
    lazy.lazy = False
    console.hello("page", lazy.next, lazy.receive)
    await lazy.until_output(b"and more")
    await console.aclose()
    guest.close()


async def test_a_view_that_nobody_looks_at_any_more_leaves_the_answers_to_the_next(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "_SILENT_MAX_S", 0.05)
    console, guest = await opened(listener)
    gone, page = Page(console, "gone"), Page(console, "page")
    await gone.until_kind("open")
    await page.until_kind("open")
    assert [console.answers(name) for name in ("gone", "page")] == [True, False]
    gone.lazy = True
    await say(guest, b"something")
    await page.until_output(b"something")
    await asyncio.sleep(0.06)
    assert [console.answers(name) for name in ("gone", "page")] == [False, True]
    console.ack("gone", gone.next)
    assert [console.answers(name) for name in ("gone", "page")] == [True, False]
    await console.aclose()
    guest.close()


async def test_a_flood_reaches_a_slow_view_whole_and_in_bounds(listener: socket.socket) -> None:
    console, guest = await opened(listener)
    page = SlowPage(console)
    await page.until_kind("open")
    sent, size, between = hashlib.sha256(), 0, 0
    for number in range(100):
        part = lines(MIB // 4) + b"%08d" % number
        sent.update(part)
        size += len(part)
        await say(guest, part)
        between = max(between, size - page.drawn)
    await page.until_length(size)
    assert page.seen.hexdigest() == sent.hexdigest()
    assert page.kinds.count("restore") == 1
    assert page.ahead_max <= 2 * MIB + MIB // 4
    assert between <= 4 * MIB
    await console.aclose()
    guest.close()


async def test_a_guest_that_ends_while_it_waits_for_a_view_is_heard_to_its_end(
    listener: socket.socket,
) -> None:
    console, guest = await opened(listener)
    lazy = Page(console, lazy=True)
    await lazy.until_kind("open")
    saying = asyncio.create_task(say(guest, lines(4 * MIB) + b"the end"))
    await lazy.until_length(2 * MIB)
    lazy.lazy = False
    console.ack("page", lazy.next)
    await saying
    guest.close()
    await lazy.until_kind("closed")
    assert lazy.output == lines(4 * MIB) + b"the end"
    await console.aclose()


async def test_a_view_that_cannot_be_sent_to_is_dropped_and_the_others_go_on(
    listener: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    console, guest = await opened(listener)

    def broken(message: dict[str, Any], buffers: list[bytes]) -> None:
        raise OSError("the page is gone")

    console.hello("broken", -1, broken)
    page = Page(console)
    await page.until_kind("open")
    await say(guest, b"still here")
    await page.until_output(b"still here")
    assert "broken" in caplog.text
    await console.aclose()
    guest.close()


async def test_a_large_paste_arrives_whole_and_in_order(listener: socket.socket) -> None:
    console, guest = await opened(listener)
    pasted, got = lines(MIB), bytearray()
    console.input(pasted)
    console.input(b"the end")
    while not got.endswith(b"the end"):
        got += await asyncio.get_running_loop().sock_recv(guest, 4096)
    assert got == pasted + b"the end"
    await console.aclose()
    guest.close()


async def test_a_guest_that_takes_nothing_is_not_typed_at_without_bound(
    listener: socket.socket,
) -> None:
    console, guest = await opened(listener)
    console.input(b"x" * PENDING_MAX)
    with pytest.raises(BusyError, match="has not taken"):
        console.input(b"x" * MIB)
    writing = asyncio.create_task(console.write(b"x" * MIB))
    await asyncio.sleep(0)
    guest.close()
    with pytest.raises(LinkLostError):
        await writing
    await console.aclose()


async def test_waiting_in_vain_says_what_the_console_said_instead(listener: socket.socket) -> None:
    console, guest = await opened(listener)
    await say(guest, b"Kernel panic\r\n")
    await console.wait_for("panic", 10)
    await console.restore()
    with pytest.raises(DeadlineError, match=r"(?s)'login:' within 0.1 s.*Kernel panic"):
        await console.wait_for("login:", 0.1)
    await console.aclose()
    guest.close()


async def test_waiting_ends_with_the_vm_and_its_last_words_count(listener: socket.socket) -> None:
    console, guest = await opened(listener)
    in_vain = asyncio.create_task(console.wait_for("login:", 3600))
    not_in_vain = asyncio.create_task(console.wait_for("Power (down)", 3600))
    await console.restore()
    await say(guest, b"Power down\r\n")
    guest.close()
    assert (await not_in_vain)[1] == "down"
    with pytest.raises(StateError, match="'login:' before it ended"):
        await in_vain
    await console.aclose()


async def test_waiting_ends_where_the_console_is_closed(listener: socket.socket) -> None:
    console, guest = await opened(listener)
    waiting = asyncio.create_task(console.wait_for("login:", 3600))
    await console.restore()
    await console.aclose()
    with pytest.raises(StateError, match="'login:' before it ended"):
        await waiting
    guest.close()


async def test_the_last_lines_are_those_of_the_log_however_it_is_drawn(tmp_path: Path) -> None:
    log = tmp_path / "console.log"
    endpoint = UnixConsole(path=tmp_path / "nobody", log=log)
    assert await last_lines(endpoint) == []
    log.write_bytes(
        b"x" * MIB + b"\r\n\x1b[2J\x1b[H" + b"".join(b"%d\r\n\n" % i for i in range(30))
    )
    assert await last_lines(endpoint) == [str(number) for number in range(20, 30)]
    assert await last_lines(NoConsole()) == []


async def test_a_flood_does_not_hold_up_the_loop_or_the_screen(listener: socket.socket) -> None:
    console, guest = await opened(listener)
    await say(guest, b"\x1b[?2004h\x1b[?1h" + lines(2 * MIB) + b"\r\nprompt$ ")
    await console.wait_for(r"prompt\$ ", 60)
    position, screen = await console.restore()
    assert position == console.position
    assert b"\x1b[?2004h" in screen
    assert b"\x1b[?1h" in screen
    assert console.text().endswith("prompt$")
    await console.aclose()
    guest.close()
