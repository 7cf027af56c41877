"""The first guest of its spec: once it is ready, and before anybody is in it, it is a template."""

import asyncio
import logging
from typing import TYPE_CHECKING

from vmnb.core.errors import VmnbError
from vmnb.core.state import VmState
from vmnb.core.template import UNTOUCHED

if TYPE_CHECKING:
    from vmnb.notebook.live.live import Live

__all__ = ["FirstGuest"]

_log = logging.getLogger(__name__)


class FirstGuest:
    """Saves the guest of one VM for others, in the background, where it is the first of its kind.

    Whoever is about to do something in the guest calls :meth:`enter` before.
    """

    def __init__(self, live: "Live") -> None:
        self._live = live
        self._task: asyncio.Task[None] | None = None
        self._known_pid: int | None = None
        self._is_ready = False

    def look(self) -> None:
        """Begin to wait for a guest that was just started, if others are to begin from it."""
        machine = self._live.machine
        handle = machine.handle
        if machine.last_state is not VmState.RUNNING or UNTOUCHED not in handle.extra:
            return
        if handle.pid != self._known_pid:
            self._known_pid, self._is_ready = handle.pid, False
            self._task = asyncio.create_task(self._save(), name=f"template of {machine.name}")

    async def enter(self, *, waits: bool = True) -> None:
        """Let somebody into the guest, when it is saved; or it will not be saved any more.

        Parameters
        ----------
        waits
            Whether what is to be done there needs a guest that has booted. While cloud-init goes
            on, nobody waits.
        """
        self.look()
        if self._task is not None and not self._task.done():
            boots_soon = waits and self._live.machine.handle.seed_iso is None
            if self._is_ready or boots_soon:
                await asyncio.wait({self._task})
            else:
                await self.aclose()
        await self._live.machine.touch()

    async def done(self) -> None:
        """Wait until it is saved, or will not be."""
        self.look()
        if self._task is not None:
            await asyncio.wait({self._task})

    async def aclose(self) -> None:
        """Give it up, if it is going on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _save(self) -> None:
        # imported here, for it knows Live itself
        from vmnb.notebook.live.ready import READY_TIMEOUT_S, booted

        machine = self._live.machine
        try:
            await booted(self._live, READY_TIMEOUT_S)
            self._is_ready = True
            await machine.template(None)
        except VmnbError as error:  # nobody has asked for it
            _log.info("no template is made of %r: %s", machine.name, error)
        await machine.touch()  # not where this process lets go of it: another may save it yet
