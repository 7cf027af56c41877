"""A WebSocket server in the kernel's process, for pages here and behind their Jupyter server.

jupyter-server-proxy passes on what a page sends to ``proxy/PORT`` of its Jupyter server, after the
server has seen who it is; a page on this machine comes straight here. Anybody on this machine can
connect, however: so whoever does must come from a page of an origin that has asked by way of its
kernel, and prove that it knows the kernel's token, after the kernel has proved the same to it. By
both ways that goes alike, and the token itself never travels here.
"""

import asyncio
import logging
import os
import secrets
from contextlib import suppress
from http import HTTPStatus
from typing import ClassVar, Protocol, cast
from weakref import WeakValueDictionary

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from vmnb.core import runtime
from vmnb.notebook.socket.line import SocketLine
from vmnb.notebook.socket.proof import Challenge
from vmnb.notebook.widget.talk import Send
from vmnb.notebook.widget.talks import Talks

__all__ = ["Host", "SocketServer"]

_MESSAGE_MAX = 1024 * 1024
_CONNECTIONS_MAX = 128
_ENTER_S = 5.0
_CLOSE_S = 1.0

_log = logging.getLogger(__name__)
_quiet = _log.getChild("connections")
_quiet.setLevel(logging.CRITICAL)  # whoever knocks on a port must not fill the notebook


class Host(Protocol):
    """A widget, as far as pages at the other end of a socket need one."""

    def talks(self, send: Send) -> Talks:
        """Return its talks, which answer by `send`."""
        ...


class SocketServer:
    """Listens once it is asked to, on the loopback address alone; one for a process.

    Attributes
    ----------
    token
        What a page must prove to know; told to it by the comm alone.
    hosts
        The widgets that pages may talk to, by their id.
    """

    _one: ClassVar["SocketServer | None"] = None

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(32)
        self.hosts: WeakValueDictionary[str, Host] = WeakValueDictionary()
        self._origins: set[str] = set()
        self._opening = asyncio.Lock()
        self._server: Server | None = None
        self._meetings: set[asyncio.Task[None]] = set()

    @classmethod
    def of_process(cls) -> "SocketServer":
        """Return the one of this process."""
        if cls._one is None:
            cls._one = cls()
        return cls._one

    @classmethod
    async def close_one(cls) -> None:
        """End all connections, and listen no more."""
        if cls._one is not None:
            await cls._one.aclose()

    @classmethod
    def leave_behind(cls) -> None:
        """Begin anew in the child of a fork; what there was is the parent's."""
        cls._one = None

    async def open(self, origin: str) -> int:
        """Listen, for pages of `origin` too, and return the port."""
        async with self._opening:
            if self._server is None:
                self._server = await serve(
                    self._meet,
                    "127.0.0.1",
                    0,
                    process_request=self._refuse,
                    compression=None,
                    max_size=_MESSAGE_MAX,
                    close_timeout=_CLOSE_S,
                    server_header=None,
                    logger=_quiet,
                )
            self._origins.add(origin)
            port: int = next(iter(self._server.sockets)).getsockname()[1]
            return port

    async def aclose(self) -> None:
        """End all connections, and listen no more; it may be opened again."""
        async with self._opening:
            server, self._server = self._server, None
            if server is not None:
                server.close()
                for meeting in self._meetings:
                    meeting.cancel()
                await server.wait_closed()

    def _refuse(self, connection: ServerConnection, request: Request) -> Response | None:
        """Refuse what no page that asked can be; a browser always tells the page's origin."""
        if request.headers.get("Origin") not in self._origins:
            return connection.respond(HTTPStatus.FORBIDDEN, "")
        if len(self._meetings) >= _CONNECTIONS_MAX:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "")
        return None

    async def _meet(self, connection: ServerConnection) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._meetings.add(task)
        try:
            line = SocketLine(connection)
            if host := await self._enter(line):
                line.send({"kind": "relinked"}, [])
                talks = host.talks(line.send)
                try:
                    await line.serve(talks.handle)
                finally:
                    talks.leave()
        finally:
            self._meetings.discard(task)

    async def _enter(self, line: SocketLine) -> Host | None:
        """Return the widget that the page asks for; none if it does not know the token."""
        with suppress(TimeoutError, ConnectionClosed, ValueError):
            async with asyncio.timeout(_ENTER_S):
                _, (page_nonce,) = await line.receive()
                challenge = Challenge(self.token, page_nonce)
                await line.answer({"kind": "proof"}, [challenge.nonce, challenge.proof])
                said, (proof,) = await line.receive()
            if challenge.is_met_by(proof):
                return self.hosts.get(str(said.get("widget")))
        return None


runtime.at_shutdown(SocketServer.close_one)
os.register_at_fork(after_in_child=SocketServer.leave_behind)
