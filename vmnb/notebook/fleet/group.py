"""VMs that are acted on together, on the background loop."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from vmnb.core.machine import Machine
from vmnb.core.units import require_seconds
from vmnb.guest import Command, CommandTimeoutError, RunResult
from vmnb.notebook.fleet.each import AT_ONCE, Outcome, each, or_raise
from vmnb.notebook.live.live import Live
from vmnb.notebook.live.ready import ready
from vmnb.notebook.live.running import stop_if_live

__all__ = ["Group", "Ran"]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a command left in one VM of several.

    Parameters
    ----------
    name
        The VM's.
    result
        None where it did not run at all; that of a command that took too long is what it left
        when it was killed.
    error
        Why it could not run, or not to its end; None where it did.
    """

    name: str
    result: RunResult | None
    error: Exception | None


class Group:
    """What is done with several VMs; everything is called on the background loop.

    An action is tried on each, on as many at once as the host has processors. Where some fail it
    raises a FleetError, and is done with the others.

    Parameters
    ----------
    lives
        Of different names.
    """

    def __init__(self, lives: Iterable[Live]) -> None:
        self._lives = {live.machine.name: live for live in lives}

    async def start(self) -> None:
        """See :meth:`vmnb.Fleet.start`."""
        await self._act("started", Machine.start)

    async def stop(self, timeout_s: float) -> None:
        """See :meth:`vmnb.Fleet.stop`."""
        require_seconds(timeout_s, "timeout")
        await self._act("stopped", lambda machine: stop_if_live(machine, timeout_s))

    async def suspend(self) -> None:
        """See :meth:`vmnb.Fleet.suspend`."""
        await self._act("suspended", Machine.suspend)

    async def resume(self) -> None:
        """See :meth:`vmnb.Fleet.resume`."""
        await self._act("resumed", Machine.resume)

    async def destroy(self) -> None:
        """See :meth:`vmnb.Fleet.destroy`."""
        await self._act("destroyed", Machine.destroy)

    async def wait_ready(self, timeout_s: float) -> None:
        """See :meth:`vmnb.Fleet.wait_ready`."""
        require_seconds(timeout_s, "timeout")
        # They boot all at once already; whoever waited for a turn would wait too long.
        waited = await self._each(lambda live: ready(live, timeout_s), limit=len(self._lives))
        or_raise(waited, "are not ready")

    async def run(self, command: Command, *, timeout_s: float, check: bool) -> list[Ran]:
        """Run `command` in the guest of each; see :meth:`vmnb.Fleet.run`."""
        require_seconds(timeout_s, "timeout")
        ran = await self._each(lambda live: live.run(command, timeout_s=timeout_s, check=check))
        if check:
            or_raise(ran, "did not do it")
        return [
            Ran(name=name, result=_result(ran, name), error=ran.errors.get(name))
            for name in self._lives
        ]

    async def states(self) -> dict[str, str]:
        """Return where each is in its life, asked now; ``unknown`` where it does not answer."""
        asked = await self._each(lambda live: live.machine.state())
        return {name: str(asked.results.get(name, "unknown")) for name in self._lives}

    async def _act(self, done: str, act: Callable[[Machine], Awaitable[None]]) -> None:
        or_raise(await self._each(lambda live: act(live.machine)), f"are not {done}")

    async def _each(
        self, act: Callable[[Live], Awaitable[_T]], *, limit: int = AT_ONCE
    ) -> Outcome[_T]:
        return await each(self._lives, act, limit=limit)


def _result(ran: Outcome[RunResult], name: str) -> RunResult | None:
    error = ran.errors.get(name)
    return error.result if isinstance(error, CommandTimeoutError) else ran.results.get(name)
