"""A serial console on a Unix socket, which many processes share, and one of them types.

One that takes over gets the very connection of the one that typed before, so that nothing is lost
or comes twice.
"""

import asyncio
import socket
from functools import partial
from typing import Any

from vmnb.console.followers import Followers
from vmnb.console.following import Given, take_from
from vmnb.console.log import ConsoleLog
from vmnb.console.part import Part
from vmnb.console.past import Past
from vmnb.console.ring import Ring
from vmnb.console.seat import Seat
from vmnb.console.shared_keyboard import SharedKeyboard
from vmnb.console.sharing import HandedOver
from vmnb.core.errors import BusyError, StateError, VmnbError
from vmnb.core.hypervisor import UnixConsole

__all__ = ["SharedSource"]

_TAKEN = "another process took the console over"


class SharedSource(Part):
    """One process's connection to a console, or to who has that; the parameters are a `Part`'s.

    Attributes
    ----------
    keyboard
        Takes what is typed; the first who types where nobody did yet gets the connection.
    """

    def __init__(
        self, endpoint: UnixConsole, ring: Ring, followers: Followers, past: Past, **told: Any
    ) -> None:
        keyboard = SharedKeyboard(
            typed=self._note_typing,
            wanted=self._want,
            take=partial(self.take_over, by_force=False),
        )
        super().__init__(endpoint, ring, followers, past, keyboard, **told)
        self._taking: asyncio.Task[None] | None = None

    async def take_over(self, *, by_force: bool = True) -> None:
        """Become the process that types; nothing happens where it is that already.

        Raises
        ------
        BusyError
            Not `by_force`, and it is typed on from another.
        DeadlineError
            The process that has it does not answer.
        StateError
            The VM is not running.
        """
        async with self._turn:
            while self._source is None:
                if self._is_over:
                    raise StateError("cannot type into the console: the VM is not running")
                try:
                    seq = self._ring.end - self._ahead
                    given = await take_from(self._endpoint.path, seq, by_force=by_force)
                except (ConnectionError, FileNotFoundError, BlockingIOError):
                    # The process that had it has ended: it is another's now, or nobody's.
                    await self._join_again()
                else:
                    await self._go_on(given)
            self._mark_typed()

    async def _go_on(self, given: Given) -> None:
        """Sit down where another process sat, also if cancelled: nobody else has it any more."""
        try:
            await self._unfollow()
        finally:
            self._succeed(given)

    def _succeed(self, given: Given) -> None:
        descriptor, lock, listener = given.descriptors
        sock = socket.socket(fileno=descriptor)
        sock.setblocking(False)
        start = given.facts["start"]
        known = max(0, self._ring.end - self._ahead - start)
        self.heard(start + known, given.missed[known:], live=True)
        self._sit(
            Seat(lock, listener),
            sock,
            ConsoleLog(self._endpoint.log),
            given.facts["log"],
            joined=given.facts["joined"],
        )

    async def _hand_over(self, seq: int, by_force: bool) -> HandedOver:
        async with self._turn:
            if self._source is None or self._seat is None:
                raise BusyError("the console has just changed hands", hint="try again")
            if self._typed and not by_force:
                raise _typed_on_elsewhere()
            connection, known, joined = await self._source.give_up()
            self._source = self._past.known = None
            self.is_elsewhere = True
            self.keyboard.leave(_TAKEN)
            start = max(self._ring.start, min(seq, self._ring.end))
            return HandedOver(
                connection=connection,
                seat=self._seat.descriptors,
                facts={"start": start, "log": known, "joined": joined},
                missed=self._ring.read(start, self._ring.end - start),
            )

    def _note_typing(self) -> None:
        if self.is_elsewhere:
            raise _typed_on_elsewhere()
        self._mark_typed()

    def _mark_typed(self) -> None:
        if self._source is not None and not self._typed:
            self._typed = True
            self._followers.announce("open", typed=True)

    def _want(self) -> None:
        if self._taking is None or self._taking.done():
            self._taking = self._steps.begin(self._take_to_type())

    async def _take_to_type(self) -> None:
        try:
            await self.take_over(by_force=False)
        except VmnbError as error:
            self.keyboard.close(error.message)
            self._changed()


def _typed_on_elsewhere() -> BusyError:
    return BusyError(
        "cannot type into the console: it is typed on from another process",
        hint="take it over: by the button of the console, or by vm.console.take_over()",
    )
