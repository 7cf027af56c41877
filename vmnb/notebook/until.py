"""Waiting in a guest until something is so, and no longer than the VM lives."""

import asyncio
import math
import re
from contextlib import suppress

from vmnb.console.ending import last_lines
from vmnb.core.ending import end_of
from vmnb.core.errors import (
    AgentError,
    DeadlineError,
    LinkLostError,
    SpecError,
    StateError,
)
from vmnb.core.history import HistoryRow
from vmnb.core.machine import Machine
from vmnb.core.state import LIVE, VmState
from vmnb.core.units import require_seconds
from vmnb.guest import Command, CommandTimeoutError, RunResult
from vmnb.guest.condition import Condition
from vmnb.guest.result import inert
from vmnb.notebook.live import Live
from vmnb.notebook.running import require_running

__all__ = ["console_says", "until"]

_FIRST_S = 0.1
_LONGEST_S = 2.0
_END_IS_KNOWN_S = 5.0
_TELLING_S = 1.0
"""Seconds from which on a command that does not end says more than the one before it."""


async def until(live: Live, condition: Condition, timeout_s: float) -> RunResult:
    """Ask the guest until `condition` is met, and return what it said then.

    It goes on over a restart of the guest and over a pause of the VM.

    Raises
    ------
    SpecError
        `timeout_s` is no number of seconds, or the condition's command none; nothing was done.
    StateError
        The VM does not run, or ended meanwhile; that is raised at once.
    DeadlineError
        It was not so within `timeout_s` seconds.
    GuestError
        It will never be so.
    CapabilityError
        The backend runs no commands in a guest.
    """
    wait = _Wait(live, condition.what, timeout_s)
    await require_running(live.machine, "wait in")
    asking = asyncio.create_task(_met(wait, condition))
    ending = asyncio.create_task(end_of(live.machine))
    try:
        await asyncio.wait({asking, ending}, return_when=asyncio.FIRST_COMPLETED)
        if asking.done():
            return asking.result()
        state = ending.result()
    except TimeoutError as error:
        raise await wait.too_late() from error
    except StateError:
        state = await _end_or_state(live.machine)
        if state in LIVE:
            raise
    finally:
        asking.cancel()
        ending.cancel()
        await asyncio.gather(asking, ending, return_exceptions=True)
    raise await wait.ended(state)


async def console_says(
    live: Live, pattern: str | re.Pattern[str], timeout_s: float, number: int = 0
) -> None:
    """Wait until a console says, or has said, something that matches `pattern`.

    Raises
    ------
    SpecError
        The pattern is no regular expression, or `timeout_s` no number of seconds.
    StateError
        The VM does not run, or ended before it said so; that is raised at once.
    DeadlineError
        It did not within `timeout_s` seconds.
    CapabilityError
        The backend has no console.
    """
    wanted = _compiled(pattern)
    wait = _Wait(live, f"its console to say {wanted.pattern!r}", timeout_s)
    console = await live.consoles.get(number)
    await require_running(live.machine, "wait for the console of")
    try:
        await console.wait_for(wanted, timeout_s)
    except DeadlineError as error:
        raise await wait.too_late() from error
    except StateError as error:
        raise await wait.ended(await _end_or_state(live.machine)) from error


class _Wait:
    """One wait: how long it may still take, and what is said where it was in vain."""

    def __init__(self, live: Live, what: str, timeout_s: float) -> None:
        require_seconds(timeout_s, "timeout")
        self.live = live
        self.seen = ""
        self._what = what
        self._timeout_s = timeout_s
        self._ends = asyncio.get_running_loop().time() + timeout_s

    @property
    def left_s(self) -> float:
        """Seconds that it may still take, in tenths."""
        left_s = self._ends - asyncio.get_running_loop().time()
        return max(0, math.ceil(10 * left_s)) / 10

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
        how = [_how(row) for row in await machine.history() if row.to_state is state][-1:]
        return StateError(
            f"{machine.name!r} is {state}{''.join(how)}, so the wait for {self._what} is over"
            f"{await self._last_seen()}",
            hint="vm.history tells what happened",
        )

    async def _last_seen(self) -> str:
        seen = f"; last seen: {self.seen}" if self.seen else ""
        lines = await last_lines(self.live.machine.console_endpoint)
        said = "".join(f"\n  {inert(line)}" for line in lines)
        return f"{seen}\nthe last lines of its console:{said}" if said else seen


async def _met(wait: _Wait, condition: Condition) -> RunResult:
    pause_s, refused = _FIRST_S, False
    while True:
        try:
            result = await _answer(wait, condition)
        except AgentError:  # once, for a guest that restarts takes the command with it
            if refused:
                raise
            result, refused = None, True
        else:
            refused = False
        if result is not None:
            if condition.is_met(result):
                return result
            wait.seen = condition.seen(result)
        if wait.left_s <= pause_s:
            await asyncio.sleep(wait.left_s)
            raise TimeoutError
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_S)


async def _answer(wait: _Wait, condition: Condition) -> RunResult | None:
    """Run the condition's command; None where it is to be run anew."""
    live = wait.live
    try:
        return await live.run(Command.of(condition.command), timeout_s=wait.left_s)
    except CommandTimeoutError as error:
        if not wait.seen or error.result.duration_s >= _TELLING_S:
            wait.seen = error.message
        raise
    except DeadlineError as error:
        wait.seen = wait.seen or error.message
        raise
    except LinkLostError:  # where the VM has ended, that ends the wait
        return None
    except StateError:
        if await live.machine.state() is not VmState.SUSPENDED:
            raise
        await live.machine.wait_for_state(VmState.RUNNING, wait.left_s)
        return None


def _how(row: HistoryRow) -> str:
    return f" ({row.action}, by {row.cause}{f': {row.detail}' if row.detail else ''})"


async def _end_or_state(machine: Machine) -> VmState:
    """Return how it ended, which may be known a moment after its links died; else its state."""
    with suppress(TimeoutError):
        return await asyncio.wait_for(end_of(machine), _END_IS_KNOWN_S)
    return machine.last_state


def _compiled(pattern: str | re.Pattern[str]) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except (re.error, TypeError) as error:
        raise SpecError(
            f"{pattern!r} is not a regular expression: {error}",
            hint="re.escape(…) makes one of any text",
        ) from error
