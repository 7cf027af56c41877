"""The card's buttons."""

from collections import deque
from typing import ClassVar

from vmnb.core.state import Action
from vmnb.notebook.live import Live
from vmnb.notebook.talk import Message, Send, Talk

__all__ = ["ActionTalk", "Known"]


class Known(deque[str]):
    """Actions that were taken lately, whichever way they came: each is done once."""

    def __init__(self) -> None:
        super().__init__(maxlen=64)


class ActionTalk(Talk):
    """Does ``action``, and takes an error away on ``dismiss``."""

    kinds: ClassVar[frozenset[str]] = frozenset({"action", "dismiss"})

    def __init__(self, live: Live, known: Known, send: Send) -> None:
        self._live = live
        self._known = known
        self._send = send

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
