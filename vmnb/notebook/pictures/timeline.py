"""The states of VMs over time, as a picture on one axis."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any
from xml.etree.ElementTree import Element

from vmnb.core.timeline import Segment, StateLine
from vmnb.notebook.card.html import FONT
from vmnb.notebook.pictures.scale import duration_text, round_step
from vmnb.notebook.pictures.state_look import bar, state_word
from vmnb.notebook.pictures.svg import element, line, picture, title, words

__all__ = ["Lane", "Timeline"]

_WIDTH, _ROW, _BAR, _AXIS = 760, 30, 20, 40
_LEFT, _RIGHT = 150, _WIDTH - 32
_NAME_MAX = 18
_TICKS = 6
_LEAST_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A VM and its states."""

    name: str
    states: StateLine

    def summary(self) -> str:
        """Return its states in words, in their order."""
        states = ", ".join(state_word(each.state) for each in self.states.segments)
        return f"{self.name}: {states or 'nothing'}"


class Timeline:
    """What VMs went through; it stays as it is.

    Parameters
    ----------
    lanes
        From top to bottom.
    now
        Where what goes on is drawn to.
    left_out
        Number of VMs that there are besides.
    """

    def __init__(self, lanes: Sequence[Lane], now: datetime, left_out: int = 0) -> None:
        self._lanes = lanes
        self._now = now
        self._left_out = left_out
        starts = [lane.states.segments[0].start for lane in lanes if lane.states.segments]
        ends = [self._end(lane.states.segments[-1]) for lane in lanes if lane.states.segments]
        self._from = min(starts, default=now)
        self._span_s = max(_LEAST_S, (max(ends, default=now) - self._from).total_seconds())

    @property
    def svg(self) -> str:
        """The picture."""
        said = "; ".join(["states over time", *(lane.summary() for lane in self._lanes)])
        height = len(self._lanes) * _ROW + _AXIS
        rows = [
            element("g", *self._row(lane), transform=f"translate(0,{number * _ROW})")
            for number, lane in enumerate(self._lanes)
        ]
        return picture(_WIDTH, height, said, *rows, *self._axis(len(self._lanes) * _ROW))

    def __repr__(self) -> str:
        if len(self._lanes) == 1:
            lane = self._lanes[0]
            states = ", ".join(state_word(each.state) for each in lane.states.segments)
            return f"<timeline of {lane.name!r}: {states or 'nothing'}>"
        return f"<timeline of {', '.join(repr(lane.name) for lane in self._lanes) or 'no VM'}>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        svg = self.svg
        lines = [_lengths(lane, self._now) for lane in self._lanes]
        if self._left_out:
            lines.append(f"and {self._left_out} older VMs, which their names show")
        told = "".join(f"<li>{escape(text)}</li>" for text in lines)
        details = f"<details><summary>In words</summary><ul>{told}</ul></details>"
        html = f'<div style="{FONT};max-width:{_WIDTH}px">{svg}{details}</div>'
        return {"text/plain": repr(self), "text/html": html, "image/svg+xml": svg}

    def _row(self, lane: Lane) -> Iterator[Element]:
        name = lane.name if len(lane.name) <= _NAME_MAX else f"{lane.name[: _NAME_MAX - 1]}…"
        yield element("text", name, title(lane.name), x=8, y=_BAR / 2 + 8, font_weight="bold")
        for each in lane.states.segments:
            end = self._end(each)
            x, wide = self._x(each.start), self._x(end) - self._x(each.start)
            lasted = duration_text((end - each.start).total_seconds())
            said = f"{state_word(each.state)}, {lasted}, from {_clock(each.start)} UTC"
            yield bar(each.state, x, 4, wide, _BAR, said)
        for mark in lane.states.marks:
            x, sign = self._x(mark.time), "✕" if mark.failed else "▾"
            yield element(
                "text", sign, title(f"{mark.action}, {_clock(mark.time)} UTC"), x=x, y=9,
                text_anchor="middle", font_size=11,
            )  # fmt: skip

    def _axis(self, y: float) -> Iterator[Element]:
        yield line(_LEFT, y + 2, _RIGHT, y + 2, stroke_opacity=0.5)
        step_s = round_step(self._span_s, _TICKS)
        first_s = -self._from.timestamp() % step_s
        for number in range(int((self._span_s - first_s) / step_s) + 1):
            at = self._from + timedelta(seconds=first_s + number * step_s)
            yield line(self._x(at), y + 2, self._x(at), y + 7, stroke_opacity=0.5)
            said = _label(at, step_s)
            yield words(self._x(at), y + 20, said, text_anchor="middle", opacity=0.75, font_size=10)
        day = self._from.astimezone(UTC).strftime("%Y-%m-%d, UTC")
        yield words(8, y + 20, day, opacity=0.75, font_size=10)

    def _end(self, segment: Segment) -> datetime:
        return segment.end or max(self._now, segment.start)

    def _x(self, at: datetime) -> float:
        share = (at - self._from).total_seconds() / self._span_s
        return _LEFT + (_RIGHT - _LEFT) * min(1.0, max(0.0, share))


def _lengths(lane: Lane, now: datetime) -> str:
    lengths = ((each.state, (each.end or now) - each.start) for each in lane.states.segments)
    parts = [
        f"{state_word(state)} {duration_text(length.total_seconds())}" for state, length in lengths
    ]
    return f"{lane.name}: {', '.join(parts) or 'nothing'}"


def _clock(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _label(at: datetime, step_s: float) -> str:
    shown = at.astimezone(UTC)
    if step_s >= 86400:
        return shown.strftime("%d %b")
    if step_s >= 60:
        return shown.strftime("%H:%M")
    return shown.strftime("%H:%M:%S") + (f".{shown.microsecond // 100000}" if step_s < 1 else "")
