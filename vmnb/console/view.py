"""One view of a console, as far as the kernel knows it: what it got and what it has drawn."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from vmnb.console.ring import Ring

__all__ = ["Send", "View"]

Send = Callable[[dict[str, Any], list[bytes]], None]
"""Carries one message and its buffers to a view."""

_BATCH = 256 * 1024
_WINDOW = 2 * 1024 * 1024


@dataclass(slots=True, kw_only=True)
class View:
    """A view and its place in the stream.

    Parameters
    ----------
    sent, drawn
        Positions up to which it was sent output, and up to which it has drawn it.
    waiting
        Whether it needs a restored screen before any output.
    full_since
        Since when its window is full, in the loop's time; None while it is not.
    answers
        Whether it is a terminal, which answers what the guest asks terminals.
    """

    id: str
    send: Send = field(repr=False)
    sent: int = 0
    drawn: int = 0
    waiting: bool = False
    full_since: float | None = None
    answers: bool = True

    def tell(self, kind: str, *buffers: bytes, **facts: Any) -> None:
        """Send one message."""
        self.send({"kind": kind, "view": self.id, **facts}, list(buffers))

    def restore(self, position: int, screen: bytes, columns: int, rows: int) -> None:
        """Send the screen as it is at `position`; output goes on from there."""
        self.sent = self.drawn = position
        self.waiting = False
        self.full_since = None
        self.tell("restore", screen, seq=position, cols=columns, rows=rows)

    def forward(self, ring: Ring, now: float) -> bool:
        """Send what its window takes; return False if what it needs is no longer in the ring."""
        while self.sent < ring.end and self.sent - self.drawn < _WINDOW:
            if self.sent < ring.start:
                return False
            start, data = self.sent, ring.read(self.sent, _BATCH)
            self.sent += len(data)
            self.tell("output", data, seq=start)
        full = self.sent - self.drawn >= _WINDOW
        self.full_since = (self.full_since or now) if full else None
        return True

    def acknowledge(self, position: int) -> None:
        """Note that it has drawn everything before `position`."""
        if self.drawn < position <= self.sent:
            self.drawn = position
            self.full_since = None
