"""The page asks for the widget's code, once, however many widgets it shows."""

import asyncio
from typing import ClassVar

from vmnb.notebook.assets import bundle
from vmnb.notebook.talk import Message, Send
from vmnb.notebook.wire import PROBE

__all__ = ["BundleTalk"]


class BundleTalk:
    """Answers ``bundle``."""

    kinds: ClassVar[frozenset[str]] = frozenset({"bundle"})

    def __init__(self, send: Send) -> None:
        self._send = send

    async def handle(self, _message: Message, buffers: list[bytes]) -> None:
        """Send script and style, and what the page is to know of the way that bytes take."""
        built = await asyncio.to_thread(bundle)
        files = [built.script, built.style]
        sizes, heard = [len(file) for file in files], buffers == [PROBE]
        answer = {"kind": "bundle", "digest": built.digest, "sizes": sizes, "heard": heard}
        self._send(answer, files)
