"""The page tries whether another way to the kernel is open."""

from typing import ClassVar

from vmnb.notebook.widget.talk import Message, Send, Talk

__all__ = ["KnockTalk"]


class KnockTalk(Talk):
    """Answers ``knock``."""

    kinds: ClassVar[frozenset[str]] = frozenset({"knock"})

    def __init__(self, send: Send) -> None:
        self._send = send

    async def handle(self, _message: Message, _buffers: list[bytes]) -> None:
        """Say that it was heard."""
        self._send({"kind": "knocked"}, [])
