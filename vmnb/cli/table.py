"""Tables for a terminal: plain text in columns."""

from collections.abc import Sequence

from wcwidth import wcswidth

__all__ = ["table"]

_GAP = "  "


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return lines with the columns under each other; empty where there is no row."""
    if not rows:
        return ""
    lines = [list(heads), *([str(value) for value in row] for row in rows)]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    return "\n".join(_line(line, widths) for line in lines)


def _line(texts: Sequence[str], widths: Sequence[int]) -> str:
    cells = (text + " " * (width - _width(text)) for text, width in zip(texts, widths, strict=True))
    return _GAP.join(cells).rstrip()


def _width(text: str) -> int:
    return max(wcswidth(text), 0)
