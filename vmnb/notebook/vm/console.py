"""A serial console alone: a terminal in a cell, and a few calls for a program."""

import os
import re
from typing import Any

from vmnb.core import runtime
from vmnb.notebook.card.shown import Shown
from vmnb.notebook.live.live import WAIT_TIMEOUT_S, Live
from vmnb.notebook.live.until import console_says
from vmnb.notebook.vm.recording import Recording

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
        return runtime.run(self._live.consoles.read(self._number))

    @property
    def read_only(self) -> bool:
        """Whether it takes no keys from any view; :meth:`write` types all the same."""
        return self._number in self._live.consoles.read_only

    @read_only.setter
    def read_only(self, on: bool) -> None:
        runtime.run(self._live.set_read_only(self._number, on=on))

    @property
    def is_elsewhere(self) -> bool:
        """Whether another process types on it, so that it is only read from here."""
        return runtime.run(self._is_elsewhere())

    def take_over(self) -> None:
        """Type on it from here; it is only read from then on where another process typed on it.

        Raises
        ------
        StateError
            The VM does not run.
        DeadlineError
            The process that types on it does not answer.
        """
        runtime.run(self._take_over())

    def write(self, text: str) -> None:
        r"""Type `text`; a line ends with ``"\n"``. Return at once: the guest takes it when it can.

        Raises
        ------
        StateError
            The VM does not run.
        BusyError
            Another process types on it, or more than 2 MiB would wait for the guest; nothing of
            `text` is typed.
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

    def record(
        self, path: str | os.PathLike[str] | None = None, *, limit: int | str = "16M"
    ) -> Recording:
        """Record what it says, with its times, until ``stop()`` or the end of a ``with`` block.

        Afterwards the recording is what the notebook keeps of the first console, up to 256 kB
        packed, and what ``vmnb export`` replays. Without one, that is the end of what the console
        said while this process listened. Of another console there is the file alone.

        Parameters
        ----------
        path
            The file, in asciicast v2; by default the VM's name with ``.cast``, or with ``-2.cast``
            for the second console, in the working directory. A recording that is there already is
            replaced.
        limit
            Size in MiB, or text such as ``"16M"``, at which the recording ends; it says so then.

        Raises
        ------
        SpecError
            The file is there and is no recording, or `limit` is no size.
        BackendError
            The file cannot be made.
        """
        which = "" if self._number == 0 else f"-{self._number + 1}"
        path = path or f"{self._live.machine.name}{which}.cast"
        recording = Recording(self._live, path, limit, self._number)
        return runtime.run(recording.start())

    def __repr__(self) -> str:
        which = "console" if self._number == 0 else f"console {self._number + 1}"
        return f"<{which} of {self._live.machine.name!r}>"

    def _ipython_display_(self) -> None:
        self._shown.display(repr(self))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return self._shown.bundle() | {"text/plain": repr(self)}

    async def _is_elsewhere(self) -> bool:
        return (await self._live.consoles.get(self._number)).is_elsewhere

    async def _take_over(self) -> None:
        await (await self._live.consoles.get(self._number)).take_over()

    async def _write(self, text: str) -> None:
        await self._live.first_guest.enter(waits=False)
        (await self._live.consoles.get(self._number)).input(text.encode())
