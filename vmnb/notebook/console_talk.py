"""The views of the consoles: what they have drawn, how large they are, what is typed into them."""

from typing import ClassVar

from vmnb.notebook.live import Live
from vmnb.notebook.talk import Message, Send

__all__ = ["ConsoleTalk"]


class ConsoleTalk:
    """Takes the views' words to the console; what it says goes out by `send`."""

    kinds: ClassVar[frozenset[str]] = frozenset({"hello", "ack", "bye", "input", "size"})

    def __init__(self, live: Live, send: Send) -> None:
        self._live = live
        self._send = send

    async def handle(self, message: Message, buffers: list[bytes]) -> None:
        """Take over what a view says."""
        number, view = message["console"], message["view"]
        consoles = self._live.consoles
        console, size = await consoles.get(number), consoles.size(number)
        match message["kind"]:
            case "hello":
                console.hello(view, message["seq"], self._send)
            case "ack":
                console.ack(view, message["seq"])
            case "bye":
                console.bye(view)
                size.sizes.leave(view)
                size.settle()
            case "size":
                wish = (message["cols"], message["rows"])
                size.sizes.wish(view, wish)
                if message["by_hand"]:
                    size.sizes.use(view)
                size.settle()
                if message["typed"]:
                    await size.type(wish)
            case "input" if message["reply"]:
                if console.answers(view):
                    console.input(buffers[0])
            case "input" if number not in consoles.read_only:
                console.input(buffers[0])
                size.sizes.use(view)
                size.settle()
