"""Recordings of a terminal in the format asciicast v2, which asciinema plays.

A line of JSON says what it is, then each event is a line of its own, so that a recording that was
broken off is good up to its last whole line (https://docs.asciinema.org/manual/asciicast/v2/).
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Self

from vmnb.core.errors import SpecError

__all__ = ["MARK", "OUTPUT", "SIZE", "Cast", "Event", "event_line", "header_line", "is_header"]

OUTPUT, SIZE, MARK = "o", "r", "m"
_KINDS = frozenset({OUTPUT, SIZE, MARK})
_SIDE_MAX = 1000
_LATEST_S = 1e9
_SIDE = re.compile(r"[0-9]{1,9}")

Event = tuple[float, str, str]
"""Seconds from the beginning, what kind, and text; the text of a size is ``80x24``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """A recording of a terminal.

    Parameters
    ----------
    columns, rows
        The terminal's size at the beginning.
    events
        In the order of their times, which begin at zero or later.
    """

    columns: int
    rows: int
    title: str
    events: tuple[Event, ...]

    def dumps(self) -> str:
        """Return it as text, which :meth:`loads` reads."""
        head = header_line(self.columns, self.rows, self.title)
        return "".join([head, *(event_line(*event) for event in self.events)])

    @classmethod
    def loads(cls, text: str) -> Self:
        """Read a recording, whoever wrote it: its output, sizes and marks, and nothing else.

        Raises
        ------
        SpecError
            It is no asciicast v2.
        """
        head, *lines = text.split("\n")
        header = _parsed(head)
        if not is_header(header):
            raise SpecError("this is no recording", hint="vmnb reads asciicast v2")
        events, latest = [], 0.0
        for number, line in enumerate(lines, 2):
            if not line:
                continue
            event = _event(_parsed(line))
            if event is None:
                if number > len(lines):  # the last line, broken off
                    break
                raise SpecError(f"line {number} of the recording is no event: {line[:80]!r}")
            time, kind, data = event
            latest = max(latest, time)
            if kind in _KINDS:
                events.append((latest, kind, data))
        title = header.get("title")
        return cls(
            columns=header["width"],
            rows=header["height"],
            title=title if isinstance(title, str) else "",
            events=tuple(events),
        )

    def newest(self, size: int) -> Self:
        """Return its end, with at most `size` characters, beginning at zero again."""
        kept, left = len(self.events), size
        while kept and (left := left - len(self.events[kept - 1][2])) >= 0:
            kept -= 1
        if kept == 0:
            return self
        columns, rows = self.columns, self.rows
        for _, kind, data in self.events[:kept]:
            if kind == SIZE:
                columns, rows = map(int, data.split("x"))
        end = self.events[kept:]
        events = tuple((time - end[0][0], kind, data) for time, kind, data in end)
        return type(self)(columns=columns, rows=rows, title=self.title, events=events)


def header_line(columns: int, rows: int, title: str, **more: Any) -> str:
    """Return the first line of a recording."""
    return _line({"version": 2, "width": columns, "height": rows, **more, "title": title})


def event_line(time: float, kind: str, data: str) -> str:
    """Return the line of one event."""
    return _line([round(time, 6), kind, data])


def is_header(value: Any) -> bool:
    """Return whether this is what the first line of an asciicast v2 says."""
    if not isinstance(value, dict) or value.get("version") != 2:
        return False
    return all(_is_side(value.get(side)) for side in ("width", "height"))


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _event(value: Any) -> Event | None:
    if not isinstance(value, list) or len(value) != 3:
        return None
    time, kind, data = value
    if isinstance(time, bool) or not isinstance(time, int | float) or not 0 <= time < _LATEST_S:
        return None
    if not isinstance(kind, str) or not isinstance(data, str):
        return None
    if kind == SIZE and not _is_size(data):
        return None
    return float(time), kind, data


def _is_size(data: str) -> bool:
    sides = data.split("x")
    return len(sides) == 2 and all(_SIDE.fullmatch(s) and _is_side(int(s)) for s in sides)


def _is_side(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _SIDE_MAX
