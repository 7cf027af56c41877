"""What other processes do to the VMs of this one, noticed as soon as it is done."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from vmnb.core.errors import VmnbError
from vmnb.core.inotify import changes
from vmnb.core.lock import lock_name
from vmnb.core.machine import Machine
from vmnb.core.paths import private_dir

__all__ = ["Others"]

_log = logging.getLogger(__name__)


class Others:
    """Lets each of `machines` catch up when somebody has acted on it; lives on one event loop.

    Whoever acts holds the VM's lock in the directory `locks`, and has written down what came of it
    before it lets go.
    """

    def __init__(self, locks: Path, machines: Mapping[str, Machine]) -> None:
        self._locks = locks
        self._machines = machines
        self._watch = ExitStack()
        self._heeding = False
        self._due: set[str] = set()
        self._catching_up: dict[str, asyncio.Task[None]] = {}

    def heed(self) -> None:
        """Begin, unless it has begun; where that cannot be, the log says so."""
        if self._heeding:
            return
        self._heeding = True
        try:
            self._watch.enter_context(changes(private_dir(self._locks), self._hear))
        except (VmnbError, OSError) as error:
            _log.warning("what other processes do is only seen when asked for: %s", error)

    async def aclose(self) -> None:
        """Heed them no more."""
        self._watch.close()
        self._heeding = False
        tasks = tuple(self._catching_up.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _hear(self, lock: str) -> None:
        for key, machine in self._machines.items():
            if lock in ("", lock_name(machine.name)):
                self._due.add(key)
                if key not in self._catching_up:
                    self._catching_up[key] = asyncio.create_task(self._catch_up(key, machine))

    async def _catch_up(self, key: str, machine: Machine) -> None:
        try:
            while key in self._due:
                self._due.discard(key)
                await machine.catch_up()
        except VmnbError as error:
            _log.warning("cannot look at %r: %s", machine.name, error)
        finally:
            del self._catching_up[key]
