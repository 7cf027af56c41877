"""Writes what a console says to a file, as asciicast v2: one more view of the console."""

import asyncio
import codecs
import logging
import os
import uuid
from functools import partial
from io import BufferedWriter
from pathlib import Path
from typing import Any

from vmnb.console.cast import MARK, OUTPUT, SIZE, event_line, header_line
from vmnb.console.hub import Console
from vmnb.core.errors import BackendError
from vmnb.core.threads import in_thread

__all__ = ["Recorder"]

_log = logging.getLogger(__name__)


class Recorder:
    """Records `console` from :meth:`start` to :meth:`stop`; lives on the loop of the console.

    The file is good at any time: what was said is in it a moment later. It begins with the screen
    as it stands.

    Parameters
    ----------
    path
        Made anew, for this user alone.
    limit_bytes
        Size of the file from which on nothing more is recorded; a mark says so.
    header
        What its first line says besides.

    Attributes
    ----------
    is_full
        Whether the limit was reached.
    """

    def __init__(
        self, console: Console, path: Path, *, limit_bytes: int, header: dict[str, Any]
    ) -> None:
        self.path = path
        self.is_full = False
        self._console = console
        self._limit = limit_bytes
        self._header = header
        self._view = f"recorder-{uuid.uuid4().hex}"
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._size = (0, 0)
        self._begun = 0.0
        self._written = 0
        self._position = 0
        self._lines: list[bytes] = []
        self._fresh = asyncio.Event()
        self._ended = False
        self._error: OSError | None = None
        self._writing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin; afterwards everything that the console says is recorded.

        Raises
        ------
        BackendError
            The file cannot be made.
        """
        self._position, screen = await self._console.restore()
        try:
            file = await in_thread(partial(_made, self.path), BufferedWriter.close)
        except OSError as error:
            raise self._failure(error) from error
        self._begun = asyncio.get_running_loop().time()
        self._size = self._console.size
        self._put(header_line(*self._size, **self._header))
        self._event(OUTPUT, screen.decode(errors="replace"))
        self._console.hello(self._view, self._position, self._take, answers=False)
        self._writing = asyncio.create_task(self._write(file))

    async def stop(self) -> None:
        """End; afterwards the file is whole. Nothing happens where it has ended.

        Raises
        ------
        BackendError
            The file could not be written.
        """
        self._end()
        if self._writing is not None:
            await self._writing
            self._writing = None
        if self._error is not None:
            raise self._failure(self._error) from self._error

    def _take(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        if self._ended:
            return
        match message["kind"]:
            case "restore":
                self._restore(message, buffers[0])
            case "output":
                self._position = message["seq"] + len(buffers[0])
                self._event(OUTPUT, self._decoder.decode(buffers[0]))
            case "closed":
                self._event(MARK, message["reason"])

    def _restore(self, message: dict[str, Any], screen: bytes) -> None:
        """Go on with another screen: what was in between was too much, or its size is another."""
        size = (message["cols"], message["rows"])
        if self._size != size:
            self._event(SIZE, "{}x{}".format(*size))
        self._size, self._position = size, message["seq"]
        self._decoder.reset()
        self._event(OUTPUT, screen.decode(errors="replace"))

    def _event(self, kind: str, text: str) -> None:
        if not text or self._ended:
            return
        now = asyncio.get_running_loop().time() - self._begun
        line = event_line(now, kind, text)
        if self._written + len(line.encode()) > self._limit:
            self.is_full = True
            _log.warning("the recording %s has reached its limit, and has ended", self.path)
            self._put(event_line(now, MARK, "the recording has reached its limit"))
            self._end()
        else:
            self._put(line)

    def _put(self, line: str) -> None:
        data = line.encode(errors="replace")
        self._written += len(data)
        self._lines.append(data)
        self._fresh.set()

    def _end(self) -> None:
        self._ended = True
        self._console.bye(self._view)
        self._fresh.set()

    async def _write(self, file: BufferedWriter) -> None:
        try:
            with file:
                while self._lines or not self._ended:
                    await self._fresh.wait()
                    self._fresh.clear()
                    lines, self._lines = self._lines, []
                    position = self._position
                    await asyncio.to_thread(_append, file, b"".join(lines))
                    self._console.ack(self._view, position)
        except OSError as error:
            self._error = error
            self._end()

    def _failure(self, error: OSError) -> BackendError:
        return BackendError(
            f"cannot record to {self.path}: {error.strerror}",
            hint="record to another file: vm.console.record(path)",
        )


def _made(path: Path) -> BufferedWriter:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(path, flags, 0o600)
    os.fchmod(descriptor, 0o600)
    return os.fdopen(descriptor, "wb")


def _append(file: BufferedWriter, data: bytes) -> None:
    file.write(data)
    file.flush()
