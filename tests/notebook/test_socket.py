"""The kernel's WebSocket, with real sockets: the test is the page behind the proxy."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from vmnb.notebook import socket_server
from vmnb.notebook.socket_frame import pack, unpack
from vmnb.notebook.socket_server import SocketServer
from vmnb.notebook.socket_talk import SocketTalk
from vmnb.notebook.talk import Message, Send, Talk
from vmnb.notebook.talks import Talks

ORIGIN = "https://hub.example"
_S = 20.0


class EchoTalk(Talk):
    kinds: ClassVar[frozenset[str]] = frozenset({"echo", "flood", "wait"})

    def __init__(self, send: Send, host: "EchoHost") -> None:
        self._send = send
        self._host = host

    async def handle(self, message: Message, buffers: list[bytes]) -> None:
        if message["kind"] == "flood":
            for _ in range(message["count"]):
                self._send({"kind": "output"}, [bytes(1 << 20)])
        elif message["kind"] == "wait":
            await asyncio.Event().wait()
        else:
            self._host.heard.append(message["text"])
            self._send({"kind": "echo", "text": message["text"]}, buffers)

    def leave(self) -> None:
        self._host.left.set()


class EchoHost:
    """A widget as far as a socket needs one."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.left = asyncio.Event()

    def talks(self, send: Send) -> Talks:
        return Talks(EchoTalk(send, self))


class PageSocket:
    """A page's end of a socket, which says and hears messages."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, message: Message, *buffers: bytes) -> None:
        await self.connection.send(pack(message, list(buffers)))

    async def hear(self, kind: str) -> tuple[Message, list[bytes]]:
        async with asyncio.timeout(_S):
            while True:
                message, buffers = unpack(await self.connection.recv(decode=False))
                if message["kind"] == kind:
                    return message, buffers

    async def until_closed(self) -> None:
        async with asyncio.timeout(_S):
            await self.connection.wait_closed()


@asynccontextmanager
async def a_server() -> AsyncIterator[tuple[SocketServer, EchoHost, dict[str, Any]]]:
    """Give the server, a host, and what the host's page was told by the comm."""
    host, told = EchoHost(), []
    talk = SocketTalk(host, "w", lambda message, _: told.append(message))
    await talk.handle({"kind": "socket", "origin": ORIGIN}, [])
    server = SocketServer.of_process()
    try:
        yield server, host, told[0]
    finally:
        await server.aclose()


@asynccontextmanager
async def a_page(told: dict[str, Any], **other: str) -> AsyncIterator[PageSocket]:
    """Give a page that has entered, or tried with something other than what it was told."""
    url = f"ws://127.0.0.1:{told['port']}/"
    async with connect(url, origin=ORIGIN, max_size=None) as connection:  # type: ignore[arg-type]
        page = PageSocket(connection)
        await page.say({"kind": "enter", **told, **other})
        yield page


@pytest.fixture(autouse=True)
def own_server() -> Iterator[None]:
    SocketServer.leave_behind()
    yield
    SocketServer.leave_behind()


def test_nobody_listens_until_a_page_asks_and_then_on_loopback_alone() -> None:
    async def check() -> None:
        assert SocketServer.of_process()._server is None
        async with a_server() as (server, _, told):
            assert server._server is not None
            names = [sock.getsockname() for sock in server._server.sockets]
            assert names == [("127.0.0.1", told["port"])]
            assert await server.open(ORIGIN) == told["port"]
        with socket.socket() as late, pytest.raises(ConnectionRefusedError):
            late.connect(("127.0.0.1", told["port"]))

    asyncio.run(check())


def test_a_page_with_the_token_talks_with_its_widget() -> None:
    async def check() -> None:
        async with a_server() as (_, _, told), a_page(told) as page:
            await page.hear("relinked")
            await page.say({"kind": "echo", "text": "hello"}, b"\0\xff")
            assert await page.hear("echo") == ({"kind": "echo", "text": "hello"}, [b"\0\xff"])

    asyncio.run(check())


@pytest.mark.parametrize(
    "wrong", [{"token": ""}, {"token": "é" * 43}, {"widget": "other"}], ids=["no", "bad", "widget"]
)
def test_a_page_without_the_token_or_the_widgets_name_gets_nothing(wrong: dict[str, str]) -> None:
    async def check() -> None:
        async with a_server() as (_, host, told), a_page(told, **wrong) as page:
            with pytest.raises(ConnectionClosed):
                await page.hear("relinked")
            assert host.heard == []

    asyncio.run(check())


def test_one_who_says_nothing_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_server, "_ENTER_S", 0.1)

    async def check() -> None:
        async with a_server() as (_, _, told):
            url = f"ws://127.0.0.1:{told['port']}/"
            async with connect(url, origin=ORIGIN) as connection:  # type: ignore[arg-type]
                await PageSocket(connection).until_closed()

    asyncio.run(check())


@pytest.mark.parametrize("origin", ["https://evil.example", None])
def test_a_page_of_an_origin_that_never_asked_is_refused(origin: str | None) -> None:
    async def check() -> None:
        async with a_server() as (_, _, told):
            with pytest.raises(InvalidStatus, match="403"):
                await connect(f"ws://127.0.0.1:{told['port']}/", origin=origin)  # type: ignore[arg-type]

    asyncio.run(check())


def test_what_is_no_frame_ends_the_line() -> None:
    async def check() -> None:
        async with a_server() as (_, host, told), a_page(told) as page:
            await page.hear("relinked")
            await page.connection.send(b"\0\0\0\x10 not a header")
            await page.until_closed()
            await asyncio.wait_for(host.left.wait(), _S)

    asyncio.run(check())


def test_a_page_that_asks_whether_somebody_is_there_is_answered() -> None:
    async def check() -> None:
        async with a_server() as (_, host, told), a_page(told) as page:
            await page.say({"kind": "ping"})
            assert await page.hear("pong") == ({"kind": "pong"}, [])
            assert host.heard == []

    asyncio.run(check())


def test_something_that_takes_long_holds_up_nothing_and_is_given_up_at_the_end() -> None:
    async def check() -> None:
        async with a_server() as (server, host, told), a_page(told) as page:
            await page.say({"kind": "wait"})
            await page.say({"kind": "echo", "text": "later"})
            await page.hear("echo")
            async with asyncio.timeout(_S):
                await server.aclose()
            assert host.left.is_set()

    asyncio.run(check())


def test_a_page_that_reads_nothing_is_dropped_before_much_waits_for_it() -> None:
    async def check() -> None:
        async with a_server() as (_, host, told), a_page(told) as page:
            await page.hear("relinked")
            await page.say({"kind": "flood", "count": 40})
            await asyncio.wait_for(host.left.wait(), _S)

    asyncio.run(check())


def test_a_slow_page_does_not_hold_up_another() -> None:
    async def check() -> None:
        async with a_server() as (_, _, told), a_page(told) as slow, a_page(told) as other:
            await slow.say({"kind": "flood", "count": 8})
            await other.say({"kind": "echo", "text": "quick"})
            await other.hear("echo")
            await slow.say({"kind": "echo", "text": "slow"})
            await slow.hear("echo")

    asyncio.run(check())
