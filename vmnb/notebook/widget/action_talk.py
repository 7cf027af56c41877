"""The buttons of a card, or of a table of several VMs."""

from collections import deque
from typing import ClassVar, Protocol

from vmnb.core.state import Action
from vmnb.notebook.widget.talk import Message, Send, Talk

__all__ = ["ActionTalk", "Actor", "Known"]


class Actor(Protocol):
    """What the buttons are for; it shows by itself what goes wrong."""

    async def act(self, action: Action) -> None:
        """Do what a button asks for."""
        ...

    def dismiss(self) -> None:
        """Forget the problem that is shown."""
        ...


class Known(deque[str]):
    """Actions that were taken lately, whichever way they came: each is done once."""

    def __init__(self) -> None:
        super().__init__(maxlen=64)


class ActionTalk(Talk):
    """Does ``action``, and takes an error away on ``dismiss``."""

    kinds: ClassVar[frozenset[str]] = frozenset({"action", "dismiss"})

    def __init__(self, actor: Actor, known: Known, send: Send) -> None:
        self._actor = actor
        self._known = known
        self._send = send

    async def handle(self, message: Message, _buffers: list[bytes]) -> None:
        """Do what the button says; its error is shown by the actor."""
        if message["kind"] == "dismiss":
            self._actor.dismiss()
            return
        self._send({"kind": "action_taken", "id": message["id"]}, [])
        if message["id"] in self._known:
            return
        self._known.append(message["id"])
        try:
            await self._actor.act(Action(message["action"]))
        finally:  # the page waits for it, whatever came of the action
            self._send({"kind": "action_done", "id": message["id"]}, [])
