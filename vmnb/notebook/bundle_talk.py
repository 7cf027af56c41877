"""The page asks for parts of the widget's code, each once, however many widgets it shows."""

import asyncio
from typing import ClassVar

from vmnb.notebook.assets import bundle
from vmnb.notebook.talk import Message, Send, Talk

__all__ = ["BundleTalk"]


class BundleTalk(Talk):
    """Answers ``bundle``."""

    kinds: ClassVar[frozenset[str]] = frozenset({"bundle"})

    def __init__(self, send: Send) -> None:
        self._send = send

    async def handle(self, message: Message, _buffers: list[bytes]) -> None:
        """Send script and style."""
        built = await asyncio.to_thread(bundle, message["name"])
        answer = {"kind": "bundle", "name": message["name"], "digest": built.digest}
        self._send(answer, [built.script, built.style])
