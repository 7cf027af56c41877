"""The console's bounds and its manners, with a test on the other end of a real socket."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from vmnb.console import Console, audience
from vmnb.console.ending import last_lines
from vmnb.console.keyboard import PENDING_MAX
from vmnb.core.errors import (
    BusyError,
    CapabilityError,
    DeadlineError,
    LinkLostError,
    StateError,
)
from vmnb.core.hypervisor import NoConsole, UnixConsole, WebSocketConsole

from .page import Page

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


@pytest.mark.parametrize("endpoint", [NoConsole(), WebSocketConsole(url="ws://localhost/serial")])
def test_a_console_of_another_kind_is_refused(endpoint: NoConsole | WebSocketConsole) -> None:
    with pytest.raises(CapabilityError):
        Console(endpoint)


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
    await say(guest, lines(6 * MIB) + b"the end")
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
    sent = lines(10 * MIB)
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


async def test_a_flood_waits_for_the_view_that_is_furthest_and_loses_nothing(
    listener: socket.socket,
) -> None:
    console, guest = await opened(listener)
    slow, quick = Page(console, "slow", lazy=True), Page(console, "quick", lazy=True)
    await quick.until_kind("restore")
    flood = lines(16 * MIB)
    saying = asyncio.create_task(say(guest, flood))
    drawn = 0
    while drawn < len(flood):
        await quick.until_length(drawn + 1)
        await asyncio.sleep(0.002)  # drawing takes time
        drawn = min(drawn + 256 * 1024, len(quick.output))
        console.ack("quick", drawn)
    await saying
    assert bytes(quick.output) == flood
    assert quick.kinds.count("restore") == 1
    assert len(slow.output) < 4 * MIB
    await console.aclose()
    guest.close()


async def test_a_guest_is_not_stopped_by_views_that_draw_nothing(listener: socket.socket) -> None:
    console, guest = await opened(listener)
    page = Page(console, "hidden", lazy=True)
    await page.until_kind("restore")
    await say(guest, lines(10 * MIB) + b"done")
    await console.wait_for("done", 60)
    await console.aclose()
    guest.close()


async def test_a_view_that_stays_away_is_told_and_dropped(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience, "_FULL_MAX_S", 0.05)
    console, guest = await opened(listener)
    lazy = Page(console, lazy=True)
    await lazy.until_kind("open")
    await say(guest, lines(6 * MIB) + b"the end")
    await console.wait_for("the end", 60)
    await asyncio.sleep(0.06)
    await say(guest, b"and more")
    await lazy.until_kind("closed")
    assert "did not keep up" in lazy.reasons[-1]
    await console.aclose()
    guest.close()


async def test_a_view_that_has_come_by_another_way_is_not_forgotten_with_the_first(
    listener: socket.socket,
) -> None:
    console, guest = await opened(listener)
    first, other = Page(console, "moved"), Page(console, "moved")
    await other.until_kind("restore")
    console.forget(first.receive)
    await say(guest, b"still here")
    await other.until_output(b"still here")
    console.forget(other.receive)
    await say(guest, b" and gone")
    await console.wait_for("gone", 10)
    assert bytes(other.output) == b"still here"
    await console.aclose()
    guest.close()


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
