"""A boot as a table and as a picture."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element

from vmnb.notebook.card.html import FONT
from vmnb.notebook.pictures.boot_phases import Phase
from vmnb.notebook.pictures.scale import duration_text, round_step
from vmnb.notebook.pictures.svg import element, line, picture, title, words

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BOOT_SCHEMA", "BootTimeline"]

BOOT_SCHEMA: Mapping[str, str] = {
    "phase": "object",
    "start_s": "float64",
    "duration_s": "float64",
    "source": "object",
}
"""Columns of :attr:`BootTimeline.table` and their types; the same where nothing is known.

``start_s`` counts from the beginning of the first phase; phases may overlap. ``source`` is who
knows of it.
"""

_WIDTH, _ROW, _BAR, _AXIS = 700, 24, 14, 30
_LEFT, _RIGHT = 170, _WIDTH - 90
_TICKS = 8
_LEAST_S = 0.1


class BootTimeline:
    """Where the time of a VM's last boot went; alone in a cell, it is a picture.

    Parameters
    ----------
    name
        The VM's.
    phases
        In the order in which they began.
    notes
        Sentences about what is not known, and how well the rest is.
    """

    def __init__(self, name: str, phases: Sequence[Phase], notes: Sequence[str] = ()) -> None:
        self.phases = tuple(phases)
        self.notes = tuple(notes)
        self._name = name

    @property
    def table(self) -> "pd.DataFrame":
        """The phases, one in each row; see :data:`BOOT_SCHEMA`."""
        from vmnb.notebook.tables.table import table  # pandas is imported where it is needed

        rows: list[tuple[object, ...]] = [
            (each.name, start_s, length_s, each.source) for each, start_s, length_s in self._spans()
        ]
        return table(rows, BOOT_SCHEMA)

    @property
    def svg(self) -> str:
        """The picture."""
        spans = list(self._spans())
        span_s = max([_LEAST_S, *(start_s + length_s for _, start_s, length_s in spans)])
        scale = (_RIGHT - _LEFT) / span_s
        rows = [
            part
            for number, (each, start_s, length_s) in enumerate(spans)
            for part in _row(each, number * _ROW, _LEFT + start_s * scale, length_s, scale)
        ]
        bottom = len(spans) * _ROW + 4
        said = "; ".join(
            [f"the boot of {self._name!r}", *(f"{p.name} {duration_text(n)}" for p, _, n in spans)]
        )
        return picture(_WIDTH, bottom + _AXIS, said, *rows, *_axis(span_s, bottom, scale))

    def __repr__(self) -> str:
        names = ", ".join(each.name for each in self.phases)
        return f"<boot of {self._name!r}: {names or 'nothing is known'}>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        svg = self.svg
        notes = "".join(f"<div><small>{escape(note)}</small></div>" for note in self.notes)
        html = f'<div style="{FONT};max-width:{_WIDTH}px">{svg}{notes}</div>'
        return {"text/plain": repr(self), "text/html": html, "image/svg+xml": svg}

    def _spans(self) -> Iterator[tuple[Phase, float, float]]:
        for each in self.phases:
            start_s = (each.start - self.phases[0].start).total_seconds()
            yield each, start_s, (each.end - each.start).total_seconds()


def _row(phase: Phase, y: float, x: float, length_s: float, scale: float) -> Iterator[Element]:
    wide = max(2.0, length_s * scale)
    yield words(8, y + 17, phase.name)
    yield element(
        "rect", title(f"{phase.name}, by the {phase.source}"), x=x, y=y + 5, rx=2,
        width=wide, height=_BAR, fill="currentColor", fill_opacity=0.55,
    )  # fmt: skip
    yield words(x + wide + 6, y + 17, duration_text(length_s), opacity=0.85)


def _axis(span_s: float, y: float, scale: float) -> Iterator[Element]:
    yield line(_LEFT, y, _RIGHT, y, stroke_opacity=0.5)
    step_s = round_step(span_s, _TICKS)
    for number in range(int(span_s / step_s + 1e-6) + 1):
        x = _LEFT + number * step_s * scale
        yield line(x, y, x, y + 4, stroke_opacity=0.5)
        said = duration_text(number * step_s) if number else "0 s"
        yield words(x, y + 17, said, text_anchor="middle", opacity=0.75, font_size=10)
