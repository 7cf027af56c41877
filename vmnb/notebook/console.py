"""A serial console alone: a terminal in a cell, and a few calls for a program."""

import re
from typing import Any

from vmnb.core import runtime
from vmnb.notebook.live import WAIT_TIMEOUT_S, Live
from vmnb.notebook.shown import Shown
from vmnb.notebook.until import console_says

__all__ = ["VmConsole"]


class VmConsole:
    """``vm.console``: shown in a cell, it is a terminal on a serial port of the guest.

    Raises
    ------
    CapabilityError
        By every method: the backend has no console.
    """

    def __init__(self, live: Live, number: int = 0) -> None:
        self._live = live
        self._number = number
        self._shown = Shown(live, "console", number)

    @property
    def text(self) -> str:
        """What the console said, as plain text without escape sequences; the newest part."""
        return runtime.run(self._text())

    @property
    def read_only(self) -> bool:
        """Whether it takes no keys from any view; :meth:`write` types all the same."""
        return self._number in self._live.consoles.read_only

    @read_only.setter
    def read_only(self, on: bool) -> None:
        runtime.run(self._live.set_read_only(self._number, on=on))

    def write(self, text: str) -> None:
        r"""Type `text`; a line ends with ``"\n"``. Return at once: the guest takes it when it can.

        Raises
        ------
        StateError
            The VM does not run.
        BusyError
            More than 2 MiB would wait for the guest; nothing of `text` is typed.
        """
        runtime.run(self._write(text))

    def wait_for(self, pattern: str | re.Pattern[str], timeout: float = WAIT_TIMEOUT_S) -> None:
        """Wait until the console says something that matches `pattern`.

        Parameters
        ----------
        pattern
            A regular expression, sought in what the console has said and will say.
        timeout
            In seconds.

        Raises
        ------
        SpecError
            It is no regular expression.
        StateError
            The VM does not run, or ended before it said so.
        DeadlineError
            It did not in time.
        """
        runtime.run(console_says(self._live, pattern, timeout, self._number))

    def __repr__(self) -> str:
        which = "console" if self._number == 0 else f"console {self._number + 1}"
        return f"<{which} of {self._live.machine.name!r}>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return self._shown.bundle() | {"text/plain": repr(self)}

    async def _text(self) -> str:
        console = await self._live.consoles.get(self._number)
        await console.restore()
        return console.text()

    async def _write(self, text: str) -> None:
        (await self._live.consoles.get(self._number)).input(text.encode())
