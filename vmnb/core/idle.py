"""That somebody looks after VMs which run for nobody, where that is configured."""

import asyncio
import logging
import os

from vmnb.core.config import read_config
from vmnb.core.detached import start_detached
from vmnb.core.errors import VmnbError
from vmnb.core.known import KnownVm
from vmnb.core.lock import is_locked
from vmnb.core.state import VmState
from vmnb.core.store import Store

__all__ = ["KEEPER_LOCK", "IdleWatch"]

_log = logging.getLogger(__name__)

KEEPER_LOCK = "/idle"
"""The lock that the one keeper holds; no VM has such a name."""


class IdleWatch:
    """Starts the keeper when a VM runs: a process of its own, for kernels end before their VMs."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._starting: asyncio.Task[None] | None = None

    def look(self, machine: KnownVm) -> None:
        """Take note of a change of `machine`."""
        if machine.last_state is VmState.RUNNING and (
            self._starting is None or self._starting.done()
        ):
            self._starting = asyncio.create_task(self._see_to_it(), name="idle watch")

    async def aclose(self) -> None:
        """Wait until nothing is being started."""
        if self._starting is not None:
            await asyncio.wait({self._starting})

    async def _see_to_it(self) -> None:
        try:
            await asyncio.to_thread(self._start_keeper)
        except VmnbError as error:  # nobody awaits this task: the log is where it is told
            _log.warning("nobody looks after idle VMs: %s", error)

    def _start_keeper(self) -> None:
        if read_config().idle is not None and not is_locked(self._store.locks, KEEPER_LOCK):
            path = os.fspath(self._store.path)
            start_detached("vmnb.core.idle_keeper", path, what="the keeper of idle VMs")
