"""A wire between browser and server that can be cut, and can lose what is sent over it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

__all__ = ["Wire", "wire_to"]

_TIMEOUT_S = 30.0


class Wire:
    """Forwards TCP connections to a port of this machine; made by :func:`wire_to`.

    Attributes
    ----------
    loses
        Whether what is sent is lost, in either direction, as when a laptop sleeps.
    """

    def __init__(self, target: int) -> None:
        self.loses = False
        self.loop = asyncio.new_event_loop()
        self._target = target
        self._writers: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """End all connections; new ones are good."""
        asyncio.run_coroutine_threadsafe(self._cut(), self.loop).result(_TIMEOUT_S)

    async def serve(self) -> asyncio.Server:
        """Listen on a port of its own."""
        return await asyncio.start_server(self._connect, "127.0.0.1", 0)

    async def _cut(self) -> None:
        for writer in tuple(self._writers):
            writer.transport.abort()
        self.loses = False

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", self._target)
        await asyncio.gather(self._pass(reader, there[1]), self._pass(there[0], writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with suppress(OSError):
            while data := await reader.read(1 << 16):
                if not self.loses:
                    writer.write(data)
                    await writer.drain()
        self._writers.discard(writer)
        writer.close()


@contextmanager
def wire_to(target: int) -> Iterator[tuple[Wire, int]]:
    """Give a wire to a port, and the port where it begins."""
    wire = Wire(target)
    thread = Thread(target=wire.loop.run_forever)
    thread.start()
    try:
        serving = asyncio.run_coroutine_threadsafe(wire.serve(), wire.loop)
        server = serving.result(_TIMEOUT_S)
        yield wire, server.sockets[0].getsockname()[1]
        wire.loop.call_soon_threadsafe(server.close)
        wire.cut()
    finally:
        wire.loop.call_soon_threadsafe(wire.loop.stop)
        thread.join(_TIMEOUT_S)
        wire.loop.close()
