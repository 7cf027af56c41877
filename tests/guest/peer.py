"""A guest agent that follows a script, on a real socket, serving one client at a time."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self

Answer = bytes | None
Script = Callable[[dict[str, Any]], Answer | Awaitable[Answer]]


def in_sync(request: dict[str, Any]) -> bytes:
    """Answer a sync as the real agent does."""
    return b'\xff{"return": %d}\n' % request["arguments"]["id"]


class Peer:
    """Answers each request with what `script` makes of it; None closes the connection.

    Syncs are answered as the real agent does unless the script `syncs` itself.
    """

    def __init__(self, path: Path, script: Script, *, syncs: bool = False) -> None:
        self.requests: list[str] = []
        self.clients = 0
        self._path = path
        self._script = script
        self._syncs = syncs
        self._serving: set[asyncio.Task[None]] = set()
        self.news = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_unix_server(self._accept, self._path)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.clients += 1
        self._serving.add(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(reader, writer)
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
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
