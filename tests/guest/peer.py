"""A guest agent that follows a script, on a real socket, serving one client at a time."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.unix_peer import UnixPeer

Answer = bytes | None
Script = Callable[[dict[str, Any]], Answer | Awaitable[Answer]]


def in_sync(request: dict[str, Any]) -> bytes:
    """Answer a sync as the real agent does."""
    return b'\xff{"return": %d}\n' % request["arguments"]["id"]


class Peer(UnixPeer):
    """Answers each request with what `script` makes of it; None closes the connection.

    Syncs are answered as the real agent does unless the script `syncs` itself.
    """

    def __init__(self, path: Path, script: Script, *, syncs: bool = False) -> None:
        super().__init__(path)
        self.requests: list[str] = []
        self.news = asyncio.Event()
        self._script = script
        self._syncs = syncs

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client until the script closes the connection."""
        while line := (await reader.readline()).lstrip(b"\xff"):
            request = json.loads(line)
            self.requests.append(request["execute"])
            self.news.set()
            if request["execute"] == "guest-sync-delimited" and not self._syncs:
                answer: Answer = in_sync(request)
            else:
                made = self._script(request)
                answer = await made if isinstance(made, Awaitable) else made
            if answer is None:
                break
            writer.write(answer)
