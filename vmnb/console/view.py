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
_BEHIND = 256 * 1024
_SILENT_MAX_S = 2.0


@dataclass(slots=True, kw_only=True)
class View:
    """A view and its place in the stream.

    Parameters
    ----------
    sent, drawn
        Positions up to which it was sent output, and up to which it has drawn it.
    waiting
        Whether it needs a restored screen before any output.
    silent_since
        Since when it confirms nothing of what it was sent, in the loop's time; None if it has
        drawn everything.
    answers
        Whether it is a terminal, which answers what the guest asks terminals.
    """

    id: str
    send: Send = field(repr=False)
    sent: int = 0
    drawn: int = 0
    waiting: bool = False
    silent_since: float | None = None
    answers: bool = True

    @property
    def is_full(self) -> bool:
        """Whether it gets no more until it has drawn some of what it was sent."""
        return self.sent - self.drawn >= _WINDOW

    def silent_s(self, now: float) -> float:
        """Return for how long it has confirmed nothing, although there is something to confirm."""
        return 0.0 if self.silent_since is None else now - self.silent_since

    def is_there(self, now: float) -> bool:
        """Whether somebody seems to look at it: a page that was closed draws nothing."""
        return self.silent_s(now) < _SILENT_MAX_S

    def tell(self, kind: str, *buffers: bytes, **facts: Any) -> None:
        """Send one message."""
        self.send({"kind": kind, "view": self.id, **facts}, list(buffers))

    def restore(self, position: int, screen: bytes, columns: int, rows: int) -> None:
        """Send the screen as it is at `position`; output goes on from there."""
        self.skip_to(position)
        self.tell("restore", screen, seq=position, cols=columns, rows=rows)

    def skip_to(self, position: int) -> None:
        """Go on with output from `position` on."""
        self.sent = self.drawn = position
        self.waiting = False
        self.silent_since = None

    def forward(self, ring: Ring, now: float) -> bool:
        """Send what its window takes; return False if what it needs is no longer in the ring."""
        while self.sent < ring.end and not self.is_full:
            if self.sent < ring.start:
                return False
            start, data = self.sent, ring.read(self.sent, _BATCH)
            self.sent += len(data)
            self.tell("output", data, seq=start)
        if self.silent_since is None and self.sent > self.drawn:
            self.silent_since = now
        return True

    def holds(self, ring: Ring, now: float) -> bool:
        """Whether the stream should wait for it: it draws, and has not got what there is."""
        draws = self.is_full and not self.waiting and self.is_there(now)
        return draws and ring.end - self.sent >= _BEHIND

    def acknowledge(self, position: int, now: float) -> None:
        """Note that it has drawn everything before `position`."""
        if self.drawn < position <= self.sent:
            self.drawn = position
            self.silent_since = None if position == self.sent else now
