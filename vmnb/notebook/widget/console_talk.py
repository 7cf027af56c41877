"""The views of the consoles: what they have drawn, how large they are, what is typed into them."""

import asyncio
from typing import ClassVar

from vmnb.console import Console
from vmnb.core.errors import VmnbError
from vmnb.notebook.live.guest_size import GuestSize
from vmnb.notebook.live.live import Live
from vmnb.notebook.widget.talk import Message, Send, Talk
from vmnb.notebook.widget.typed import Typed

__all__ = ["ConsoleTalk"]

_CONFIRM_AFTER_S = 0.05
"""Later than the guest's echo, which a message right before it would hold up."""


class ConsoleTalk(Talk):
    """Takes the views' words to their console; what it says goes out by `send`."""

    kinds: ClassVar[frozenset[str]] = frozenset(
        {"hello", "ack", "bye", "input", "size", "take_over"}
    )

    def __init__(self, live: Live, typed: Typed, send: Send) -> None:
        self._live = live
        self._typed = typed
        self._send = send
        self._due: dict[str, asyncio.TimerHandle] = {}
        self._greeted: set[Console] = set()
        self._typing = asyncio.Lock()

    async def handle(self, message: Message, buffers: list[bytes]) -> None:
        """Take over what a view says."""
        view, number = message["view"], message["console"]
        size = self._live.consoles.size(number)
        match message["kind"]:
            case "hello":
                self._typed.begin(view, message["typed"])
                self._confirm(view, again=True)
                await self._greet(number, view, message["seq"])
            case "ack":
                (await self._console(number)).ack(view, message["seq"])
            case "bye":
                self._cancel(view)
                self._typed.forget(view)
                (await self._console(number)).bye(view)
                size.sizes.leave(view)
                size.settle()
            case "size":
                await self._resize(size, message)
            case "take_over":
                await self._take_over(number, view)
            case "input":
                async with self._typing:  # whatever a key has to wait for, the next comes after it
                    await self._type(number, message, buffers[0])

    def leave(self) -> None:
        """Forget the views that have not said hello by another way since."""
        for view in list(self._due):
            self._cancel(view)
        for console in self._greeted:
            console.forget(self._send)

    async def _console(self, number: int) -> Console:
        return await self._live.consoles.get(number)

    async def _greet(self, number: int, view: str, seq: int) -> None:
        try:
            console = await self._console(number)
        except VmnbError as error:
            self._send({"kind": "closed", "view": view, "reason": error.message}, [])
            raise
        console.hello(view, seq, self._send)
        self._greeted.add(console)

    async def _take_over(self, number: int, view: str) -> None:
        try:
            await (await self._console(number)).take_over()
        except VmnbError as error:
            self._send({"kind": "not_taken", "view": view, "reason": error.message}, [])
            raise

    async def _resize(self, size: GuestSize, message: Message) -> None:
        wish = (message["cols"], message["rows"])
        size.sizes.wish(message["view"], wish)
        if message["by_hand"]:
            size.sizes.use(message["view"])
        size.settle()
        if message["typed"]:
            await size.type(wish)

    async def _type(self, number: int, message: Message, data: bytes) -> None:
        view = message["view"]
        fresh = self._typed.fresh(view, message["at"], data)
        if message["at"] > self._typed.end(view):
            self._confirm(view, again=True)
        elif view not in self._due:
            loop = asyncio.get_running_loop()
            self._due[view] = loop.call_later(_CONFIRM_AFTER_S, self._confirm, view)
        console = await self._console(number)
        if not fresh:
            return
        await self._live.first_guest.enter(waits=False)
        if message["reply"]:
            if console.answers(view):
                console.answer(fresh)
        elif number not in self._live.consoles.read_only:
            console.input(fresh)
            size = self._live.consoles.size(number)
            size.sizes.use(view)
            size.settle()

    def _confirm(self, view: str, *, again: bool = False) -> None:
        self._cancel(view)
        seq = self._typed.end(view)
        self._send({"kind": "typed", "view": view, "seq": seq, "again": again}, [])

    def _cancel(self, view: str) -> None:
        if due := self._due.pop(view, None):
            due.cancel()
