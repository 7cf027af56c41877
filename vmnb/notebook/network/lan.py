"""A private network as a notebook sees it: its VMs with their states, and its rules."""

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from vmnb.core import runtime
from vmnb.core.errors import SpecError, VmnbError
from vmnb.core.finish import finish
from vmnb.core.listeners import Listeners
from vmnb.core.machine import Machine
from vmnb.core.names import checked_name
from vmnb.core.state import VmState
from vmnb.lan import Register, change
from vmnb.lan.files import register_path
from vmnb.lan.register import read_register
from vmnb.notebook.network.topology import Topology, topology_of

if TYPE_CHECKING:
    from vmnb.notebook.network.widget import NetworkWidget

__all__ = ["Lan"]

_log = logging.getLogger(__name__)


class Lan:
    """One for each network that this process looks at, on the background loop; get it by `of`."""

    _known: ClassVar["dict[str, Lan]"] = {}
    _left_behind: ClassVar["list[dict[str, Lan]]"] = []
    """A parent process's: kept, since collecting them would touch the parent's widgets."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.widget: NetworkWidget | None = None
        self._register = Register()
        self._machines: list[Machine] = []
        self._ends: list[Callable[[], None]] = []
        self._listeners: Listeners[[]] = Listeners()
        self._refreshing: asyncio.Task[None] | None = None
        self._stale = False

    @classmethod
    async def of(cls, name: str) -> "Lan":
        """Return the one object of that network, up to date."""
        lan = cls._known.setdefault(name, cls(name))
        await lan.refresh()
        return lan

    @classmethod
    async def look_again(cls, name: str) -> None:
        """Let whoever looks at that network see a VM that was just made."""
        if name in cls._known:
            await cls._known[name].refresh()

    @classmethod
    async def close_all(cls) -> None:
        """Look at no network any more."""
        known, cls._known = list(cls._known.values()), {}
        for lan in known:
            await lan.aclose()

    @classmethod
    def leave_behind(cls) -> None:
        """Begin anew in the child of a fork; what there was is the parent's."""
        cls._left_behind.append(cls._known)
        cls._known = {}

    def topology(self) -> Topology:
        """Return what is known of it, without asking anybody."""
        alive = [m for m in self._machines if m.last_state is not VmState.DESTROYED]
        return topology_of(self.name, alive, self._register)

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after each change, on the loop; return what ends that."""
        return self._listeners.add(listener)

    async def members(self) -> Topology:
        """Return all that is on it, asked now; where a VM runs, so does the switch afterwards."""
        await self.refresh()
        await self._change(lambda now: now)
        return self.topology()

    async def block(self, names: tuple[str, ...]) -> None:
        """Let nothing pass between these VMs; see :meth:`vmnb.Network.block`."""
        block = await self._ids(names)
        await self._change(lambda now: replace(now, blocked=now.blocked | {block}))

    async def unblock(self, names: tuple[str, ...]) -> None:
        """Let frames pass again; see :meth:`vmnb.Network.unblock`."""
        block = await self._ids(names)
        lifted = (lambda now: now.blocked - {block}) if names else (lambda _: frozenset())
        await self._change(lambda now: replace(now, blocked=lifted(now)))

    async def set_delay(self, delay_ms: float) -> None:
        """Let each frame be on its way for that long."""
        await self._change(lambda now: replace(now, delay_ms=delay_ms))

    async def refresh(self) -> None:
        """Look at who is on it now, and follow them from now on."""
        self._register = await asyncio.to_thread(read_register, register_path(self.name))
        everybody = await runtime.session().machines()
        self._let_go()
        self._machines = [each for each in everybody if each.handle.network.network == self.name]
        self._ends = [machine.subscribe(self._changed) for machine in self._machines]
        self._listeners.tell()

    async def aclose(self) -> None:
        """Follow nobody any more."""
        self._let_go()
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.gather(self._refreshing, return_exceptions=True)

    async def _change(self, make: Callable[[Register], Register]) -> None:
        self._register = await finish(asyncio.to_thread(change, self.name, make))
        self._listeners.tell()

    async def _ids(self, names: tuple[str, ...]) -> frozenset[str]:
        """Return the ids of the VMs of these names.

        Raises
        ------
        SpecError
            They are more than two, twice the same, or not on this network.
        """
        wanted = [checked_name(name) for name in names]
        if len(wanted) > 2 or len(set(wanted)) != len(wanted):
            raise SpecError(
                f"{', '.join(map(repr, names))}: that is neither one VM nor a pair",
                hint='block("a"), block("a", "b"), or block() for the whole network',
            )
        await self.refresh()
        known = {machine.name: machine.handle.id for machine in self._machines}
        strangers = [name for name in wanted if name not in known]
        if strangers:
            raise SpecError(
                f"there is no VM {strangers[0]!r} on the network {self.name!r}",
                hint=f"there are: {', '.join(known) or 'none'}",
            )
        return frozenset(known[name] for name in wanted)

    def _let_go(self) -> None:
        for end in self._ends:
            end()
        self._ends = []

    def _changed(self, _: Machine) -> None:
        """Look at what changed, once for many changes."""
        self._stale = True
        self._listeners.tell()
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.get_running_loop().create_task(self._catch_up())

    async def _catch_up(self) -> None:
        while self._stale:
            self._stale = False
            try:
                path = register_path(self.name)
                self._register = await asyncio.to_thread(read_register, path)
            except VmnbError as error:  # nobody awaits this task: the log is where it is told
                _log.warning("cannot look at the network %r: %s", self.name, error)
            self._listeners.tell()


runtime.at_shutdown(Lan.close_all)
os.register_at_fork(after_in_child=Lan.leave_behind)
