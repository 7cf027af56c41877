"""The card's buttons."""

from collections import deque
from typing import ClassVar

from vmnb.core.state import Action
from vmnb.notebook.live import Live
from vmnb.notebook.talk import Message, Send

__all__ = ["ActionTalk"]

_KNOWN_MAX = 64


class ActionTalk:
    """Does ``action``, and takes an error away on ``dismiss``."""

    kinds: ClassVar[frozenset[str]] = frozenset({"action", "dismiss"})

    def __init__(self, live: Live, send: Send) -> None:
        self._live = live
        self._send = send
        self._known: deque[str] = deque(maxlen=_KNOWN_MAX)

    async def handle(self, message: Message, _buffers: list[bytes]) -> None:
        """Do what the button says; its error is shown on the card."""
        if message["kind"] == "dismiss":
            self._live.dismiss()
            return
        self._send({"kind": "action_taken", "id": message["id"]}, [])
        if message["id"] in self._known:
            return
        self._known.append(message["id"])
        try:
            await self._live.act(Action(message["action"]))
        finally:  # the page waits for it, whatever came of the action
            self._send({"kind": "action_done", "id": message["id"]}, [])
