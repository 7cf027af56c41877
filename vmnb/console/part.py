"""The part of a process in a console that many share: it has the connection, or it follows.

QEMU serves one client. That is the process that has the console's seat: it hands on what is said to
the others, who follow. Where it is gone, one of the others connects anew, and goes on in the log
where the last bytes are that it heard.
"""

import asyncio
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from vmnb.console.followers import Followers
from vmnb.console.following import Following
from vmnb.console.log import ConsoleLog
from vmnb.console.past import Past
from vmnb.console.ring import Ring
from vmnb.console.seat import Seat
from vmnb.console.shared_keyboard import SharedKeyboard
from vmnb.console.sharing import HandedOver, Sharing
from vmnb.console.source import Source, connect
from vmnb.console.steps import Steps
from vmnb.core.errors import BusyError, StateError, VmnbError
from vmnb.core.hypervisor import UnixConsole

__all__ = ["Part"]

_JOIN_S = 3.0
_RETRY_S = 0.02


class Part(ABC):
    """The part of this process in a console.

    Parameters
    ----------
    keyboard
        Is given the connection when it is here.
    ring
        The stream as this process has it; `followers` get it from there.
    past
        Knows how far the log is known; not where it is while we follow.
    receive, recall
        Called with what is said now, and with what was said before.
    skipped
        Called with the number of bytes that are not to be had.
    changed
        Called when :attr:`is_elsewhere` may be another.
    ended
        Called once, with how far the log is known, or None, and why it is over, unless it was
        closed.

    Attributes
    ----------
    is_elsewhere
        Whether it is typed on from another process, so that it is to be read only from here.
    """

    def __init__(
        self,
        endpoint: UnixConsole,
        ring: Ring,
        followers: Followers,
        past: Past,
        keyboard: SharedKeyboard,
        *,
        receive: Callable[[bytes], None],
        recall: Callable[[bytes], None],
        skipped: Callable[[int], None],
        changed: Callable[[], None],
        ended: Callable[[int | None, str], None],
    ) -> None:
        self.keyboard = keyboard
        self.is_elsewhere = False
        self._endpoint = endpoint
        self._ring = ring
        self._followers = followers
        self._past = past
        self._receive = receive
        self._recall = recall
        self._skipped = skipped
        self._changed = changed
        self._ended = ended
        self._source: Source | None = None
        self._seat: Seat | None = None
        self._sharing: Sharing | None = None
        self._following: Following | None = None
        self._ahead = 0  # of the other process's positions are ours
        self._typed = False
        self._turn = asyncio.Lock()
        self._steps = Steps()
        self._is_over = False

    async def open(self) -> bool:
        """Connect or follow; return False where the VM does not run.

        Raises
        ------
        BusyError
            Another process has the console and does not hand it on.
        BackendError
            The socket is there and cannot be used.
        """
        try:
            async with asyncio.timeout(_JOIN_S):
                seat = await self._seat_or_follow()
            if seat is not None:
                await self._keep(seat)
        except StateError:
            return False
        except TimeoutError as error:
            raise BusyError(
                "another process has the console and does not hand it on",
                hint="it is stopped, or hangs: let it go on, or end it",
            ) from error
        return not self._is_over

    async def check(self) -> None:
        """Notice now if the VM has stopped."""
        if self._source is not None:
            self._source.check()
        await self._steps.settled()

    def pause(self) -> None:
        """Hand on no more until :meth:`resume`; the guest waits, once what is between is full."""
        if link := self._source or self._following:
            link.pause()

    def resume(self) -> None:
        """Go on."""
        if link := self._source or self._following:
            link.resume()

    async def aclose(self) -> int | None:
        """Let go of it, and return how far the log is known, if it is; nothing is called."""
        await self._steps.aclose()
        self.keyboard.leave("the console was closed")
        known = None
        if self._source is not None:
            known = await self._source.aclose()
        await self._unfollow()
        await self._leave_seat()
        return known

    def heard(self, seq: int, data: bytes, *, live: bool) -> None:
        """Take a piece of the stream, as the process that we follow has it."""
        gap = seq + self._ahead - self._ring.end
        if gap > 0:
            self._skipped(gap)
        else:
            self._ahead -= gap
        if data:
            (self._receive if live else self._recall)(data)

    def told(self, message: dict[str, Any]) -> None:
        """Take word of how the console is, from the process that we follow."""
        if message["kind"] == "open":
            self.is_elsewhere = message["typed"]
            self._changed()
        elif message["kind"] == "closed":
            self._steps.take(partial(self._finish, message["log"], message["reason"]))

    def left(self) -> None:
        """Follow another, or take the seat: the process that we followed is gone."""
        self._rejoin_soon()

    async def _seat_or_follow(self) -> Seat | None:
        while (seat := Seat.take(self._endpoint.path)) is None:
            if await self._follow():
                return None
            await asyncio.sleep(_RETRY_S)  # who has it has only just come, or is about to go
        return seat

    async def _follow(self) -> bool:
        seq = self._ring.end - self._ahead if self._ring.end else -1
        self._following = await Following.begin(self._endpoint.path, seq, self)
        if self._following is None:
            return False
        self._past.known = None
        return True

    async def _unfollow(self) -> None:
        following, self._following = self._following, None
        if following is not None:
            await following.aclose()

    async def _keep(self, seat: Seat) -> None:
        """Connect to QEMU, having the seat."""
        try:
            log, known = await self._past.load(self._endpoint.log)
            try:
                sock = connect(self._endpoint.path)
            except BaseException:
                log.close()
                raise
        except BaseException:
            seat.close()
            raise
        self._sit(seat, sock, log, known)

    def _sit(
        self, seat: Seat, sock: socket.socket, log: ConsoleLog, known: int, *, joined: bool = False
    ) -> None:
        self._ahead = 0
        self._seat = seat
        self._source = Source(
            sock, log, known, joined=joined, receive=self._receive, ended=self._end
        )
        self.is_elsewhere = self._typed = False
        self._followers.announce("open", typed=False)
        self._sharing = Sharing(
            seat, self._followers, hand_over=self._hand_over, handed_over=self._rejoin_soon
        )
        self.keyboard.use(sock)
        self._changed()

    async def _leave_seat(self) -> None:
        sharing, self._sharing = self._sharing, None
        if sharing is not None:
            await sharing.aclose()
        seat, self._seat = self._seat, None
        if seat is not None:
            seat.close()

    def _end(self, log_size: int) -> None:
        self._source = None
        reason = "the VM has stopped"
        self.keyboard.leave("the VM stopped")
        self._followers.announce("closed", reason=reason, log=log_size)
        self._steps.take(partial(self._finish, log_size, reason))

    async def _finish(self, log_size: int | None, reason: str) -> None:
        if self._is_over:
            return
        self._is_over = True
        await self._unfollow()
        await self._leave_seat()
        self._ended(log_size, reason)

    def _rejoin_soon(self) -> None:
        self._steps.take(self._rejoin)

    async def _rejoin(self) -> None:
        async with self._turn:
            if self._source is None and not self._is_over:
                with suppress(VmnbError):  # it is told that it is over
                    await self._join_again()

    async def _join_again(self) -> None:
        await self._unfollow()
        await self._leave_seat()
        try:
            if not await self.open():
                raise StateError("the VM has stopped")
        except VmnbError as error:
            await self._finish(None, error.message)
            raise

    @abstractmethod
    async def _hand_over(self, seq: int, by_force: bool) -> HandedOver: ...
