"""One subject of a widget's talk with its page; each has a file of its own."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

__all__ = ["Message", "Send", "Talk"]

Message = dict[str, Any]
"""Plain JSON with a ``kind``; see ``frontend/src/kernel/protocol.ts``."""

Send = Callable[[Message, list[bytes]], None]
"""Carries a message and its buffers to every page at the other end of one way."""


class Talk(ABC):
    """What the kernel does with some kinds of messages from the page.

    Attributes
    ----------
    kinds
        The messages that are for this one.
    """

    kinds: ClassVar[frozenset[str]]

    @abstractmethod
    async def handle(self, message: Message, buffers: list[bytes]) -> None:
        """Do what the page asks, on the background loop; errors are told to the log."""

    def leave(self) -> None:  # noqa: B027 - most subjects have nothing to let go of
        """Let go of the pages: the way to them is gone."""
