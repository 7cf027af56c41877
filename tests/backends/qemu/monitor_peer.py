"""A QMP monitor that follows a script, on a real socket; for what a real QEMU never does."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

__all__ = ["MonitorPeer"]

_GREETING = {"QMP": {"version": {"qemu": {"major": 7, "minor": 2, "micro": 0}}, "capabilities": []}}


class MonitorPeer:
    """Answers each command with what `answers` has for it, and refuses those that it has not.

    A command whose answer is None is never answered.
    """

    def __init__(self, path: Path, answers: Mapping[str, Any]) -> None:
        self.answers = {"qmp_capabilities": {}, **answers}
        self.asked: list[str] = []
        self._path = path
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_unix_server(self._accept, self._path)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.add(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(json.dumps(_GREETING).encode() + b"\r\n")
            while True:
                said = self._answer(json.loads(await _request(reader)))
                if said is not None:
                    writer.write(json.dumps(said).encode() + b"\r\n")
        except asyncio.IncompleteReadError:
            pass  # the client has gone
        finally:
            writer.close()

    def _answer(self, request: dict[str, Any]) -> dict[str, Any] | None:
        command = request["execute"]
        self.asked.append(command)
        given = {"id": request["id"]} if "id" in request else {}
        if command not in self.answers:
            return {"error": {"class": "GenericError", "desc": "no such thing"}, **given}
        answer = self.answers[command]
        return None if answer is None else {"return": answer, **given}


async def _request(reader: asyncio.StreamReader) -> bytes:
    """Return the next object; nothing but its own end says where it ends."""
    said = b""
    while not said or said.count(b"{") > said.count(b"}"):
        said += await reader.readuntil(b"}")
    return said
