"""The serial console alone: a terminal in a cell, and a few calls for a program."""

import re
from typing import Any

from vmnb.core import runtime
from vmnb.notebook.live import WAIT_TIMEOUT_S, Live
from vmnb.notebook.shown import Shown
from vmnb.notebook.until import console_says

__all__ = ["VmConsole"]


class VmConsole:
    """``vm.console``: shown in a cell, it is a terminal on the guest's serial port.

    Raises
    ------
    CapabilityError
        By every method: the backend has no console.
    """

    def __init__(self, live: Live) -> None:
        self._live = live
        self._shown = Shown(live, "console")

    @property
    def text(self) -> str:
        """What the console said, as plain text without escape sequences; the newest part."""
        return runtime.run(self._text())

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
        runtime.run(console_says(self._live, pattern, timeout))

    def __repr__(self) -> str:
        return f"<console of {self._live.machine.name!r}>"

    def _repr_mimebundle_(self, **_: Any) -> Any:
        return self._shown.bundle(repr(self))

    async def _text(self) -> str:
        console = await self._live.console()
        await console.restore()
        return console.text()

    async def _write(self, text: str) -> None:
        (await self._live.console()).input(text.encode())
