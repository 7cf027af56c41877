"""Who is told of changes."""

import logging
from collections.abc import Callable
from typing import Generic, ParamSpec

__all__ = ["Listeners"]

_log = logging.getLogger(__name__)
_P = ParamSpec("_P")


class Listeners(Generic[_P]):
    """Calls each listener in the order they came; what one does wrong stops no other."""

    def __init__(self) -> None:
        self._listeners: list[Callable[_P, object]] = []

    def add(self, listener: Callable[_P, object]) -> Callable[[], None]:
        """Let `listener` hear from now on; return what ends that, however often it is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def tell(self, *args: _P.args, **kwargs: _P.kwargs) -> None:
        """Call them all."""
        for listener in tuple(self._listeners):
            try:
                listener(*args, **kwargs)
            except Exception:  # noqa: BLE001 (what a listener does wrong must not stop an action)
                _log.exception("the listener %r failed", listener)
