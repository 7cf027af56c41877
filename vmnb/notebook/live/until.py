"""Waiting in a guest until something is so, and no longer than the VM lives."""

import re

from vmnb.core.errors import AgentError, DeadlineError, LinkLostError, StateError
from vmnb.core.state import VmState
from vmnb.guest import Command, CommandTimeoutError, RunResult
from vmnb.guest.condition import Condition
from vmnb.notebook.live.live import Live
from vmnb.notebook.live.running import require_running
from vmnb.notebook.vm.wait import Wait, compiled, end_or_state, while_alive

__all__ = ["console_says", "until"]

_TELLING_S = 5.0
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
    wait = Wait(live, condition.what, timeout_s)
    await require_running(live.machine, "wait in")
    return await while_alive(wait, _met(wait, condition))


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
    wanted = compiled(pattern)
    wait = Wait(live, f"its console to say {wanted.pattern!r}", timeout_s)
    console = await live.consoles.get(number)
    await require_running(live.machine, "wait for the console of")
    try:
        await console.wait_for(wanted, timeout_s)
    except DeadlineError as error:
        raise await wait.too_late() from error
    except StateError as error:
        raise await wait.ended(await end_or_state(live.machine)) from error


async def _met(wait: Wait, condition: Condition) -> RunResult:
    refused = False
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
        await wait.pause()


async def _answer(wait: Wait, condition: Condition) -> RunResult | None:
    """Run the condition's command; None where it is to be run anew."""
    live = wait.live
    try:
        return await live.run(Command.of(condition.command), timeout_s=wait.left_s, enters=False)
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
