"""One connection to a guest agent: framing, synchronisation, bounds, and no trust in the guest."""

import asyncio
import json
import secrets
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from vmnb.core.errors import AgentError, BackendError, LinkLostError, StateError
from vmnb.core.sockets import connect

__all__ = ["PARTS_MAX", "RESPONSE_MAX", "AgentLink"]

RESPONSE_MAX = 48 * 1024 * 1024
"""Longest answer in bytes: twice the 16 MiB that the agent captures, in base64, and some more."""

PARTS_MAX = 200_000
"""Most values in an answer: each takes much more memory than the bytes that make one."""

_SYNC_MAX = 100
_CHUNK = 256 * 1024
_PARSE_HERE_MAX = 256 * 1024
_FIRST_RESEND_S = 1.0


class AgentLink:
    """A connection to the agent's socket; QEMU serves one client of it at a time.

    Whatever goes wrong in the middle of :meth:`synchronise` or :meth:`request`, cancellation
    included, leaves the link in an unknown place: close it then, and connect anew.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._buffer = bytearray()
        self._token = 0
        self._resend: asyncio.TimerHandle | None = None

    @classmethod
    def connect(cls, path: Path) -> Self:
        """Return a link to the socket at `path`, not yet synchronised.

        Raises
        ------
        StateError
            Nobody listens there: the VM is not running.
        BackendError
            The socket cannot be used for another reason.
        BlockingIOError
            The queue of clients that wait for their turn is full.
        """
        try:
            return cls(connect(path))
        except BlockingIOError:
            raise
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise StateError(
                "cannot reach the guest agent: the VM is not running", hint="start the VM"
            ) from error
        except OSError as error:
            raise BackendError(f"cannot connect to {path}: {error.strerror}") from error

    @property
    def disturbed(self) -> bool:
        """Whether something came that nobody asked for: the end of the link, or stray bytes."""
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return bool(self._buffer)
        except OSError:
            return True
        return True

    async def synchronise(self) -> None:
        """Wait until the agent answers; afterwards its next answer is that to our next request.

        QEMU takes no bytes before something in the guest has opened the port, so that one
        request, sent while the guest boots, is answered as soon as the agent is there. It is sent
        again now and then, because a guest that reboots takes what it had read with it.
        """
        self._send_sync(_FIRST_RESEND_S)
        try:
            while True:
                _, delimiter, answer = (await self._line()).rpartition(b"\xff")
                if delimiter and _is_return(answer, self._token):
                    return
        finally:
            if self._resend is not None:
                self._resend.cancel()

    async def request(
        self, command: str, arguments: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Send one request and return the answer: an object with ``return`` or ``error``.

        Raises
        ------
        AgentError
            The answer is none.
        LinkLostError
            The link died; whether the request was carried out is unknown.
        """
        request = {"execute": command} | ({"arguments": arguments} if arguments else {})
        try:
            await asyncio.get_running_loop().sock_sendall(
                self._socket, json.dumps(request).encode() + b"\n"
            )
        except OSError as error:
            raise _lost() from error
        return await _parsed(await self._line())

    def close(self) -> None:
        """End the link; the next client in the queue gets its turn."""
        self._socket.close()

    def _send_sync(self, resend_s: float) -> None:
        # Each has a token of its own and only the last one's answer counts: no answer of an
        # earlier one can follow it and be taken for the answer to a request.
        self._token = secrets.randbits(31)
        request = {"execute": "guest-sync-delimited", "arguments": {"id": self._token}}
        with suppress(OSError):  # a dead link shows in the reading of it
            self._socket.send(b"\xff" + json.dumps(request).encode() + b"\n")
        loop = asyncio.get_running_loop()
        self._resend = loop.call_later(resend_s, self._send_sync, 2 * resend_s)

    async def _line(self) -> bytes:
        loop = asyncio.get_running_loop()
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > RESPONSE_MAX:
                raise AgentError(
                    f"the guest agent's answer is longer than {RESPONSE_MAX >> 20} MiB",
                    hint="the guest's agent is broken or hostile; do not trust this guest",
                )
            try:
                chunk = await loop.sock_recv(self._socket, _CHUNK)
            except OSError as error:
                raise _lost() from error
            if not chunk:
                raise _lost()
            self._buffer += chunk
            await asyncio.sleep(0)  # sock_recv does not yield while there is something to read
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line


def _lost() -> LinkLostError:
    return LinkLostError(
        "the link to the guest agent died", hint="look at the VM's state; it may have stopped"
    )


def _is_return(line: bytes, value: int) -> bool:
    try:
        return len(line) <= _SYNC_MAX and bool(json.loads(line) == {"return": value})
    except (ValueError, RecursionError):
        return False


async def _parsed(line: bytes) -> dict[str, Any]:
    if sum(map(line.count, (b",", b"[", b"{"))) > PARTS_MAX:
        raise AgentError(
            f"the guest agent's answer has more than {PARTS_MAX} parts",
            hint="the guest's agent is broken or hostile; do not trust this guest",
        )
    try:
        if len(line) > _PARSE_HERE_MAX:
            answer = await asyncio.to_thread(json.loads, line)
        else:
            answer = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise AgentError(f"the guest agent's answer is not JSON: {line[:80]!r}") from error
    if not isinstance(answer, dict) or not {"return", "error"} & answer.keys():
        raise AgentError(f"the guest agent's answer is neither result nor error: {line[:80]!r}")
    return answer
