"""The kernel's WebSocket, with real sockets: the test is the page."""

import asyncio
import hmac
import secrets
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from vmnb.notebook.socket import server
from vmnb.notebook.socket.frame import pack, unpack
from vmnb.notebook.socket.server import SocketServer
from vmnb.notebook.widget.socket_talk import SocketTalk
from vmnb.notebook.widget.talk import Message, Send, Talk
from vmnb.notebook.widget.talks import Talks

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
        self.frames: list[bytes] = []

    async def enter(self, told: dict[str, Any]) -> None:
        """Prove to know the token, as a page does."""
        nonces = await self.meet(told["token"])
        await self.say({"kind": "enter", "widget": told["widget"]}, page_proof(told, nonces))

    async def meet(self, token: str, nonce: bytes | None = None) -> bytes:
        """Let the kernel prove itself, if it will, and return both nonces."""
        nonce = nonce or secrets.token_bytes(32)
        await self.say({"kind": "challenge"}, nonce)
        _, (other, proof) = await self.hear("proof")
        assert len(other) == 32
        assert proof == hmac.digest(token.encode(), b"kernel" + nonce + other, "sha256")
        return nonce + other

    async def say(self, message: Message, *buffers: bytes) -> None:
        await self.connection.send(pack(message, list(buffers)))

    async def hear(self, kind: str) -> tuple[Message, list[bytes]]:
        async with asyncio.timeout(_S):
            while True:
                self.frames.append(await self.connection.recv(decode=False))
                message, buffers = unpack(self.frames[-1])
                if message["kind"] == kind:
                    return message, buffers

    async def until_closed(self) -> None:
        async with asyncio.timeout(_S):
            await self.connection.wait_closed()


def page_proof(told: dict[str, Any], nonces: bytes) -> bytes:
    return hmac.digest(told["token"].encode(), b"page" + nonces, "sha256")


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
async def a_stranger(told: dict[str, Any]) -> AsyncIterator[PageSocket]:
    """Give one that has connected and said nothing."""
    url = f"ws://127.0.0.1:{told['port']}/"
    async with connect(url, origin=ORIGIN, max_size=None) as connection:  # type: ignore[arg-type]
        yield PageSocket(connection)


@asynccontextmanager
async def a_page(told: dict[str, Any]) -> AsyncIterator[PageSocket]:
    """Give a page that has entered."""
    async with a_stranger(told) as page:
        await page.enter(told)
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


Proofs = dict[str, list[bytes]]


def proofs(told: dict[str, Any], nonces: bytes) -> Proofs:
    """What one without the token, or without the right nonces, may say instead of a proof."""
    good, token = page_proof(told, nonces), told["token"].encode()
    return {
        "none": [],
        "empty": [b""],
        "another token's": [hmac.digest(b"other", b"page" + nonces, "sha256")],
        "the kernel's own": [hmac.digest(token, b"kernel" + nonces, "sha256")],
        "for other nonces": [page_proof(told, nonces[32:] + nonces[:32])],
        "cut": [good[:-1]],
        "two": [good, good],
        "the token": [token],
    }


@pytest.mark.parametrize("name", proofs({"token": ""}, b""))
def test_one_without_the_right_proof_gets_nothing(name: str) -> None:
    async def check() -> None:
        async with a_server() as (_, host, told), a_stranger(told) as page:
            nonces = await page.meet(told["token"])
            wrong = proofs(told, nonces)[name]
            await page.say({"kind": "enter", "widget": told["widget"]}, *wrong)
            with pytest.raises(ConnectionClosed):
                await page.hear("relinked")
            assert host.heard == []

    asyncio.run(check())


def test_a_page_that_asks_for_another_widget_gets_nothing() -> None:
    async def check() -> None:
        async with a_server() as (_, _, told), a_page({**told, "widget": "other"}) as page:
            with pytest.raises(ConnectionClosed):
                await page.hear("relinked")

    asyncio.run(check())


def test_a_proof_that_was_overheard_opens_nothing() -> None:
    async def check() -> None:
        async with a_server() as (_, _, told):
            nonce = secrets.token_bytes(32)
            async with a_stranger(told) as page:
                first = await page.meet(told["token"], nonce)
                overheard = page_proof(told, first)
                await page.say({"kind": "enter", "widget": told["widget"]}, overheard)
                await page.hear("relinked")
            async with a_stranger(told) as other:
                assert await other.meet(told["token"], nonce) != first
                await other.say({"kind": "enter", "widget": told["widget"]}, overheard)
                with pytest.raises(ConnectionClosed):
                    await other.hear("relinked")

    asyncio.run(check())


@pytest.mark.parametrize(
    "challenge", [[], [b""], [bytes(31)], [bytes(33)], [bytes(32), bytes(32)]], ids=repr
)
def test_a_challenge_without_a_whole_nonce_is_not_answered(challenge: list[bytes]) -> None:
    async def check() -> None:
        async with a_server() as (_, _, told), a_stranger(told) as page:
            await page.say({"kind": "challenge"}, *challenge)
            with pytest.raises(ConnectionClosed):
                await page.hear("proof")

    asyncio.run(check())


def test_the_kernel_never_says_the_token_there() -> None:
    async def check() -> None:
        async with a_server() as (_, _, told), a_page(told) as page:
            await page.hear("relinked")
            await page.say({"kind": "echo", "text": "hello"})
            await page.hear("echo")
            assert len(page.frames) == 3
            assert not any(told["token"].encode() in frame for frame in page.frames)

    asyncio.run(check())


def test_one_who_says_nothing_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_ENTER_S", 0.1)

    async def check() -> None:
        async with a_server() as (_, _, told), a_stranger(told) as page:
            await page.until_closed()

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
