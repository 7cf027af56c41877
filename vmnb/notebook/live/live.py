"""A machine as people see it: with its console, its guest agent, its address and its troubles."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, ClassVar
from weakref import WeakValueDictionary

from vmnb.console import Console
from vmnb.console.arrivals import Arrivals
from vmnb.core import runtime
from vmnb.core.errors import VmnbError
from vmnb.core.history import HistoryRow
from vmnb.core.hypervisor import Capability
from vmnb.core.listeners import Listeners
from vmnb.core.machine import Machine
from vmnb.core.network import Forward
from vmnb.core.sampler import Sampler
from vmnb.core.state import LIVE, Action, VmState
from vmnb.guest import Command, RunResult, Sink, Via, run
from vmnb.notebook.card.card import Card, Problem, Row, States, card_of, history_rows, states_of
from vmnb.notebook.live.consoles import Consoles
from vmnb.notebook.live.first_guest import FirstGuest
from vmnb.notebook.live.guest_size import Ask
from vmnb.notebook.live.guest_up import is_guest_up
from vmnb.notebook.live.way_in import open_forwards
from vmnb.notebook.live.ways import Ways
from vmnb.screen.views import Views

if TYPE_CHECKING:
    from vmnb.notebook.card.saved import Saved
    from vmnb.notebook.widget.widget import CardWidget

__all__ = ["WAIT_TIMEOUT_S", "Live"]

_log = logging.getLogger(__name__)

WAIT_TIMEOUT_S = 60.0
"""Seconds that a wait may take, for a state or for a word on the console."""

_ASK_S = 10.0


class Live:
    """What a notebook works with: one for each VM of this process, on the background loop.

    Two views of one VM share its console and its agent, since each endpoint serves one client at
    a time. Get it by :meth:`of`.

    Attributes
    ----------
    recorded
        The last recording of its console, packed for the notebook; empty where there is none.
    """

    # By the machine's id(), which is its own for as long as its Live is there and holds it: with
    # the machine as the key, each entry would keep itself alive.
    _known: ClassVar["WeakValueDictionary[int, Live]"] = WeakValueDictionary()
    _left_behind: ClassVar["list[list[Live]]"] = []
    """A parent process's: kept, since collecting them would touch the parent's sockets."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.widgets: dict[tuple[str, int], CardWidget] = {}
        self.saved: Saved | None = None
        self.recorded = ""
        self.ways = Ways(machine, self.console)
        self.screen_views = Views()
        self.sampler = Sampler(machine.measure)
        self.first_guest = FirstGuest(self)
        self._history: list[HistoryRow] = []
        self._address = ""
        self._forwards: tuple[Forward, ...] | None = None
        self._problem: Problem | None = None
        self._dismissed = False
        self._listeners: Listeners[[]] = Listeners()
        self.consoles = Consoles(machine, self._asking, self._listeners.tell)
        self._refreshing: asyncio.Task[None] | None = None
        self._stale = False
        machine.subscribe(self._changed)

    @classmethod
    async def of(cls, machine: Machine) -> "Live":
        """Return the one object of `machine`, up to date."""
        live = cls._known.get(id(machine))
        if live is None:
            live = cls._known[id(machine)] = cls(machine)
        await live.refresh()
        return live

    @classmethod
    async def close_all(cls) -> None:
        """Let go of every VM; those that run go on running."""
        known, cls._known = list(cls._known.values()), WeakValueDictionary()
        for live in known:
            await live.aclose()

    @classmethod
    def leave_behind(cls) -> None:
        """Begin anew in the child of a fork; what there was is the parent's."""
        cls._left_behind.append(list(cls._known.values()))
        cls._known = WeakValueDictionary()

    def card(self) -> Card:
        """Return what the card says, as last known."""
        problem = self._problem
        if problem is None and self.machine.last_state is VmState.FAILED and not self._dismissed:
            problem = self._failure()
        return card_of(
            self.machine,
            address=self._address,
            forwards=self._forwards,
            error=problem,
            consoles=self.consoles.states(),
        )

    def rows(self) -> list[Row]:
        """Return the history as the card shows it, as last known."""
        return history_rows(self._history)

    @property
    def forwards(self) -> tuple[Forward, ...]:
        """The ports of the host that lead into the guest, as last known."""
        return self._forwards or ()

    def states(self) -> States:
        """Return the states over time as the card draws them, as last known."""
        return states_of(self._history)

    def arrivals(self) -> Arrivals:
        """Return what the console said first, with its times; nothing where nobody has looked."""
        return self.consoles.arrivals()

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after each change, on the loop; return what ends that."""
        return self._listeners.add(listener)

    async def act(self, action: Action) -> None:
        """Do what a button asks for; an error is shown on the card."""
        actions = {
            Action.START: self.machine.start,
            Action.STOP: self.machine.stop,
            Action.SUSPEND: self.machine.suspend,
            Action.RESUME: self.machine.resume,
            Action.DESTROY: self.machine.destroy,
        }
        self.dismiss()
        try:
            await actions[action]()
        except VmnbError as error:
            title = f"cannot {action} {self.machine.name}"
            self._problem = Problem(title=title, message=error.message, hint=error.hint)
            self._listeners.tell()

    def dismiss(self) -> None:
        """Forget the problem that the card shows."""
        self._problem, self._dismissed = None, True
        self._listeners.tell()

    def keep_recording(self, replay: str) -> None:
        """Let the notebook keep this recording of the console."""
        self.recorded = replay

    async def set_read_only(self, console: int, *, on: bool) -> None:
        """Let a console take no keys from any view, or take them again."""
        (self.consoles.read_only.add if on else self.consoles.read_only.discard)(console)
        self._listeners.tell()

    async def console(self) -> Console:
        """Return the first console, connected if the VM runs.

        Raises
        ------
        CapabilityError
            The backend has no console.
        """
        return await self.consoles.get()

    async def run(
        self,
        command: Command,
        *,
        timeout_s: float,
        check: bool = False,
        via: Via | str | None = None,
        write: Sink | None = None,
        enters: bool = True,
    ) -> RunResult:
        """Run `command` in the guest; see :meth:`vmnb.VM.run`.

        Parameters
        ----------
        enters
            Whether that may change the guest, see :meth:`FirstGuest.enter`.
        """
        async with self.entered() if enters else nullcontext():
            way = await self.ways.choose(via)
            return await run(way, command, timeout_s=timeout_s, check=check, write=write)

    @asynccontextmanager
    async def entered(self) -> AsyncIterator[None]:
        """Let somebody into the guest, which is in use meanwhile; see :meth:`FirstGuest.enter`."""
        async with self.machine.in_use():
            await self.first_guest.enter()
            yield

    async def aclose(self) -> None:
        """Let go of console, screen, samples and the ways into the guest; the VM goes on."""
        self.screen_views.close_all()
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.gather(self._refreshing, return_exceptions=True)
        await self.sampler.aclose()
        await self.first_guest.aclose()
        if self.saved is not None:
            await self.saved.aclose()
        await self.consoles.aclose()
        await self.ways.aclose()

    def _changed(self, _: Machine) -> None:
        """Look at the machine again, once for many changes."""
        self._stale = True
        if self.machine.last_state is not VmState.FAILED:
            self._dismissed = False
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.get_running_loop().create_task(self._catch_up())

    async def _catch_up(self) -> None:
        while self._stale:
            self._stale = False
            self._listeners.tell()
            try:
                await self.refresh()
            except VmnbError as error:  # nobody awaits this task: the log is where it is told
                _log.warning("cannot look at %r: %s", self.machine.name, error)
            self._listeners.tell()

    async def refresh(self) -> None:
        """Take over what the machine says now."""
        self._history = await self.machine.history()
        state = self.machine.last_state
        self.first_guest.look()
        if state not in LIVE:
            self._address = ""
        self._forwards = await open_forwards(self.machine) if state in LIVE else None
        await self.consoles.refresh()
        if self._knows_address():
            with suppress(VmnbError):
                self._address = str(await self.machine.guest_ip())

    async def show_anew(self) -> None:
        """Take over what the machine says now, and tell whoever shows it."""
        await self.refresh()
        self._listeners.tell()

    def _asking(self) -> Ask | None:
        """Return what asks the guest something by its agent; None while that does not answer."""
        has_agent = Capability.GUEST_AGENT in self.machine.capabilities
        return self._ask if has_agent and self._guest_is_up() else None

    async def _ask(self, script: str) -> str:
        command = Command.of(script)
        result = await self.run(command, timeout_s=_ASK_S, check=True, via=Via.AGENT, enters=False)
        return result.stdout

    def _failure(self) -> Problem:
        name = self.machine.name
        detail = next((row.detail for row in reversed(self._history) if row.detail), "")
        hint = "Start boots it again; the console's log and the history are kept"
        return Problem(title=f"{name} failed", message=detail, hint=hint)

    def _knows_address(self) -> bool:
        """Whether the guest is up and can be asked for its address without a wait."""
        return not self._address and self._guest_is_up()

    def _guest_is_up(self) -> bool:
        return is_guest_up(self.machine.last_state, self._history)


runtime.at_shutdown(Live.close_all)
os.register_at_fork(after_in_child=Live.leave_behind)
