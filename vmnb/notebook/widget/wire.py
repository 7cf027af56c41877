"""Bytes between kernel and page; the other side is ``frontend/src/kernel/carrier.ts``."""

from base64 import b64decode, b64encode
from collections.abc import Sequence

from vmnb.notebook.widget.talk import Message, Send

__all__ = ["PROBE", "Wire"]

PROBE = bytes((0, 127, 128, 255))
"""What the page sends with its first request, to be told whether it came."""


class Wire:
    """Carries bytes as binary buffers, and as base64 where the front end carries none.

    A page that gets none says so with each message; what it sends itself is read in both forms.
    From then on, all pages that show the widget get base64, which each of them understands.

    Parameters
    ----------
    send
        Carries a message to the pages.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._as_text = False

    def send(self, message: Message, buffers: list[bytes]) -> None:
        """Send a message with its bytes."""
        if self._as_text and buffers:
            texts = [b64encode(buffer).decode() for buffer in buffers]
            message, buffers = message | {"base64": texts}, []
        self._send(message, buffers)

    def bytes_of(self, message: Message, buffers: Sequence[memoryview]) -> list[bytes]:
        """Return the bytes that came with a message from the page; none where they are garbled."""
        self._as_text = self._as_text or message.get("binary") is False
        texts = message.get("base64")
        if texts is None:
            return [bytes(buffer) for buffer in buffers]
        try:
            return [b64decode(text, validate=True) for text in texts]
        except (TypeError, ValueError):
            return []
