"""How far something long has come, told to whoever asked for it.

The listener travels with the context of the call, so that what works deep below needs no
parameter for it, and two calls at once do not mix.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

__all__ = ["Progress", "Step", "report", "report_bytes", "reporting_to"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is being done, and how far it has come.

    Parameters
    ----------
    what
        A few words.
    fraction
        0 to 1; 0 where it cannot be told.
    bytes_done, bytes_total
        For what moves bytes; the total is None where nobody has said it.
    """

    what: str
    fraction: float
    bytes_done: int | None = None
    bytes_total: int | None = None


Progress = Callable[[Step], None]
"""Takes each step as it is made."""

_listener: ContextVar[Progress | None] = ContextVar("vmnb_progress", default=None)


def report(what: str, fraction: float) -> None:
    """Tell the listener of this context, if there is one."""
    _tell(Step(what=what, fraction=fraction))


def report_bytes(what: str, done: int, total: int | None) -> None:
    """Tell the listener of this context how many bytes of `total` are done."""
    fraction = done / total if total else 0.0
    _tell(Step(what=what, fraction=fraction, bytes_done=done, bytes_total=total))


def _tell(step: Step) -> None:
    listener = _listener.get()
    if listener is not None:
        listener(step)


@contextmanager
def reporting_to(listener: Progress) -> Iterator[None]:
    """Let `listener` hear of what is begun within the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
