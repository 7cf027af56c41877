"""How much of a VM a saved notebook carries as the state of its widgets: less than 50 kB.

Each widget also has the bootstrap, some 13 kB; a VM may be shown by two, its card and its console.
The sizes are those of the notebook's file, which has each value of a list on a line of its own.
"""

import json
from collections.abc import Sequence
from typing import Any

from vmnb.notebook.card.card import Card, Problem, Row, States

__all__ = ["short_card", "short_problem", "short_rows", "short_states", "short_text"]

_TEXT_BYTES = 2_500
_HISTORY_BYTES = 6_600
_ROW_BYTES = 90
"""What the lines of a row cost besides what is in them."""
_SEGMENTS = 32
_MARKS = 8
_DETAIL_BYTES = 400
_FACT_BYTES = 120
_MESSAGE_BYTES = 800
_LINE_BYTES = 400
_CUT = "…"


def short_text(text: str) -> str:
    """Return the newest lines of a console's text."""
    kept: list[str] = []
    left = _TEXT_BYTES
    for line in reversed(text.splitlines()):
        left -= _size(line)
        if left < 0:
            break
        kept.append(line)
    return "\n".join(reversed(kept))


def short_rows(rows: Sequence[Row]) -> list[Row]:
    """Return the newest rows of a history, long details shortened."""
    kept: list[Row] = []
    left = _HISTORY_BYTES
    for *facts, detail in reversed(rows):
        row: Any = (*facts, _short(detail, _DETAIL_BYTES))
        left -= _size(row) + _ROW_BYTES
        if left < 0:
            break
        kept.append(row)
    return kept[::-1]


def short_states(states: States) -> str:
    """Return the newest states over time, as JSON text."""
    segments = states["segments"][-_SEGMENTS:]
    begin_ms = segments[0][1] if segments else 0
    marks = [mark for mark in states["marks"] if mark[1] >= begin_ms]
    short = States(segments=segments, marks=marks[-_MARKS:])
    return json.dumps(short, separators=(",", ":"))


def short_card(card: Card) -> Card:
    """Return the card with long texts shortened."""
    facts = [(label, _short(value, _FACT_BYTES)) for label, value in card["facts"]]
    error = card["error"] and short_problem(card["error"])
    return {
        **card,
        "facts": facts,
        "image": _short(card["image"], _FACT_BYTES),
        "origin": _short(card["origin"], _FACT_BYTES),
        "accelerator_note": _short(card["accelerator_note"], _FACT_BYTES),
        "error": error,
    }


def short_problem(problem: Problem) -> Problem:
    """Return the problem with long texts shortened."""
    return Problem(
        title=_short(problem["title"], _LINE_BYTES),
        message=_short(problem["message"], _MESSAGE_BYTES),
        hint=_short(problem["hint"], _LINE_BYTES),
    )


def _short(text: str, size: int) -> str:
    """Return `text`, or its beginning and its end: paths and errors say most there."""
    data = text.encode(errors="replace")
    if len(data) <= size:
        return text
    half = size // 2
    return _CUT.join(part.decode(errors="ignore") for part in (data[:half], data[-half:]))


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode(errors="replace"))
