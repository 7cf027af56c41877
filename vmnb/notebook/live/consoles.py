"""The serial consoles of one VM, as this process has them."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from vmnb.console import Console
from vmnb.console.arrivals import Arrivals
from vmnb.core.errors import CapabilityError, VmnbError
from vmnb.core.hypervisor import ConsoleEndpoint, NoConsole
from vmnb.core.machine import Machine
from vmnb.core.state import LIVE, VmState
from vmnb.notebook.card.card import ConsoleState
from vmnb.notebook.live.guest_size import Ask, GuestSize

__all__ = ["Consoles"]


class Consoles:
    """One object for each console, made when somebody asks for it.

    Parameters
    ----------
    ask
        Asks the guest by its agent; None while there is none to ask.
    changed
        Called when what :meth:`states` returns may be another.
    """

    def __init__(
        self, machine: Machine, ask: Callable[[], Ask | None], changed: Callable[[], None]
    ) -> None:
        self._machine = machine
        self._ask = ask
        self._changed = changed
        self._made: dict[int, Console] = {}
        self._sizes: dict[int, GuestSize] = {}
        self.read_only: set[int] = set()
        """Numbers of those that take no keys from a view."""

    @property
    def count(self) -> int:
        """How many there are that can be shown."""
        endpoints = self._machine.console_endpoints
        return sum(not isinstance(endpoint, NoConsole) for endpoint in endpoints)

    async def get(self, number: int = 0) -> Console:
        """Return a console, connected if the VM runs.

        Raises
        ------
        CapabilityError
            The backend has no such console.
        """
        endpoint = self._endpoint(number)
        if number not in self._made:
            self._made[number] = Console(endpoint)
        await self._made[number].open(endpoint)
        return self._made[number]

    def size(self, number: int) -> GuestSize:
        """Return what keeps a console and its guest at one size."""
        if number not in self._sizes:
            console = partial(self.get, number)
            self._sizes[number] = GuestSize(number, console, self._ask, self._changed)
        return self._sizes[number]

    def text(self, number: int = 0) -> str:
        """Return a console's text as last known; empty where nobody has looked yet."""
        return self._made[number].text() if number in self._made else ""

    async def read(self, number: int = 0) -> str:
        """Return a console's text as it is now.

        Raises
        ------
        CapabilityError
            The backend has no such console.
        """
        console = await self.get(number)
        await console.restore()
        return console.text()

    def arrivals(self) -> Arrivals:
        """Return what the first console said first, with its times, if anybody has looked."""
        return self._made[0].arrivals if 0 in self._made else Arrivals()

    def states(self) -> list[ConsoleState]:
        """Return what the card says of each."""
        can_ask = self._ask() is not None
        return [
            ConsoleState(
                read_only=number in self.read_only,
                sizes_itself=can_ask and not self.size(number).refused,
            )
            for number in range(self.count)
        ]

    async def refresh(self) -> None:
        """Follow the machine: open again, close, or tell the guest what it does not know."""
        state = self._machine.last_state
        if state is VmState.DESTROYED:
            await self._close()
        elif state in LIVE:
            for number, console in self._made.items():
                with suppress(VmnbError):
                    await console.open(self._endpoint(number))
        for size in self._sizes.values():
            size.settle() if state in LIVE else size.forget()

    async def aclose(self) -> None:
        """Let go of all; the VM goes on."""
        await asyncio.gather(*(size.aclose() for size in self._sizes.values()))
        await self._close()

    async def _close(self) -> None:
        for console in self._made.values():
            await console.aclose()

    def _endpoint(self, number: int) -> ConsoleEndpoint:
        machine = self._machine
        endpoints = machine.console_endpoints
        endpoint = endpoints[number] if 0 <= number < len(endpoints) else NoConsole()
        if not isinstance(endpoint, NoConsole):
            return endpoint
        which = "console" if number == 0 else f"console {number + 1}"
        raise CapabilityError(
            f"{machine.name!r} has no {which} on the {machine.handle.backend} backend",
            hint="choose a backend with a console"
            if not endpoints
            else f"it has {len(endpoints)}; a VM that was started before has it after a restart",
        )
