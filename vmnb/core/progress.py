"""How far something long has come, told to whoever asked for it.

The listener travels with the context of the call, so that what works deep below needs no
parameter for it, and two calls at once do not mix.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["Progress", "report", "reporting_to"]

Progress = Callable[[str, float], None]
"""Takes what is being done, in a few words, and the fraction done, 0 to 1."""

_listener: ContextVar[Progress | None] = ContextVar("vmnb_progress", default=None)


def report(what: str, fraction: float) -> None:
    """Tell the listener of this context, if there is one."""
    listener = _listener.get()
    if listener is not None:
        listener(what, fraction)


@contextmanager
def reporting_to(listener: Progress) -> Iterator[None]:
    """Let `listener` hear of what is begun within the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
