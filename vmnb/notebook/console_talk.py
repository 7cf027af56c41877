"""The views of the console: what they have drawn, and what is typed into them."""

from typing import ClassVar

from vmnb.console import Console
from vmnb.notebook.live import Live
from vmnb.notebook.talk import Message, Send

__all__ = ["ConsoleTalk"]


class ConsoleTalk:
    """Takes the views' words to the console; what it says goes out by `send`."""

    kinds: ClassVar[frozenset[str]] = frozenset({"hello", "ack", "bye", "input"})

    def __init__(self, live: Live, send: Send) -> None:
        self._live = live
        self._send = send
        self._console: Console | None = None

    async def handle(self, message: Message, buffers: list[bytes]) -> None:
        """Take over what a view says."""
        self._console = console = await self._live.console()
        view = message["view"]
        match message["kind"]:
            case "hello":
                console.hello(view, message["seq"], self._send)
            case "ack":
                console.ack(view, message["seq"])
            case "bye":
                console.bye(view)
            case "input":
                if not message["reply"] or console.answers(view):
                    console.input(buffers[0])

    def leave(self) -> None:
        """Forget the views that have not said hello by another way since."""
        if self._console is not None:
            self._console.forget(self._send)
