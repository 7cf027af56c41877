"""The page asks for parts of the widget's code, each once, however many widgets it shows."""

import asyncio
from typing import ClassVar

from vmnb.notebook.widget.assets import bundle
from vmnb.notebook.widget.talk import Message, Send, Talk
from vmnb.notebook.widget.wire import PROBE

__all__ = ["BundleTalk"]


class BundleTalk(Talk):
    """Answers ``bundle``."""

    kinds: ClassVar[frozenset[str]] = frozenset({"bundle"})

    def __init__(self, send: Send) -> None:
        self._send = send

    async def handle(self, message: Message, buffers: list[bytes]) -> None:
        """Send script and style, and what the page is to know of the way that bytes take."""
        built = await asyncio.to_thread(bundle, message["name"])
        files = [built.script, built.style]
        answer = {
            "kind": "bundle",
            "name": message["name"],
            "digest": built.digest,
            "sizes": [len(file) for file in files],
            "heard": buffers == [PROBE],
        }
        self._send(answer, files)
