"""A private network drawn as SVG, within HTML that reads without the drawing too.

Everything that comes from a person is escaped; nothing in here is a script. Text and lines have the
colour of the page's own text, whatever its theme.
"""

from collections.abc import Iterator
from html import escape

from vmnb.core.state import LIVE
from vmnb.notebook.html import FONT, state_colour
from vmnb.notebook.topology import Station, Topology, plain_text, rules

__all__ = ["drawn"]

_WIDTH, _ROW, _TOP = 640, 44, 48
_TRUNK_X, _BOX_X, _BOX_WIDTH, _STATE_X, _ADDRESS_X = 20, 90, 240, 346, 500
_NAME_MAX = 28
_RED = "#cf222e"


def drawn(topology: Topology) -> str:
    """Return the drawing, and a table for whoever does not see it."""
    return f'<div style="{FONT};max-width:{_WIDTH}px">{_svg(topology)}{_table(topology)}</div>'


def _svg(topology: Topology) -> str:
    count = len(topology.stations)
    notes = list(rules(topology)) or ([] if count else ["no VM yet"])
    end = _TOP + max(count - 1, 0) * _ROW + _ROW // 2
    height = _TOP + count * _ROW + len(notes) * 18 + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {_WIDTH} {height}" '
        f'width="100%" font-family="system-ui,sans-serif" font-size="13" fill="currentColor">',
        f"<title>{escape(plain_text(topology))}</title>",
        _text(8, 22, topology.name, weight="bold", size=15),
        _text(_BOX_X, 22, str(topology.zone.subnet), faint=True),
        _line(_TRUNK_X, 32, _TRUNK_X, end if count else 40, width=4),
        *(_row(station, number, topology) for number, station in enumerate(topology.stations)),
        *(_text(8, _TOP + count * _ROW + 14 + 18 * n, note) for n, note in enumerate(notes)),
        "</svg>",
    ]
    return "".join(parts)


def _row(station: Station, number: int, topology: Topology) -> str:
    middle = _TOP + number * _ROW + _ROW // 2
    colour = state_colour(station.state)
    name = station.name if len(station.name) <= _NAME_MAX else f"{station.name[:_NAME_MAX]}…"
    return "".join(
        (
            "".join(_link(station, middle, topology)),
            f'<rect x="{_BOX_X}" y="{middle - 16}" width="{_BOX_WIDTH}" height="32" rx="6" '
            f'fill="none" stroke="{colour}" stroke-width="2"><title>{escape(station.name)}</title>'
            "</rect>",
            # Of its own, so that a wide name is cut off at the edge of its box.
            f'<svg x="{_BOX_X}" y="{middle - 16}" width="{_BOX_WIDTH - 8}" height="32">',
            _text(12, 21, name, weight="bold"),
            "</svg>",
            f'<circle cx="{_STATE_X}" cy="{middle}" r="5" fill="{colour}"/>',
            _text(_STATE_X + 12, middle + 5, str(station.state)),
            _text(_ADDRESS_X, middle + 5, station.address or "no address yet", faint=True),
        )
    )


def _link(station: Station, middle: int, topology: Topology) -> Iterator[str]:
    if topology.blocked or station.blocked:
        yield _line(_TRUNK_X, middle, _BOX_X, middle, width=2, colour=_RED, dashed=True)
        yield _text((_TRUNK_X + _BOX_X) // 2 - 5, middle - 4, "✕", colour=_RED)
    else:
        live = station.state in LIVE
        yield _line(_TRUNK_X, middle, _BOX_X, middle, width=2, dashed=not live)


def _table(topology: Topology) -> str:
    """Return the members in words; a page that shows no SVG still has them."""
    heads = "".join(f"<th>{head}</th>" for head in ("VM", "state", "name there", "address", "MAC"))
    body = "".join(f"<tr>{_cells(station)}</tr>" for station in topology.stations)
    count = len(topology.stations)
    summary = f"{escape(topology.name)}: {count} VM{'' if count == 1 else 's'}"
    return (
        f"<details><summary>{summary}</summary><table><tr>{heads}</tr>{body}</table></details>"
        if body
        else ""
    )


def _cells(station: Station) -> str:
    values = (station.name, station.state, station.host, station.address, station.mac)
    return "".join(f"<td>{escape(str(value))}</td>" for value in values)


def _line(
    x1: int,
    y1: int,
    x2: int,
    y2: int,
    *,
    width: int,
    colour: str = "currentColor",
    dashed: bool = False,
) -> str:
    dashes = ' stroke-dasharray="4 4"' if dashed else ""
    return (
        f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{colour}" '
        f'stroke-width="{width}"{dashes}/>'
    )


def _text(
    x: int,
    y: int,
    text: str,
    *,
    weight: str = "normal",
    size: int = 13,
    colour: str = "currentColor",
    faint: bool = False,
) -> str:
    opacity = ' opacity="0.7"' if faint else ""
    return (
        f'<text x="{x}" y="{y}" font-weight="{weight}" font-size="{size}" fill="{colour}"{opacity}>'
        f"{escape(text)}</text>"
    )
