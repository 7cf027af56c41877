"""A bar for what takes long, on the notebook's or terminal's standard error."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Never

from tqdm import tqdm

from vmnb.core.progress import Progress, Step

__all__ = ["progress_bar"]

_DELAY_S = 0.5
_WHAT_MAX = 48  # what is done at a long address must leave room for the bar
_LAYOUT = "{desc}: {percentage:3.0f}% |{bar}| {elapsed}"


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Give a listener that draws a bar once half a second has passed, and clears it at the end.

    Where bytes are counted it shows how many of how many, how fast, and the time that is left.
    """
    bar = _Bar()
    try:
        yield bar.show
    finally:
        bar.close()


class _Bar:
    def __init__(self) -> None:
        self._bar: tqdm[Never] | None = None
        self._kind: tuple[object, ...] = ()

    def show(self, step: Step) -> None:
        if step.bytes_done is None:
            self._begin(("fraction",), step)
            self._move(step, step.fraction)
        else:
            self._begin((step.what, step.bytes_total), step)
            self._move(step, step.bytes_done)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()

    def _begin(self, kind: tuple[object, ...], step: Step) -> None:
        if self._bar is not None and kind == self._kind:
            return
        self.close()
        self._kind = kind
        if step.bytes_done is None:
            self._bar = tqdm(total=1.0, leave=False, delay=_DELAY_S, bar_format=_LAYOUT)
        else:  # what an earlier attempt has brought counts for the bar and not for the rate
            self._bar = tqdm(
                total=step.bytes_total,
                initial=step.bytes_done,
                unit="B",
                unit_scale=True,
                unit_divisor=1024,
                leave=False,
                delay=_DELAY_S,
            )

    def _move(self, step: Step, done: float) -> None:
        assert self._bar is not None  # noqa: S101
        self._bar.set_description_str(_shortened(step.what), refresh=False)
        self._bar.update(max(0.0, done - self._bar.n))


def _shortened(what: str) -> str:
    if len(what) <= _WHAT_MAX:
        return what
    half = _WHAT_MAX // 2
    return f"{what[:half]}…{what[-half:]}"
