"""The views of the screen: live ones, still ones, and what is pressed and typed beside them."""

import asyncio
from typing import ClassVar

from vmnb.core.errors import VmnbError
from vmnb.notebook.live.live import Live
from vmnb.notebook.widget.talk import Message, Send, Talk
from vmnb.screen.keys import chords_of
from vmnb.screen.us_layout import chords_for

__all__ = ["ScreenTalk"]


class ScreenTalk(Talk):
    """Takes the views' words to screen and keyboard; what comes of it goes out by `send`."""

    kinds: ClassVar[frozenset[str]] = frozenset(
        {
            "screen_open",
            "screen_data",
            "screen_ack",
            "screen_close",
            "screen_still",
            "screen_keys",
            "screen_type",
        }
    )

    def __init__(self, live: Live, send: Send) -> None:
        self._live = live
        self._send = send
        self._opened: set[str] = set()

    async def handle(self, message: Message, buffers: list[bytes]) -> None:
        """Take over what a view says; it is told where something asked for cannot be done."""
        view, views = message["view"], self._live.screen_views
        try:
            match message["kind"]:
                case "screen_open":
                    self._open(view)
                case "screen_data":
                    views.write(view, buffers[0])
                case "screen_ack":
                    views.acknowledge(view, message["seq"])
                case "screen_close":
                    self._opened.discard(view)
                    views.close(view)
                case "screen_still":
                    await self._send_still(view)
                case "screen_keys":
                    await self._live.machine.press(chords_of(message["keys"]))
                case "screen_type":
                    await self._live.machine.press(chords_for(message["text"]))
        except VmnbError as error:
            self._send({"kind": "screen_refused", "view": view, "reason": str(error)}, [])

    def leave(self) -> None:
        """Close the live views; a page that is still there opens one anew by another way."""
        for view in self._opened:
            self._live.screen_views.close(view)

    def _open(self, view: str) -> None:
        handle = self._live.machine.handle
        if handle.vnc_socket is not None:
            self._opened.add(view)
            self._live.screen_views.open(view, handle.vnc_socket, self._send)
        else:
            reason = f"the {handle.backend} backend has no live screen"
            self._send({"kind": "screen_closed", "view": view, "reason": reason}, [])

    async def _send_still(self, view: str) -> None:
        picture = await self._live.machine.screenshot()
        png = await asyncio.to_thread(lambda: picture.png)
        self._send({"kind": "screen_still", "view": view}, [png])
