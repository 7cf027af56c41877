"""A VM that is acted on: one action at a time, each recorded, also where it fails."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from time import monotonic

from vmnb.core.errors import StoreError
from vmnb.core.finish import finish
from vmnb.core.followed import FollowedVm
from vmnb.core.handle import VmHandle
from vmnb.core.history import HistoryRow, utc_now
from vmnb.core.known import Busy
from vmnb.core.lock import action_lock
from vmnb.core.remarks import collect_remarks
from vmnb.core.state import Action, Cause, VmState, require
from vmnb.core.template import RESTORED_FROM

__all__ = ["ActingVm"]

_REACHED = {
    Action.START: VmState.RUNNING,
    Action.STOP: VmState.STOPPED,
    Action.SUSPEND: VmState.SUSPENDED,
    Action.RESUME: VmState.RUNNING,
    Action.DESTROY: VmState.DESTROYED,
}


@dataclass(slots=True)
class _Act:
    """What is going on, in a word, as its history will have it."""

    what: str


class ActingVm(FollowedVm):
    """A VM on which one at a time acts, over all processes of a user."""

    async def _act(
        self,
        action: Action,
        perform: Callable[[VmHandle], Awaitable[VmHandle]],
        *,
        called: str | None = None,
        cause: Cause = Cause.USER,
    ) -> bool:
        """Bring it to where `action` leads; False where it was there already.

        Parameters
        ----------
        called
            What the history calls it, where that is not the action's own name.
        cause
            Who wants it.
        """
        # A full disk must not keep a VM from being destroyed: that is what makes room.
        forgiven = (StoreError,) if action is Action.DESTROY else ()
        with suppress(*forgiven):
            await self._catch_up()
        async with self._alone():
            before = await self._state_or_last() if action is Action.DESTROY else await self.state()
            if before is not self.last_state:
                with suppress(*forgiven):
                    await self._record_found(before)
            if before is _REACHED[action]:
                self._tell()
                return False
            target = require(action, before, self.name)
            async with self._recorded(called or action, before, target, cause) as act:
                self.handle = await perform(self.handle)
                if act.what is Action.START and RESTORED_FROM in self.handle.extra:
                    act.what = "restore"
        return True

    async def _catch_up(self) -> None:
        """Let what happened by itself be recorded before what is done next."""
        if await self._state_or_last() is not self.last_state:
            await self.refresh()

    @asynccontextmanager
    async def _recorded(
        self, action: str, before: VmState, target: VmState, cause: Cause = Cause.USER
    ) -> AsyncIterator[_Act]:
        """Record what the body does as `action`, also where it fails or is cancelled."""
        act, began, clock = _Act(action), utc_now(), monotonic()
        after, detail = target, ""
        forgiven: tuple[type[StoreError], ...] = ()
        self.last_state, self.busy = before, Busy(what=action, since=began)
        self._tell()
        try:
            with collect_remarks() as remarks:
                yield act
            detail = "; ".join(remarks)
        except asyncio.CancelledError:
            forgiven = (StoreError,)
            after, detail = await finish(self._state_or_last()), "cancelled"
            raise
        except Exception as error:
            forgiven = (StoreError,)  # what went wrong first is what is told
            after, cause = await finish(self._state_or_last()), Cause.FAILURE
            detail = _first_line(error)
            raise
        finally:
            row = HistoryRow(
                time=began,
                from_state=before,
                to_state=after,
                action=act.what,
                duration_s=monotonic() - clock,
                cause=cause,
                detail=detail,
            )
            self.last_state, self.busy = after, None
            try:
                with suppress(*forgiven):
                    await finish(self._record(row, self.handle))
                if act.what is Action.START and after is target:
                    await self._expect_boot(began)
            finally:
                self._tell()

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Let nobody else act on it meanwhile, here or elsewhere; it is known as it is now."""
        async with self._lock, action_lock(self._store.locks, self.name):
            await asyncio.to_thread(self._store.await_witnesses)
            await self._reload()
            yield


def _first_line(error: BaseException) -> str:
    text = str(error) or type(error).__name__
    return text.splitlines()[0]
