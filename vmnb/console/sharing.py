"""Serving a console to the processes that follow it, by the one that has its connection."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from vmnb.console.followers import Followers
from vmnb.console.frames import Frames
from vmnb.console.seat import Seat
from vmnb.core.errors import VmnbError

__all__ = ["HandedOver", "Sharing"]

_FLUSH_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """What another process needs to go on in this one's place.

    Parameters
    ----------
    connection
        To QEMU.
    seat
        The descriptors of the seat, which the seat still has here, too.
    facts
        Where in the log and in the stream that connection is.
    missed
        What was said since that process last heard of it.
    """

    connection: socket.socket
    seat: tuple[int, ...]
    facts: dict[str, Any]
    missed: bytes


class Sharing:
    """Serves those who come to `seat`, until :meth:`aclose`.

    Parameters
    ----------
    hand_over
        Gives up the connection for somebody who has the stream up to a position, and who may have
        it even where it was typed on from here. Raises VmnbError where that cannot be.
    handed_over
        Called when that is done, whether it arrived or not.
    """

    def __init__(
        self,
        seat: Seat,
        followers: Followers,
        *,
        hand_over: Callable[[int, bool], Awaitable[HandedOver]],
        handed_over: Callable[[], None],
    ) -> None:
        self._seat = seat
        self._followers = followers
        self._hand_over = hand_over
        self._handed_over = handed_over
        self._count = 0
        self._writing: set[asyncio.Task[None]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._accepting = self._begin(self._accept())

    async def aclose(self) -> None:
        """Serve nobody any more; what was told already is still sent, but to one who is stuck."""
        for task in self._tasks - self._writing:
            task.cancel()
        try:
            if self._writing:
                await asyncio.wait(self._writing, timeout=_FLUSH_S)
        finally:
            tasks = tuple(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work, name="share a console")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(self._writing.discard)
        return task

    async def _accept(self) -> None:
        while True:
            self._begin(self._serve(Frames(await self._seat.accept())))

    async def _serve(self, frames: Frames) -> None:
        try:
            message, _ = await frames.read()
            if message["kind"] == "take":
                await self._give(frames, message["seq"], by_force=message["by_force"])
            else:
                await self._tell(frames, message["seq"])
        except OSError:
            pass  # it is gone
        finally:
            frames.close()

    async def _give(self, frames: Frames, seq: int, *, by_force: bool) -> None:
        try:
            given = await self._hand_over(seq, by_force)
        except VmnbError as error:
            refused = {"kind": "refused", "reason": error.message, "hint": error.hint}
            await frames.write(refused)
            return
        self._accepting.cancel()  # who comes now is for the next one
        try:
            with given.connection:
                descriptors = (given.connection.fileno(), *given.seat)
                frames.write_with(descriptors, {"kind": "yours"})
            await frames.write(given.facts, given.missed)
        finally:
            self._handed_over()

    async def _tell(self, frames: Frames, seq: int) -> None:
        """Send it the stream from `seq` on, and hear how far it has come."""
        self._count += 1
        name = f"follower {self._count}"
        # No more waits in it than the console sends to a view that has not acknowledged it.
        told: asyncio.Queue[tuple[dict[str, Any], bytes]] = asyncio.Queue()
        writing = self._begin(_pass_on(told, frames))
        self._writing.add(writing)

        def send(message: dict[str, Any], buffers: list[bytes]) -> None:
            told.put_nowait((message, b"".join(buffers)))

        self._followers.add(name, seq, send, answers=False)
        told.put_nowait(({"kind": "caught up"}, b""))  # the window takes a whole ring
        try:
            while True:
                message, _ = await frames.read()
                self._followers.acknowledge(name, message["seq"])
        finally:
            self._followers.remove(name)
            told.put_nowait(({"kind": "dropped"}, b""))
            await asyncio.shield(writing)


async def _pass_on(told: "asyncio.Queue[tuple[dict[str, Any], bytes]]", frames: Frames) -> None:
    with suppress(OSError):
        while (said := await told.get())[0]["kind"] != "dropped":
            await frames.write(*said)
    frames.end()
