"""What every blocking part of a VM stands on: what this process holds of it, and waiting."""

import os
from collections.abc import Callable, Coroutine
from typing import Any, Self, TypeVar

from vmnb.core import runtime
from vmnb.core.machine import Machine
from vmnb.notebook.card.shown import Shown
from vmnb.notebook.live.live import Live

__all__ = ["AsyncFacade", "Facade"]

_T = TypeVar("_T")


class Facade:
    """A VM of this process: the base of :class:`vmnb.VM` and of its parts."""

    @classmethod
    def _of(cls, machine: Machine) -> Self:
        """Return the one of a machine of this process."""
        facade = cls.__new__(cls)
        facade._take(machine)  # noqa: SLF001 - its own class
        return facade

    def _take(self, machine: Machine) -> None:
        self._taken = runtime.run(Live.of(machine))
        self._owner = os.getpid()
        self._card = Shown(self._taken, "card")

    @property
    def _live(self) -> Live:
        """What this process holds: the child of a fork has not the loop of what it inherited."""
        if self._owner != os.getpid():
            self._take(runtime.run(runtime.session().attach(self._taken.machine.name)))
        return self._taken

    @property
    def _machine(self) -> Machine:
        return self._live.machine

    @property
    def name(self) -> str:
        """The VM's name."""
        return self._machine.name

    def _act(self, what: str, action: Callable[[], Coroutine[Any, Any, None]]) -> Self:
        self._wait(what, action())
        return self

    def _wait(self, what: str, coroutine: Coroutine[Any, Any, _T]) -> _T:
        try:
            return runtime.run(coroutine)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                f"{what} of {self.name!r} was interrupted; it is {self._machine.last_state}"
            ) from None


class AsyncFacade:
    """The awaitable twin: the base of ``vm.aio`` and of its parts."""

    def __init__(self, live: Live) -> None:
        self._live = live

    async def _wait(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Await what runs on the background loop; cancelling it cancels both."""
        return await runtime.awaited(coroutine)
