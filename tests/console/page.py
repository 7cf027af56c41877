"""A view as the page is one: it draws what it is sent, and says so when it likes."""

import asyncio
import hashlib
from typing import Any

from vmnb.console import Console


class Page:
    """Says hello to `console`, and acknowledges everything unless it is `lazy`."""

    def __init__(
        self, console: Console, name: str = "page", *, seq: int = -1, lazy: bool = False
    ) -> None:
        self.console = console
        self.name = name
        self.lazy = lazy
        self.kinds: list[str] = []
        self.first: int | None = None
        self.next = seq
        self.screen = b""
        self.sizes: list[tuple[int, int]] = []
        self.output = bytearray()
        self.reasons: list[str] = []
        self._news = asyncio.Event()
        console.hello(name, seq, self.receive)

    def receive(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        """Take one message; output must go on where the last one ended."""
        assert message["view"] == self.name
        self.kinds.append(message["kind"])
        if message["kind"] == "restore":
            self.next, self.screen = message["seq"], buffers[0]
            self.sizes.append((message["cols"], message["rows"]))
        elif message["kind"] == "output":
            assert message["seq"] == self.next
            self.first = message["seq"] if self.first is None else self.first
            self.next += len(buffers[0])
            self.output += buffers[0]
        elif message["kind"] == "closed":
            self.reasons.append(message["reason"])
        if not self.lazy and message["kind"] in ("restore", "output"):
            self.console.ack(self.name, self.next)
        self._news.set()

    async def until_kind(self, kind: str) -> None:
        """Wait until a message of `kind` has come."""
        await self._until(lambda: kind in self.kinds)

    async def until_output(self, data: bytes) -> None:
        """Wait until `data` was in the output."""
        await self._until(lambda: data in self.output)

    async def until_size(self, size: tuple[int, int]) -> None:
        """Wait until a screen of that size has come."""
        await self._until(lambda: size in self.sizes)

    async def until_length(self, count: int) -> None:
        """Wait until there were `count` bytes of output."""
        await self._until(lambda: len(self.output) >= count)

    async def until_here(self) -> None:
        """Wait until it is told that it is not typed on from another process."""
        await self._until(lambda: not self.console.is_elsewhere)

    async def _until(self, condition: Any) -> None:
        async with asyncio.timeout(30):
            while not condition():
                self._news.clear()
                await self._news.wait()


class SlowPage(Page):
    """Draws 128 KiB in a millisecond, some time after they came, and keeps nothing."""

    def __init__(self, console: Console) -> None:
        self.seen = hashlib.sha256()
        self.ahead_max = 0
        self._length = 0
        self.drawn = 0
        super().__init__(console, lazy=True)

    def receive(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        """Take one message, and draw it later."""
        super().receive(message, buffers)
        self.seen.update(self.output)
        self._length += len(self.output)
        self.output.clear()
        self.ahead_max = max(self.ahead_max, self._length - self.drawn)
        if message["kind"] == "output":
            asyncio.get_running_loop().call_later(0.001, self._draw, self.next)

    async def until_length(self, count: int) -> None:
        """Wait until there were `count` bytes of output."""
        await self._until(lambda: self._length >= count)

    def _draw(self, position: int) -> None:
        self.drawn = min(self.drawn + 128 * 1024, position)
        self.console.ack(self.name, self.drawn)
        if self.drawn < position:
            asyncio.get_running_loop().call_later(0.001, self._draw, position)
