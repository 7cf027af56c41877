"""When each part of a console's stream came, as far as somebody was there to see it."""

import codecs
from collections import deque
from collections.abc import Iterator
from itertools import pairwise

from vmnb.console.cast import OUTPUT, Cast, Event
from vmnb.console.ring import Ring

__all__ = ["Timeline"]

_APART_S = 0.05
_MARKS_MAX = 20_000


class Timeline:
    """Remembers times of what is in `ring`, to a twentieth of a second."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._marks: deque[tuple[float, int]] = deque(maxlen=_MARKS_MAX)

    def note(self, now: float, position: int) -> None:
        """Note that what is at `position` came at `now`, in seconds of any clock."""
        if not self._marks or now - self._marks[-1][0] >= _APART_S:
            self._marks.append((now, position))

    def cast(self, size: int, *, columns: int, rows: int, title: str) -> Cast:
        """Return the newest `size` bytes as a recording, from the beginning of a line on."""
        ring = self._ring
        start = max(ring.start, ring.end - size)
        if start > 0:
            start = max(start, ring.find(b"\n", start) + 1)
        events = tuple(self._events(start))
        return Cast(columns=columns, rows=rows, title=title, events=events)

    def _events(self, start: int) -> Iterator[Event]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        marks = [mark for mark in self._marks if mark[1] > start]
        earlier = [time for time, position in self._marks if position <= start]
        begun = earlier[-1] if earlier else marks[0][0] if marks else 0.0
        pieces = [(begun, start), *marks, (0.0, self._ring.end)]
        for (time, position), (_, following) in pairwise(pieces):
            data = self._ring.read(position, following - position)
            if text := decoder.decode(data):
                yield time - begun, OUTPUT, text
