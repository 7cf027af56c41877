"""A private network drawn as SVG, within HTML that reads without the drawing too.

Everything that comes from a person is text; nothing in here is a script.
"""

from collections.abc import Iterator
from html import escape
from xml.etree.ElementTree import Element

from vmnb.core.state import LIVE
from vmnb.notebook.card.html import FONT, html_table, state_colour
from vmnb.notebook.network.topology import Station, Topology, plain_text, rules
from vmnb.notebook.pictures.svg import element, line, picture, title, words

__all__ = ["drawn"]

_WIDTH, _ROW, _TOP = 640, 44, 48
_TRUNK_X, _BOX_X, _BOX_WIDTH, _STATE_X, _ADDRESS_X = 20, 90, 240, 346, 500
_NAME_MAX = 28
_RED, _FAINT = "#cf222e", 0.7


def drawn(topology: Topology) -> str:
    """Return the drawing, and a table for whoever does not see it."""
    return f'<div style="{FONT};max-width:{_WIDTH}px">{_svg(topology)}{_table(topology)}</div>'


def _svg(topology: Topology) -> str:
    count = len(topology.stations)
    notes = list(rules(topology)) or ([] if count else ["no VM yet"])
    end = _TOP + max(count - 1, 0) * _ROW + _ROW // 2
    height = _TOP + count * _ROW + len(notes) * 18 + 8
    parts = [
        words(8, 22, topology.name, font_weight="bold", font_size=15),
        words(_BOX_X, 22, str(topology.zone.subnet), opacity=_FAINT),
        line(_TRUNK_X, 32, _TRUNK_X, end if count else 40, stroke_width=4),
        *(
            part
            for number, station in enumerate(topology.stations)
            for part in _row(station, number, topology)
        ),
        *(words(8, _TOP + count * _ROW + 14 + 18 * n, note) for n, note in enumerate(notes)),
    ]
    return picture(_WIDTH, height, plain_text(topology), element("g", *parts, font_size=13))


def _row(station: Station, number: int, topology: Topology) -> Iterator[Element]:
    middle = _TOP + number * _ROW + _ROW // 2
    colour = state_colour(station.state)
    name = station.name if len(station.name) <= _NAME_MAX else f"{station.name[:_NAME_MAX]}…"
    yield from _link(station, middle, topology)
    yield element(
        "rect", title(station.name), x=_BOX_X, y=middle - 16, width=_BOX_WIDTH, height=32, rx=6,
        fill="none", stroke=colour, stroke_width=2,
    )  # fmt: skip
    # Of its own, so that a wide name is cut off at the edge of its box.
    written = words(12, 21, name, font_weight="bold")
    yield element("svg", written, x=_BOX_X, y=middle - 16, width=_BOX_WIDTH - 8, height=32)
    yield element("circle", cx=_STATE_X, cy=middle, r=5, fill=colour)
    yield words(_STATE_X + 12, middle + 5, str(station.state))
    yield words(_ADDRESS_X, middle + 5, station.address or "no address yet", opacity=_FAINT)


def _link(station: Station, middle: int, topology: Topology) -> Iterator[Element]:
    dashed = {"stroke_dasharray": "4 4"}
    if topology.blocked or station.blocked:
        yield line(_TRUNK_X, middle, _BOX_X, middle, stroke=_RED, stroke_width=2, **dashed)
        yield words((_TRUNK_X + _BOX_X) // 2 - 5, middle - 4, "✕", fill=_RED)
    else:
        style = {} if station.state in LIVE else dashed
        yield line(_TRUNK_X, middle, _BOX_X, middle, stroke_width=2, **style)


def _table(topology: Topology) -> str:
    """Return the members in words; a page that shows no SVG still has them."""
    count = len(topology.stations)
    if not count:
        return ""
    heads = ("VM", "state", "name there", "address", "MAC")
    summary = f"{escape(topology.name)}: {count} VM{'' if count == 1 else 's'}"
    table = html_table(heads, map(_cells, topology.stations))
    return f"<details><summary>{summary}</summary>{table}</details>"


def _cells(station: Station) -> list[str]:
    values = (station.name, station.state, station.host, station.address, station.mac)
    return [escape(str(value)) for value in values]
