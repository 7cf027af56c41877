"""A small chart of values over time, as SVG; its lines differ in more than colour."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from vmnb.notebook.pictures.scale import duration_text, round_step
from vmnb.notebook.pictures.svg import element, line, words

__all__ = ["CHART_HEIGHT", "CHART_WIDTH", "Chart", "Series"]

CHART_WIDTH, CHART_HEIGHT = 360, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, CHART_WIDTH - 10, 42, CHART_HEIGHT - 20
_TICKS = 4
_GAP_S = 8.0
"""Longer between two values, and nobody looked: the line is broken."""

_LETTER = 5.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A line of a chart; a value that is not known is None."""

    name: str
    values: Sequence[float | None]

    @property
    def last(self) -> float | None:
        """The newest value that is known."""
        return next((value for value in reversed(self.values) if value is not None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Two lines at most over the same times: the first drawn through, the second dashed.

    Parameters
    ----------
    times_s
        In seconds since any moment, rising.
    text
        Puts a value in words, with its unit.
    top
        Gives what the axis ends at for a value.
    """

    name: str
    times_s: Sequence[float]
    series: tuple[Series, ...]
    text: Callable[[float], str]
    top: Callable[[float], float]

    def summary(self) -> str:
        """Return the newest values in words."""
        return f"{self.name}: {', '.join(map(self._now, self.series))}"

    def draw(self, x: float, y: float) -> Element:
        """Return the drawing, its upper left corner at `x`, `y`."""
        return element("g", *self._parts(), transform=f"translate({x},{y})")

    def _parts(self) -> Iterator[Element]:
        known = [value for each in self.series for value in each.values if value is not None]
        top = self.top(max(known, default=0.0))
        yield words(_LEFT, 14, self.name, font_weight="bold")
        yield from self._legend()
        for share in (0.0, 0.5, 1.0):
            y = _BOTTOM - share * (_BOTTOM - _TOP)
            yield line(_LEFT, y, _RIGHT, y, stroke_opacity=0.25)
            said = self.text(share * top)
            yield words(_LEFT - 6, y + 4, said, text_anchor="end", opacity=0.75, font_size=11)
        yield from self._time_axis()
        for number, each in enumerate(self.series):
            path = " ".join(self._steps(each.values, top))
            yield element("path", d=path, fill="none", stroke_linejoin="round", **_stroke(number))

    def _now(self, series: Series) -> str:
        said = "not known" if series.last is None else self.text(series.last)
        return f"{series.name} {said}"

    def _legend(self) -> Iterator[Element]:
        x = float(_LEFT)
        for number, each in enumerate(self.series):
            said = self._now(each)
            yield line(x, 26, x + 18, 26, **_stroke(number))
            yield words(x + 23, 30, said, font_size=11)
            x += 40 + _LETTER * len(said)

    def _time_axis(self) -> Iterator[Element]:
        step_s = round_step(self._span_s, _TICKS)
        for number in range(int(self._span_s / step_s) + 1 if self.times_s else 0):
            x = self._x(self._span_s - number * step_s)
            said = f"\N{MINUS SIGN}{duration_text(number * step_s)}" if number else "now"
            anchor = "middle" if number else "end"
            yield line(x, _BOTTOM, x, _BOTTOM + 4, stroke_opacity=0.5)
            yield words(x, _BOTTOM + 15, said, text_anchor=anchor, opacity=0.75, font_size=10)

    def _steps(self, values: Sequence[float | None], top: float) -> Iterator[str]:
        """Yield the steps of a path, broken where nothing was known for long."""
        before: float | None = None
        for time_s, value in zip(self.times_s, values, strict=True):
            if value is not None:
                goes_on = before is not None and time_s - before <= _GAP_S
                y = _BOTTOM - value / top * (_BOTTOM - _TOP)
                yield f"{'L' if goes_on else 'M'}{self._x(time_s - self.times_s[0]):.1f} {y:.1f}"
                before = time_s

    @property
    def _span_s(self) -> float:
        return max(1.0, self.times_s[-1] - self.times_s[0]) if self.times_s else 1.0

    def _x(self, since_first_s: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * since_first_s / self._span_s


def _stroke(number: int) -> dict[str, object]:
    dashes = {"stroke_dasharray": "4 3"} if number else {}
    return {"stroke": "currentColor", "stroke_width": 1.5, **dashes}
