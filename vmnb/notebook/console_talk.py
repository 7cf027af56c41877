"""The views of the console: what they have drawn, and what is typed into them."""

import asyncio
from typing import ClassVar

from vmnb.console import Console
from vmnb.core.errors import VmnbError
from vmnb.notebook.live import Live
from vmnb.notebook.talk import Message, Send, Talk
from vmnb.notebook.typed import Typed

__all__ = ["ConsoleTalk"]

_CONFIRM_AFTER_S = 0.05
"""Later than the guest's echo, which a message right before it would hold up."""


class ConsoleTalk(Talk):
    """Takes the views' words to the console; what it says goes out by `send`."""

    kinds: ClassVar[frozenset[str]] = frozenset({"hello", "ack", "bye", "input"})

    def __init__(self, live: Live, typed: Typed, send: Send) -> None:
        self._live = live
        self._typed = typed
        self._send = send
        self._due: dict[str, asyncio.TimerHandle] = {}
        self._console: Console | None = None

    async def handle(self, message: Message, buffers: list[bytes]) -> None:
        """Take over what a view says."""
        view = message["view"]
        match message["kind"]:
            case "hello":
                self._typed.begin(view, message["typed"])
                self._confirm(view, again=True)
                await self._greet(view, message["seq"])
            case "ack":
                (await self._live.console()).ack(view, message["seq"])
            case "bye":
                self._forget(view)
                (await self._live.console()).bye(view)
            case "input":
                await self._type(message, buffers[0])

    def leave(self) -> None:
        """Forget the views that have not said hello by another way since."""
        for view in list(self._due):
            self._cancel(view)
        if self._console is not None:
            self._console.forget(self._send)

    async def _greet(self, view: str, seq: int) -> None:
        try:
            console = await self._live.console()
        except VmnbError as error:
            self._send({"kind": "closed", "view": view, "reason": error.message}, [])
            raise
        console.hello(view, seq, self._send)
        self._console = console

    async def _type(self, message: Message, data: bytes) -> None:
        view = message["view"]
        fresh = self._typed.fresh(view, message["at"], data)
        if message["at"] > self._typed.end(view):
            self._confirm(view, again=True)
        elif view not in self._due:
            loop = asyncio.get_running_loop()
            self._due[view] = loop.call_later(_CONFIRM_AFTER_S, self._confirm, view)
        console = await self._live.console()
        if fresh and (not message["reply"] or console.answers(view)):
            console.input(fresh)

    def _confirm(self, view: str, *, again: bool = False) -> None:
        self._cancel(view)
        seq = self._typed.end(view)
        self._send({"kind": "typed", "view": view, "seq": seq, "again": again}, [])

    def _forget(self, view: str) -> None:
        self._cancel(view)
        self._typed.forget(view)

    def _cancel(self, view: str) -> None:
        if due := self._due.pop(view, None):
            due.cancel()
