"""A QMP monitor that follows a script, on a real socket; for what a real QEMU never does."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.unix_peer import UnixPeer

__all__ = ["MonitorPeer"]

_GREETING = {"QMP": {"version": {"qemu": {"major": 7, "minor": 2, "micro": 0}}, "capabilities": []}}


class MonitorPeer(UnixPeer):
    """Answers each command with what `answers` has for it, and refuses those that it has not.

    A command whose answer is None is never answered.
    """

    def __init__(self, path: Path, answers: Mapping[str, Any]) -> None:
        super().__init__(path)
        self.answers = {"qmp_capabilities": {}, **answers}
        self.asked: list[str] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Greet one client, and serve it until it goes."""
        writer.write(json.dumps(_GREETING).encode() + b"\r\n")
        with suppress(asyncio.IncompleteReadError):
            while True:
                said = self._answer(json.loads(await _request(reader)))
                if said is not None:
                    writer.write(json.dumps(said).encode() + b"\r\n")

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
