"""When a console said what it said first."""

from collections.abc import Callable
from datetime import UTC, datetime

__all__ = ["Arrivals"]

_MOST_BYTES = 256 * 1024


def _now() -> datetime:
    return datetime.now(UTC)


class Arrivals:
    """Keeps the beginning of a stream, 256 KiB of it, each line with the time of its arrival.

    Parameters
    ----------
    now
        Tells the time.
    """

    def __init__(self, now: Callable[[], datetime] = _now) -> None:
        self._now = now
        self._lines: list[tuple[datetime, bytes]] = []
        self._begun = b""
        self._room = _MOST_BYTES

    def hear(self, data: bytes) -> None:
        """Take the next piece of the stream."""
        if self._room <= 0 or not data:
            return
        now = self._now()
        self._room -= len(data)
        *whole, self._begun = (self._begun + data).split(b"\n")
        self._lines += [(now, line) for line in whole]

    def lines(self) -> list[tuple[datetime, str]]:
        """Return the lines that have come to their end, each with the time when it did."""
        return [(at, line.decode(errors="replace").rstrip("\r")) for at, line in self._lines]
