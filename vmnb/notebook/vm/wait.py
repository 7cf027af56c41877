"""One wait for a VM: as long as it may take, and no longer than the VM lives."""

import asyncio
import math
import re
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from vmnb.console.ending import last_lines
from vmnb.core.ending import end_of
from vmnb.core.errors import DeadlineError, SpecError, StateError
from vmnb.core.history import HistoryRow
from vmnb.core.machine import Machine
from vmnb.core.state import LIVE, VmState
from vmnb.core.units import require_seconds
from vmnb.guest.result import inert
from vmnb.notebook.live.live import Live

__all__ = ["Wait", "compiled", "end_or_state", "while_alive"]

_T = TypeVar("_T")
_FIRST_S = 0.1
_LONGEST_S = 2.0
_END_IS_KNOWN_S = 5.0


class Wait:
    """One wait: how long it may still take, and what is said where it was in vain."""

    def __init__(self, live: Live, what: str, timeout_s: float) -> None:
        require_seconds(timeout_s, "timeout")
        self.live = live
        self.seen = ""
        self._what = what
        self._timeout_s = timeout_s
        self._pause_s = _FIRST_S
        self._ends = asyncio.get_running_loop().time() + timeout_s

    @property
    def left_s(self) -> float:
        """Seconds that it may still take, in tenths."""
        left_s = self._ends - asyncio.get_running_loop().time()
        return max(0, math.ceil(10 * left_s)) / 10

    async def pause(self) -> None:
        """Let a while pass before the next look, longer each time.

        Raises
        ------
        TimeoutError
            The wait is over.
        """
        if self.left_s <= self._pause_s:
            await asyncio.sleep(self.left_s)
            raise TimeoutError
        await asyncio.sleep(self._pause_s)
        self._pause_s = min(2 * self._pause_s, _LONGEST_S)

    async def too_late(self) -> DeadlineError:
        """Return the error of a wait that took too long."""
        machine = self.live.machine
        paused = ", which is suspended" if machine.last_state is VmState.SUSPENDED else ""
        return DeadlineError(
            f"waited {self._timeout_s:g} s in vain for {self._what} in {machine.name!r}{paused}"
            f"{await self._last_seen()}",
            hint="allow more time, or look at its console",
        )

    async def ended(self, state: VmState) -> StateError:
        """Return the error of a wait that ended with the VM."""
        machine = self.live.machine
        row = await _end_of_run(machine, state)
        how = _how(row) if row is not None else ""
        return StateError(
            f"{machine.name!r} is {state}{how}, so the wait for {self._what} is over"
            f"{await self._last_seen()}",
            hint="vm.history tells what happened",
        )

    async def _last_seen(self) -> str:
        seen = f"; last seen: {self.seen}" if self.seen else ""
        lines = await last_lines(self.live.machine.console_endpoint)
        said = "".join(f"\n  {inert(line)}" for line in lines)
        return f"{seen}\nthe last lines of its console:{said}" if said else seen


async def while_alive(wait: Wait, asking: Coroutine[Any, Any, _T]) -> _T:
    """Return what `asking` returns, if that is in time and the VM lives until then.

    Raises
    ------
    StateError
        The VM ended meanwhile; that is raised at once.
    DeadlineError
        `asking` raised a TimeoutError.
    """
    machine = wait.live.machine
    asked, ending = asyncio.create_task(asking), asyncio.create_task(end_of(machine))
    try:
        await asyncio.wait({asked, ending}, return_when=asyncio.FIRST_COMPLETED)
        if asked.done():
            return asked.result()
        state = ending.result()
    except TimeoutError as error:
        raise await wait.too_late() from error
    except StateError:
        state = await end_or_state(machine)
        if state in LIVE:
            raise
    finally:
        asked.cancel()
        ending.cancel()
        await asyncio.gather(asked, ending, return_exceptions=True)
    raise await wait.ended(state)


async def end_or_state(machine: Machine) -> VmState:
    """Return how it ended, which may be known a moment after its links died; else its state."""
    with suppress(TimeoutError):
        return await asyncio.wait_for(end_of(machine), _END_IS_KNOWN_S)
    return machine.last_state


async def _end_of_run(machine: Machine, state: VmState) -> HistoryRow | None:
    """Return what is recorded of how it came to `state`.

    Another process that brought it there records that a moment after all can see it.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(_END_IS_KNOWN_S):
            while True:
                changes = [row for row in await machine.history() if row.from_state != row.to_state]
                if changes and changes[-1].to_state is state:
                    return changes[-1]
                await asyncio.sleep(_FIRST_S)
    return None


def compiled(pattern: str | re.Pattern[str]) -> re.Pattern[str]:
    """Return the regular expression that `pattern` is; SpecError where it is none."""
    try:
        return re.compile(pattern)
    except (re.error, TypeError) as error:
        raise SpecError(
            f"{pattern!r} is not a regular expression: {error}",
            hint="re.escape(…) makes one of any text",
        ) from error


def _how(row: HistoryRow) -> str:
    return f" ({row.action}, by {row.cause}{f': {row.detail}' if row.detail else ''})"
