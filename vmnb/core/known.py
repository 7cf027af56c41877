"""What one process knows of a VM, and its record in the store."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from vmnb.core.handle import VmHandle
from vmnb.core.history import HistoryRow, utc_now
from vmnb.core.listeners import Listeners
from vmnb.core.lock import is_locked
from vmnb.core.state import Cause, VmState
from vmnb.core.store import Store
from vmnb.core.uses import Uses

__all__ = ["Busy", "KnownVm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """An action in progress.

    Parameters
    ----------
    since
        When it began, in UTC.
    expected_s
        How long it took before, in seconds, or None where that is not known.
    """

    what: str
    since: datetime
    expected_s: float | None = None


class KnownVm:
    """What one process knows of a VM, and who is told of its changes.

    Attributes
    ----------
    handle
        The VM's facts as last known.
    last_state
        The state when it was last looked at; :meth:`state` asks.
    busy
        What is being done to it at this moment, or None.
    started
        When it was last started or rebooted, in UTC, or None where that was never seen.
    """

    def __init__(self, handle: VmHandle, state: VmState, store: Store) -> None:
        self.handle = handle
        self.last_state = state
        self.busy: Busy | None = None
        self.started: datetime | None = None
        self._store = store
        self._change = 0
        self._uses = Uses(store.uses / handle.id)
        self._listeners: Listeners[[Any]] = Listeners()

    @property
    def name(self) -> str:
        """The VM's name."""
        return self.handle.name

    async def history(self) -> list[HistoryRow]:
        """Return all that is recorded of it, oldest first."""
        return await asyncio.to_thread(self._store.history, self.handle.id)

    async def last_use(self) -> datetime:
        """Return when somebody last did something with it, in UTC, as far as it is known."""
        rows = await self.history()
        times = [row.time for row in rows if row.cause is Cause.USER]
        used = await asyncio.to_thread(self._uses.last)
        return max(filter(None, (*times, used)), default=datetime.min.replace(tzinfo=UTC))

    def subscribe(self, listener: Callable[[Self], None]) -> Callable[[], None]:
        """Call `listener` after each change, on the loop; return what ends that."""
        return self._listeners.add(listener)

    async def note(
        self, action: str, began: datetime, *, cause: Cause = Cause.USER, detail: str = ""
    ) -> None:
        """Record what was done to it since `began` without a change of its state."""
        await self._reload()
        row = HistoryRow(
            time=began,
            from_state=self.last_state,
            to_state=self.last_state,
            action=action,
            duration_s=(utc_now() - began).total_seconds(),
            cause=cause,
            detail=detail,
        )
        await self._record(row)
        self._tell()

    async def _record_found(self, state: VmState, handle: VmHandle | None = None) -> None:
        """Record that it is found so; for who has the right to act on it."""
        await self._record(self._found_row(state), handle)
        self.last_state = state

    async def _witness(self, row: HistoryRow) -> bool:
        """Record what happened to it by itself; see :meth:`~vmnb.core.store.Store.witness`."""
        return await asyncio.to_thread(self._store.witness, self.handle.id, row, self._change)

    def _found_row(self, state: VmState) -> HistoryRow:
        return HistoryRow(
            time=utc_now(),
            from_state=self.last_state,
            to_state=state,
            action="found",
            duration_s=None,
            cause=Cause.HOST,
            detail="it was found so; what happened was not seen",
        )

    async def _record(self, row: HistoryRow, handle: VmHandle | None = None) -> bool:
        return await asyncio.to_thread(self._store.record, self.handle.id, row, handle)

    async def _is_locked(self) -> bool:
        return await asyncio.to_thread(is_locked, self._store.locks, self.name)

    async def _reload(self) -> None:
        """Take over what another process wrote down of this VM."""
        record = await asyncio.to_thread(self._store.get, self.handle.id)
        if record is not None and record.handle is not None:
            self.handle, self.last_state = record.handle, record.state
            self._change = record.change

    def _tell(self) -> None:
        self._listeners.tell(self)
