"""The live views of a screen: their flow and their bounds, with a test that plays QEMU."""

import asyncio
import contextlib
import socket
from pathlib import Path
from typing import Any

import pytest

from vmnb.screen.views import Views

KIB = 1024
MIB = 1024 * KIB
WINDOW = MIB


class View:
    """A page's view: it keeps what it is sent, and acknowledges when it is told to."""

    def __init__(self, views: Views, listener: socket.socket, name: str = "one") -> None:
        self.views, self.name = views, name
        self.messages: list[dict[str, Any]] = []
        self.data = bytearray()
        self._news = asyncio.Event()
        views.open(name, Path(listener.getsockname()), self._receive)

    def _receive(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        assert message["view"] == self.name
        self.messages.append(message)
        if message["kind"] == "screen_data":
            assert message["seq"] == len(self.data)
            self.data += buffers[0]
        self._news.set()

    @property
    def kinds(self) -> list[str]:
        return [message["kind"] for message in self.messages]

    async def until_data(self, count: int) -> None:
        async with asyncio.timeout(30):
            while len(self.data) < count:
                self._news.clear()
                await self._news.wait()

    async def until_closed(self) -> str:
        async with asyncio.timeout(30):
            while self.kinds[-1] != "screen_closed":
                self._news.clear()
                await self._news.wait()
        return str(self.messages[-1]["reason"])

    def acknowledge(self) -> None:
        self.views.acknowledge(self.name, len(self.data))


def accepted(listener: socket.socket) -> socket.socket:
    """Return QEMU's end of the next connection."""
    sock, _ = listener.accept()
    sock.setblocking(False)
    return sock


async def say(qemu: socket.socket, data: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(qemu, data)


async def heard(qemu: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count and (piece := await asyncio.get_running_loop().sock_recv(qemu, MIB)):
        data += piece
    return bytes(data)


async def ends(qemu: socket.socket) -> bool:
    return await asyncio.get_running_loop().sock_recv(qemu, 1) == b""


async def test_bytes_go_both_ways_as_they_are(listener: socket.socket) -> None:
    views = Views()
    view = View(views, listener)
    with accepted(listener) as qemu:
        await say(qemu, b"RFB 003.008\n")
        await view.until_data(12)
        assert bytes(view.data) == b"RFB 003.008\n"
        assert view.kinds == ["screen_opened", "screen_data"]
        views.write("one", b"\x00\xff")
        views.write("one", b"\x01")
        assert await heard(qemu, 3) == b"\x00\xff\x01"
        views.close_all()
        assert await ends(qemu)
    assert view.kinds == ["screen_opened", "screen_data"]


async def test_a_view_that_acknowledges_nothing_is_sent_a_window_and_no_more(
    listener: socket.socket,
) -> None:
    views = Views()
    view = View(views, listener)
    with accepted(listener) as qemu:
        saying = asyncio.create_task(say(qemu, bytes(4 * MIB)))
        await view.until_data(WINDOW)
        assert await heard_nothing_for_a_while(view)
        assert not saying.done()
        while len(view.data) < 4 * MIB:
            view.acknowledge()
            await view.until_data(min(4 * MIB, len(view.data) + 1))
        await saying
        views.close_all()


async def heard_nothing_for_a_while(view: View) -> bool:
    """Whether the window holds while the loop has every chance to send more."""
    size = len(view.data)
    for _ in range(20):
        await asyncio.sleep(0.01)
    return len(view.data) == size == WINDOW


async def test_one_view_does_not_hold_up_another(listener: socket.socket) -> None:
    views = Views()
    slow = View(views, listener, "slow")
    with accepted(listener) as to_slow:
        quick = View(views, listener, "quick")
        with accepted(listener) as to_quick:
            saying = [
                asyncio.create_task(say(qemu, bytes(4 * MIB))) for qemu in (to_slow, to_quick)
            ]
            while len(quick.data) < 4 * MIB:
                await quick.until_data(len(quick.data) + 1)
                quick.acknowledge()
            assert len(slow.data) <= WINDOW
            saying[0].cancel()
            await asyncio.gather(*saying, return_exceptions=True)
            views.close_all()


async def test_small_pieces_gather_into_few_messages(listener: socket.socket) -> None:
    views = Views()
    view = View(views, listener)
    with accepted(listener) as qemu:
        for _ in range(1000):
            await say(qemu, b"a")
        await view.until_data(1000)
        assert len(view.messages) < 200
        views.close_all()


async def test_a_view_that_never_acknowledges_is_let_go(listener: socket.socket) -> None:
    views = Views(patience_s=0.2)
    view = View(views, listener)
    with accepted(listener) as qemu:
        await say(qemu, b"hello")
        assert "did not keep up" in await view.until_closed()
        assert await ends(qemu)
        views.write("one", b"from the dead")


async def test_a_view_with_nothing_to_acknowledge_may_be_silent(listener: socket.socket) -> None:
    views = Views(patience_s=0.1)
    view = View(views, listener)
    with accepted(listener) as qemu:
        await say(qemu, b"hello")
        await view.until_data(5)
        view.acknowledge()
        await asyncio.sleep(0.3)  # three times as long as one that owes something may take
        await say(qemu, b" again")
        await view.until_data(11)
        views.close_all()


async def test_a_view_hears_that_the_vm_has_stopped(listener: socket.socket) -> None:
    view = View(Views(), listener)
    accepted(listener).close()
    assert "the VM has stopped" in await view.until_closed()


async def test_a_view_that_comes_back_has_one_connection(listener: socket.socket) -> None:
    views = Views()
    View(views, listener)
    with accepted(listener) as first:
        View(views, listener)
        with accepted(listener) as second:
            assert await ends(first)
            views.write("one", b"x")
            assert await heard(second, 1) == b"x"
            views.close("one")
            assert await ends(second)


async def test_of_too_many_views_the_one_that_was_silent_longest_goes(
    listener: socket.socket,
) -> None:
    views = Views()
    with contextlib.ExitStack() as stack:
        opened = []
        for number in range(8):
            opened.append(View(views, listener, str(number)))
            stack.enter_context(accepted(listener))
        views.write("0", b"still here")
        View(views, listener, "ninth")
        stack.enter_context(accepted(listener))
        assert "too many views" in await opened[1].until_closed()
        assert [view.kinds[-1] for view in opened].count("screen_closed") == 1
        views.close_all()


async def test_a_view_whose_page_cannot_be_sent_to_is_dropped(
    listener: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    views = Views()

    def fail(message: dict[str, Any], _: list[bytes]) -> None:
        if message["kind"] == "screen_data":
            raise OSError("the page is gone")

    views.open("one", Path(listener.getsockname()), fail)
    with accepted(listener) as qemu:
        await say(qemu, b"hello")
        assert await ends(qemu)
    assert "cannot be sent to" in caplog.text


async def test_what_qemu_does_not_take_is_bounded(listener: socket.socket) -> None:
    views = Views()
    view = View(views, listener)
    with accepted(listener):
        for _ in range(64):
            views.write("one", bytes(64 * KIB))
        assert "does not take" in await view.until_closed()


async def test_a_screen_that_is_not_there_is_told(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    Views().open("one", tmp_path / "vnc", lambda message, _: told.append(message))
    assert [message["kind"] for message in told] == ["screen_closed"]
    assert "cannot be reached" in told[0]["reason"]
