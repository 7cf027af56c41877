"""How each state is drawn: a colour, a pattern and a word, so that none needs the other."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from vmnb.core.state import VmState
from vmnb.notebook.card.html import state_colour
from vmnb.notebook.pictures.svg import element, title, words

__all__ = ["bar", "state_word"]

_LETTER, _LEAST, _HATCH = 6.6, 1.5, 7
_OPACITY = {"running": 0.45, "suspended": 0.12, "failed": 0.12}


def state_word(state: VmState | None) -> str:
    """Return what a state is called; None is one that nobody knows."""
    return "unknown" if state is None else str(state)


def bar(state: VmState | None, x: float, y: float, wide: float, high: float, said: str) -> Element:
    """Return a bar of one state; `said` is shown when the pointer rests on it."""
    # Of its own, so that pattern and word end with it; one that lasted no time is seen, too.
    return element(
        "svg", title(said), *_inside(state, max(wide, _LEAST), high), x=x, y=y, height=high,
        width=max(wide, _LEAST),
    )  # fmt: skip


def _inside(state: VmState | None, wide: float, high: float) -> Iterator[Element]:
    word, colour = state_word(state), state_colour(state_word(state))
    yield element(
        "rect", width=wide, height=high, fill=colour, fill_opacity=_OPACITY.get(word, 0.05),
        stroke=colour, stroke_width=2, **({"stroke_dasharray": "3 3"} if state is None else {}),
    )  # fmt: skip
    steps = " ".join(_pattern(state, wide, high))
    if steps:
        yield element("path", d=steps, stroke=colour, fill="none", opacity=0.7)
    if len(word) * _LETTER + 10 < wide:
        yield words(6, high / 2 + 4, word)


def _pattern(state: VmState | None, wide: float, high: float) -> Iterator[str]:
    """Yield lines: slanting for suspended, both ways for failed, upright for preparing."""
    for x in range(-int(high), int(wide) + 1, _HATCH):
        if state in (VmState.SUSPENDED, VmState.FAILED):
            yield f"M{x} {high:g}l{high:g} {-high:g}"
        if state is VmState.FAILED:
            yield f"M{x} 0l{high:g} {high:g}"
        if state is VmState.PREPARING and x > 0:
            yield f"M{x} 0v{high:g}"
