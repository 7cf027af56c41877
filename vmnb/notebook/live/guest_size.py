"""Telling a guest how large its console is: a serial port cannot say so by itself."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable

from vmnb.console import Console
from vmnb.console.sizes import Size, Sizes
from vmnb.core.errors import GuestError, VmnbError

__all__ = ["GuestSize"]

_log = logging.getLogger(__name__)

Ask = Callable[[str], Awaitable[str]]
"""Runs a small script in the guest by its agent, and returns what it printed."""

_NOTHING_SAID: Size = (80, 24)
_SIZE = re.compile(r"(\d+) (\d+)")


class GuestSize:
    """Gives one console the size that its views agree on, in the kernel, the views and the guest.

    The screen has another size only where the guest has it, too: its agent sets that of the
    terminal, of which the kernel tells the program in front there; no shell is disturbed.

    Parameters
    ----------
    port
        The number of the serial port, as the guest counts.
    console
        Gives the console, connected.
    ask
        Asks the guest; None while it cannot be asked.
    changed
        Called when :attr:`refused` is another.
    """

    def __init__(
        self,
        port: int,
        console: Callable[[], Awaitable[Console]],
        ask: Callable[[], Ask | None],
        changed: Callable[[], None],
    ) -> None:
        self.sizes = Sizes()
        self.refused = False
        """Whether this guest cannot be told."""
        self._device = f"/dev/ttyS{port}"
        self._console = console
        self._ask = ask
        self._changed = changed
        self._told: Size | None = None
        self._settling: asyncio.Task[None] | None = None

    def forget(self) -> None:
        """Begin anew: another boot of the guest knows nothing."""
        self._told, self.refused = None, False

    def settle(self) -> None:
        """See that all have the size that is wanted, soon."""
        if self._settling is None or self._settling.done():
            self._settling = asyncio.get_running_loop().create_task(self._settled())

    async def type(self, size: Size) -> None:
        """Tell a shell that waits for a command, as a person would; for a guest without an agent.

        Raises
        ------
        StateError
            The VM does not run.
        """
        console = await self._console()
        columns, rows = size
        await console.resize(columns, rows)
        console.input(f" stty rows {rows} cols {columns}\r".encode())

    async def aclose(self) -> None:
        """Let it be."""
        if self._settling is not None:
            self._settling.cancel()
            await asyncio.gather(self._settling, return_exceptions=True)

    async def _settled(self) -> None:
        while (wanted := self.sizes.wanted) is not None and wanted != self._told:
            ask = self._ask()
            if ask is None:
                return
            try:
                await self._tell(await self._console(), ask, wanted)
            except VmnbError as error:  # nobody awaits this task: the log is where it is told
                _log.info("cannot tell %s its size: %s", self._device, error)
                self.refused = isinstance(error, GuestError)
                self._changed()
                return

    async def _tell(self, console: Console, ask: Ask, wanted: Size) -> None:
        if self._told is None:
            await self._take_over(console, ask)
        before = console.size
        await console.resize(*wanted)
        columns, rows = wanted
        try:
            await ask(f"stty -F {self._device} rows {rows} cols {columns}")
        except VmnbError:
            await console.resize(*before)
            raise
        self._told = wanted

    async def _take_over(self, console: Console, ask: Ask) -> None:
        """Draw what was said again as it was meant, where another process gave the guest a size."""
        said = _SIZE.search(await ask(f"stty -F {self._device} size"))
        rows, columns = (int(number) for number in said.groups()) if said else (0, 0)
        if rows and columns and console.size == _NOTHING_SAID:
            await console.redraw(columns, rows)
