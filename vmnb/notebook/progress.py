"""A bar for what takes long, on the notebook's or terminal's standard error."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Never

from tqdm import tqdm

from vmnb.core.progress import Progress

__all__ = ["progress_bar"]

_DELAY_S = 0.5
_LAYOUT = "{desc}{percentage:3.0f}% |{bar}| {elapsed}"


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Give a listener that draws a bar once half a second has passed, and clears it at the end."""
    bars: list[tqdm[Never]] = []

    def show(what: str, fraction: float) -> None:
        if not bars:
            bars.append(tqdm(total=1.0, leave=False, delay=_DELAY_S, bar_format=_LAYOUT))
        bars[0].set_description(what, refresh=False)
        bars[0].update(max(0.0, fraction - bars[0].n))

    try:
        yield show
    finally:
        for bar in bars:
            bar.close()
