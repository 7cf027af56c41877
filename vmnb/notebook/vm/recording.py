"""A recording of a console, as a notebook has it."""

import asyncio
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Self

from vmnb.console.cast import Cast, is_header
from vmnb.console.recorder import Recorder
from vmnb.core import runtime
from vmnb.core.errors import SpecError
from vmnb.core.history import utc_now
from vmnb.core.units import parse_mib
from vmnb.notebook.card.replay import RECORDED_BYTES, packed
from vmnb.notebook.live.live import Live

__all__ = ["Recording"]

_HEAD_BYTES = 64 * 1024


class Recording:
    """A recording that goes on until :meth:`stop`, or the end of a ``with`` block.

    :meth:`vmnb.notebook.vm.console.VmConsole.record` makes it. The file is asciicast v2, for this
    user alone, which ``asciinema play`` plays.

    Attributes
    ----------
    path
        The file, absolute.
    """

    def __init__(
        self, live: Live, path: str | os.PathLike[str], limit: int | str, number: int
    ) -> None:
        self.path = Path(path).absolute()
        self._live = live
        self._number = number
        self._limit_mib = parse_mib(limit, "limit")
        self._recorder: Recorder | None = None
        self._is_over = False

    async def start(self) -> Self:
        """Begin with the screen as it stands; see :meth:`VmConsole.record`."""
        console = await self._live.consoles.get(self._number)
        await asyncio.to_thread(_require_replaceable, self.path)
        name = self._live.machine.name
        header = {"timestamp": int(utc_now().timestamp()), "title": name}
        recorder = Recorder(
            console, self.path, limit_bytes=self._limit_mib * 1024**2, header=header
        )
        await recorder.start()
        self._recorder = recorder
        return self

    def stop(self) -> None:
        """End it; afterwards the file is whole, and the notebook has the first console's replay.

        Nothing happens where it has ended.

        Raises
        ------
        BackendError
            The file could not be written.
        """
        runtime.run(self._stop())

    async def _stop(self) -> None:
        if self._recorder is None or self._is_over:
            return
        self._is_over = True
        await self._recorder.stop()
        if self._number == 0:
            self._live.keep_recording(await asyncio.to_thread(self._packed))

    def _packed(self) -> str:
        return packed(Cast.loads(self.path.read_text()), RECORDED_BYTES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        is_full = self._recorder is not None and self._recorder.is_full
        full = f", ended at its limit of {self._limit_mib} MiB" if is_full else ""
        over = "" if self._is_over or is_full else ", going on"
        return f"<recording of {self._live.machine.name!r}: {self.path.name}{full}{over}>"


def _require_replaceable(path: Path) -> None:
    """Raise SpecError where there is something that is no recording."""
    with suppress(FileNotFoundError, PermissionError):
        if path.exists() and not path.is_file():
            raise SpecError(f"{path} is not a file", hint="name a file for the recording")
        with path.open("rb") as file:
            head = file.readline(_HEAD_BYTES)
        if head and not _is_recording(head):
            raise SpecError(
                f"{path} is there already, and is no recording", hint="record to another file"
            )


def _is_recording(head: bytes) -> bool:
    try:
        return is_header(json.loads(head))
    except (ValueError, RecursionError):
        return False
