"""One page's WebSocket: messages in and out, in order, within bounds."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from vmnb.notebook.socket.frame import pack, unpack
from vmnb.notebook.widget.talk import Message

__all__ = ["SocketLine"]

_WAITING_MAX = 16 * 1024 * 1024
"""More does not wait for a page: the line ends, and the page asks anew by another way."""


class SocketLine:
    """Sends to a page at its own pace, and answers when it asks whether we are there."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection
        self._frames: deque[bytes] = deque()
        self._waiting = 0
        self._fresh = asyncio.Event()

    def send(self, message: Message, buffers: list[bytes]) -> None:
        """Send as soon as what was sent before has left; nothing more once the line has ended."""
        frame = pack(message, buffers)
        self._waiting += len(frame)
        if self._waiting > _WAITING_MAX:
            self._connection.transport.abort()
        else:
            self._frames.append(frame)
            self._fresh.set()

    async def receive(self) -> tuple[Message, list[bytes]]:
        """Return the next message of the page.

        Raises
        ------
        ConnectionClosed
            There is none any more.
        ValueError
            The page sent something else.
        """
        frame = await self._connection.recv(decode=False)
        return unpack(frame)

    async def answer(self, message: Message, buffers: list[bytes]) -> None:
        """Send at once, before anything is served.

        Raises
        ------
        ConnectionClosed
            The line has ended.
        """
        await self._connection.send(pack(message, buffers))

    async def serve(
        self, handle: Callable[[Message, list[bytes]], Coroutine[Any, Any, None]]
    ) -> None:
        """Let `handle` do what the page asks, until the line has ended and all of it is done."""
        sending = asyncio.create_task(self._send_all())
        try:
            async with asyncio.TaskGroup() as group:
                with suppress(ConnectionClosed, ValueError):
                    while True:
                        message, buffers = await self.receive()
                        if message.get("kind") == "ping":
                            self.send({"kind": "pong"}, [])
                        else:
                            group.create_task(handle(message, buffers))
                await self._connection.close()
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _send_all(self) -> None:
        with suppress(ConnectionClosed):
            while True:
                await self._fresh.wait()
                self._fresh.clear()
                while self._frames:
                    frame = self._frames.popleft()
                    await self._connection.send(frame)
                    self._waiting -= len(frame)
