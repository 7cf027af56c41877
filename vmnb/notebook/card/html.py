"""The card as static HTML: what a saved notebook shows where no widget can run.

Everything that comes from a guest or a person is escaped; nothing in here is a script.
"""

from collections.abc import Iterable, Sequence
from html import escape

from vmnb.notebook.card.card import Card, Row, vcpus_text

__all__ = ["FONT", "html_table", "state_badge", "state_colour", "static_card"]

_COLOURS = {"running": "#1a7f37", "suspended": "#9a6700", "failed": "#cf222e"}
FONT = "font-family:system-ui,sans-serif;font-size:13px;line-height:1.5"
_LEFT = 'style="text-align:left"'  # JupyterLab has it on the right, as numbers have it


def state_colour(state: str) -> str:
    """Return the colour of a state, which is always said in words beside it."""
    return _COLOURS.get(state, "#57606a")


def static_card(card: Card, history: Sequence[Row], console: str) -> str:
    """Return the card, its history and the console's text as HTML without scripts."""
    parts = [_header(card), _problem(card), _console(console), _history(history)]
    body = "".join(part for part in parts if part)
    return (
        f'<div style="{FONT};border:1px solid #8886;border-radius:8px;padding:12px;'
        f'max-width:60em">{body}</div>'
    )


def state_badge(state: str) -> str:
    """Return a state as HTML: its word, which is readable on any ground, and its colour."""
    colour = state_colour(state)
    return (
        f'<span style="border:1px solid {colour};border-radius:1em;padding:1px 8px">'
        f'<span style="color:{colour}" aria-hidden="true">●</span> {escape(state)}</span>'
    )


def html_table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table; its cells are HTML already."""
    top = "".join(f"<th {_LEFT}>{head}</th>" for head in heads)
    lines = ("".join(f"<td {_LEFT}>{cell}</td>" for cell in row) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><tr>{top}</tr>{body}</table>"


def _header(card: Card) -> str:
    badge = state_badge(card["state"])
    cpus = vcpus_text(card["vcpus"])
    facts = [card["image"], card["backend"], card["accelerator"], cpus, f"{card['memory_mib']} MiB"]
    facts.append(card["origin"])
    line = " · ".join(escape(fact) for fact in facts if fact)
    return f"<div><b>{escape(card['name'])}</b> {badge} <small>{line}</small></div>"


def _problem(card: Card) -> str:
    error = card["error"]
    if error is None:
        return ""
    lines = (error["message"], error["hint"])
    text = "".join(f"<br>{escape(line)}" for line in lines if line)
    return f"<p><b>{escape(error['title'])}</b>{text}</p>"


def _console(text: str) -> str:
    if not text:
        return ""
    return (
        '<pre class="vmnb-text" style="background:#11151a;color:#e6edf3;border-radius:6px;'
        f'padding:8px;max-height:24em;overflow:auto">{escape(text)}</pre>'
    )


def _history(rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    table = html_table(("time", "from", "to", "action", "s", "by", ""), map(_cells, rows))
    return f"<details><summary>History</summary>{table}</details>"


def _cells(row: Row) -> list[str]:
    time, before, after, action, duration_s, cause, detail = row
    length = "" if duration_s is None else f"{duration_s:.3f}"
    values = (time[:19], before, after, action, length, cause, detail)
    return [escape(value) for value in values]
