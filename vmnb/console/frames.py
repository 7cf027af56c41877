"""Messages between the processes that share a console: each an object and some bytes."""

import asyncio
import json
import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

__all__ = ["Frames"]

_HEAD = struct.Struct("!II")  # length of the object in JSON, and of the bytes
_CHUNK = 256 * 1024
_LONGEST = 16 * 1024 * 1024
_DESCRIPTORS = 3


class Frames:
    """One end of a connection; `sock` is non-blocking and closed by :meth:`close`.

    Each method raises ``OSError`` where the other end is gone.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._loop = asyncio.get_running_loop()

    async def read(self) -> tuple[dict[str, Any], bytes]:
        """Return the next message, however long it takes."""
        sizes = _HEAD.unpack(await self._exactly(_HEAD.size))
        if sum(sizes) > _LONGEST:
            raise ConnectionError("what another process says of the console makes no sense")
        message, data = [await self._exactly(size) for size in sizes]
        return json.loads(message), data

    async def write(self, message: dict[str, Any], data: bytes = b"") -> None:
        """Send a message; one at a time."""
        await self._loop.sock_sendall(self._socket, _frame(message, data))

    def write_with(self, descriptors: Sequence[int], message: dict[str, Any]) -> None:
        """Send a message, so short that it goes at once, and give copies of `descriptors`."""
        socket.send_fds(self._socket, [_frame(message, b"")], descriptors)

    async def read_with(self) -> tuple[dict[str, Any], list[int]]:
        """Return the next message and the descriptors that came with it, this process's own now."""
        await self._readable()
        head, descriptors, _, _ = socket.recv_fds(
            self._socket, _HEAD.size, _DESCRIPTORS, socket.MSG_CMSG_CLOEXEC
        )
        head += await self._exactly(_HEAD.size - len(head))
        message = await self._exactly(_HEAD.unpack(head)[0])
        return json.loads(message), descriptors

    def end(self) -> None:
        """Say that nothing more is sent."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    async def _exactly(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            piece = await self._loop.sock_recv(self._socket, min(_CHUNK, count - len(data)))
            if not piece:
                raise ConnectionError("the other process has closed the connection")
            data += piece
        return bytes(data)

    async def _readable(self) -> None:
        readable = asyncio.Event()
        self._loop.add_reader(self._socket, readable.set)
        try:
            await readable.wait()
        finally:
            self._loop.remove_reader(self._socket)


def _frame(message: dict[str, Any], data: bytes) -> bytes:
    text = json.dumps(message).encode()
    return _HEAD.pack(len(text), len(data)) + text + data
