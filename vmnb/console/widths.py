"""How many cells a character takes: as in every view, or screen and views would drift apart.

The table in ``widths.json`` is that of xterm.js's Unicode 11 add-on, which the views use; a test of
the front end holds the two together.
"""

import json
from bisect import bisect_right
from functools import cache
from pathlib import Path

__all__ = ["char_width"]

_FILE = Path(__file__).with_name("widths.json")


class _Widths(dict[str, int]):
    """The width of each character that was seen, looked up once."""

    def __missing__(self, char: str) -> int:
        if len(self) > _KEPT_MAX:
            self.clear()
        width = self[char] = _look_up(ord(char))
        return width


_KEPT_MAX = 20_000
_known = _Widths()


def char_width(char: str) -> int:
    """Return 0 for a character that joins the one before it, 2 for a wide one, else 1."""
    return _known[char]


@cache
def _table() -> tuple[list[int], list[tuple[int, int]]]:
    """Return where each range begins, and for each its end and its width."""
    ranges = json.loads(_FILE.read_text())
    marked = sorted(
        [(*pair, 0) for pair in ranges["zero"]] + [(*pair, 2) for pair in ranges["wide"]]
    )
    return [start for start, _, _ in marked], [(end, width) for _, end, width in marked]


def _look_up(code: int) -> int:
    starts, ends = _table()
    at = bisect_right(starts, code) - 1
    if at < 0 or code > ends[at][0]:
        return 1
    return ends[at][1]
