"""Following an instance by the server's long-poll monitor, and what that tells.

The monitor keeps only the latest state, so that a state may be missed, but never that there was
one: each change raises the generation by one.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime

from vmnb.backends.propolis.answers import has_no_instance
from vmnb.backends.propolis.api import PropolisApi, Seen
from vmnb.backends.propolis.states import ENDED, InstanceState
from vmnb.core.errors import BackendError, VmnbError
from vmnb.core.hypervisor import VmEvent
from vmnb.core.sockets import is_refused
from vmnb.core.state import Cause, VmState

__all__ = ["follow", "until_destroyed", "until_ended", "until_running", "views"]

_AGAIN_S = (0.1, 0.5, 2.0, 5.0, 10.0)
_UP = frozenset({InstanceState.RUNNING, InstanceState.REPAIRING})


async def views(api: PropolisApi) -> AsyncGenerator[Seen, None]:
    """Yield the instance as it is, then each state that can be seen, until it is destroyed.

    Raises
    ------
    BackendError
        There is none, or none any more: ``has_no_instance``.
    """
    seen = await api.latest()
    yield seen
    while seen.state is not InstanceState.DESTROYED:
        news = await api.monitor(seen.gen + 1)
        if news is not None:
            seen = news
            yield seen


async def until_running(api: PropolisApi) -> InstanceState:
    """Wait until it runs or never will; return which."""
    return await _until(api, _UP | ENDED)


async def until_ended(api: PropolisApi) -> None:
    """Wait until it does not run any more, and never will."""
    await _until(api, ENDED)


async def until_destroyed(api: PropolisApi) -> None:
    """Wait until its place is free."""
    await _until(api, frozenset({InstanceState.DESTROYED}))


async def follow(api: PropolisApi, run: str) -> AsyncGenerator[VmEvent, None]:
    """Yield what happens to an instance in the VM's run `run`, until that is over.

    A link that breaks is made anew, five times in a row at most.
    """
    before: Seen | None = None
    pauses_s = iter(_AGAIN_S)
    while True:
        try:
            async with aclosing(views(api)) as states:
                async for seen in states:
                    event = _event(run, before, seen)
                    before, pauses_s = seen, iter(_AGAIN_S)
                    if event is not None:
                        yield event
                    if seen.state in ENDED:
                        return
        except VmnbError as error:
            if has_no_instance(error) or is_refused(error):
                yield _make(run, "gone", "exit", VmState.FAILED, Cause.FAILURE, error.message)
                return
            pause_s = next(pauses_s, None)
            if pause_s is None:
                raise
            await asyncio.sleep(pause_s)


async def _until(api: PropolisApi, wanted: frozenset[InstanceState]) -> InstanceState:
    state = InstanceState.DESTROYED
    try:
        async with aclosing(views(api)) as states:
            async for seen in states:
                state = seen.state
                if state in wanted:
                    return state
    except BackendError as error:
        if not has_no_instance(error):
            raise
        return InstanceState.DESTROYED
    return state


def _event(run: str, before: Seen | None, seen: Seen) -> VmEvent | None:
    """Return what came about, where that is more than a state on the way to another."""
    key = str(seen.gen)
    match seen.state:
        case InstanceState.FAILED:
            detail = "the server says that the instance failed"
            return _make(run, key, "exit", VmState.FAILED, Cause.FAILURE, detail)
        case InstanceState.STOPPED | InstanceState.DESTROYED if seen.has_moved:
            detail = "it has migrated to another server"
            return _make(run, key, "migrate", VmState.STOPPED, Cause.HOST, detail)
        case InstanceState.STOPPED | InstanceState.DESTROYED:
            detail = "it was switched off, by itself or by another client of its server"
            return _make(run, "end", "power-off", VmState.STOPPED, Cause.GUEST, detail)
        case InstanceState.RUNNING if before is not None and _has_rebooted(before, seen):
            return _make(run, key, "reboot", VmState.RUNNING, Cause.GUEST, "it restarted")
    return None


def _has_rebooted(before: Seen, seen: Seen) -> bool:
    """Whether the way back to running led over a reboot, seen or missed."""
    if before.state is InstanceState.RUNNING:
        return seen.gen > before.gen + 1 and seen.migrations == before.migrations
    return before.state is InstanceState.REBOOTING


def _make(run: str, key: str, action: str, state: VmState, cause: Cause, detail: str) -> VmEvent:
    return VmEvent(
        key=f"{run}:{key}",
        time=datetime.now(UTC),
        action=action,
        state=state,
        cause=cause,
        detail=detail,
    )
