"""A console as another process hands it on, which has the connection to QEMU."""

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from vmnb.console.frames import Frames
from vmnb.console.seat import meeting_place
from vmnb.core.errors import BusyError, DeadlineError
from vmnb.core.sockets import connect

__all__ = ["Following", "Given", "take_from"]

_ANSWER_S = 3.0


class Follower(Protocol):
    """Who is told what the other process hands on."""

    def heard(self, seq: int, data: bytes, *, live: bool) -> None:
        """Take a piece of the stream; it is `live` where it was said since we follow."""
        ...

    def told(self, message: dict[str, Any]) -> None:
        """Take word of how the console is: ``open`` or ``closed``."""
        ...

    def left(self) -> None:
        """Take note that the other process has it no more."""
        ...


class Following:
    """A connection to the process that has the console; call :meth:`begin`, then :meth:`aclose`."""

    def __init__(self, frames: Frames, follower: Follower) -> None:
        self._frames = frames
        self._follower = follower
        self._position = 0
        self._caught_up = asyncio.Event()
        self._acknowledge = asyncio.Event()
        self._acknowledged = 0
        self._waits = False
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def begin(cls, console: Path, seq: int, follower: Follower) -> "Following | None":
        """Follow from `seq` on if possible, and return when all is heard that was said before.

        Returns
        -------
        Following or None
            None where nobody is there to be followed.
        """
        try:
            following = cls(Frames(connect(meeting_place(console))), follower)
        except (FileNotFoundError, ConnectionRefusedError, BlockingIOError):
            return None
        try:
            await following._greet(seq)
        except ConnectionError:
            await following.aclose()
            return None
        except BaseException:
            await following.aclose()
            raise
        return following

    def pause(self) -> None:
        """Confirm nothing until :meth:`resume`; the guest waits, as it does for a view."""
        self._waits = True

    def resume(self) -> None:
        """Go on."""
        self._waits = False
        if self._position > self._acknowledged:
            self._acknowledge.set()

    async def aclose(self) -> None:
        """Follow no more; nothing is called any more."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        try:
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            self._frames.close()

    async def _greet(self, seq: int) -> None:
        await self._frames.write({"kind": "follow", "seq": seq})
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._confirm())]
        await self._caught_up.wait()

    async def _read(self) -> None:
        with suppress(OSError):
            while True:
                message, data = await self._frames.read()
                match message["kind"]:
                    case "output":
                        live = self._caught_up.is_set()
                        self._follower.heard(message["seq"], data, live=live)
                        self._position = message["seq"] + len(data)
                        if not self._waits:
                            self._acknowledge.set()
                    case "caught up":
                        self._caught_up.set()
                    case _:
                        self._follower.told(message)
        self._caught_up.set()
        self._follower.left()

    async def _confirm(self) -> None:
        with suppress(OSError):
            while True:
                await self._acknowledge.wait()
                self._acknowledge.clear()
                self._acknowledged = self._position
                await self._frames.write({"kind": "drawn", "seq": self._acknowledged})


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the process that had the console gave us of it."""

    descriptors: list[int]
    facts: dict[str, Any]
    missed: bytes


async def take_from(console: Path, seq: int, *, by_force: bool) -> Given:
    """Ask the process that has the console for its connection.

    Parameters
    ----------
    seq
        Position up to which all is known here.
    by_force
        Whether it shall give it even where it was typed on from there.

    Raises
    ------
    BusyError
        It does not give it.
    DeadlineError
        It does not answer.
    ConnectionError, FileNotFoundError, BlockingIOError
        It has ended.
    """
    frames = Frames(connect(meeting_place(console)))
    descriptors: list[int] = []
    try:
        async with asyncio.timeout(_ANSWER_S):
            await frames.write({"kind": "take", "seq": seq, "by_force": by_force})
            message, descriptors = await frames.read_with()
            if message["kind"] != "yours":
                raise BusyError(message["reason"], hint=message["hint"])
            facts, missed = await frames.read()
        return Given(descriptors=descriptors, facts=facts, missed=missed)
    except BaseException as error:
        for descriptor in descriptors:
            os.close(descriptor)
        if not isinstance(error, TimeoutError):
            raise
        raise DeadlineError(
            f"the process that has the console did not answer within {_ANSWER_S:g} s",
            hint="it is stopped, or hangs: let it go on, or end it",
        ) from error
    finally:
        frames.close()
