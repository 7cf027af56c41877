"""One instance of the stand-in: its state with its generations, its guest and its console."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from vmnb.testing.propolis.guest import Guest
from vmnb.testing.propolis.history import History

__all__ = ["Client", "DeniedError", "Instance"]

_NO_MIGRATION: dict[str, Any] = {"migration_in": None, "migration_out": None}
_OVER = ("Stopped", "Failed", "Destroyed")


class DeniedError(Exception):
    """A change of state that is not allowed now; the text is the reason."""


class Client(Protocol):
    """A client of the serial port."""

    async def send(self, data: bytes | str) -> None:
        """Send one frame."""
        ...

    def end(self, code: int, reason: str) -> None:
        """Close the connection."""
        ...


class Instance:
    """A VM as the API shows it; lives on the server's loop.

    Parameters
    ----------
    properties, spec
        As the request that made it had them.
    step_s
        Seconds that each state lasts on the way to where it is asked to go.
    """

    def __init__(self, properties: dict[str, Any], spec: dict[str, Any], step_s: float) -> None:
        self.properties = properties
        self.spec = spec
        self.state = "Creating"
        self.gen = 1
        self.migration = dict(_NO_MIGRATION)
        self.history = History()
        self.clients: list[Client] = []
        self.guest: Guest | None = None
        self._step_s = step_s
        self._changed = asyncio.Event()
        self._following: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_active(self) -> bool:
        """Whether it takes requests still."""
        return self.state not in _OVER

    def change(self, state: str, **migration: Any) -> None:
        """Be in `state` from now on, a generation later."""
        self.state, self.gen = state, self.gen + 1
        self.migration |= migration
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait(self, gen: int) -> bool:
        """Wait until its generation is `gen`; False where it never will be."""
        while self.gen < gen:
            if self.state == "Destroyed":
                return False
            await self._changed.wait()
        return True

    def request(self, wanted: str) -> None:
        """Begin to do what is asked.

        Raises
        ------
        DeniedError
            Not now.
        """
        if not self.is_active:
            if wanted != "Stop":
                raise DeniedError("Instance has already halted")
        elif self.state == "Migrating":
            raise DeniedError("Operation cannot be performed on a migration source")
        elif self.state == "Stopping":
            if wanted != "Stop":
                raise DeniedError("Instance is preparing to stop")
        elif wanted == "Stop":
            self._begin(self.stop)
        elif wanted == "Run" and self.state == "Creating":
            self._begin(self._start)
        elif wanted == "Reboot" and self.state in ("Creating", "Starting"):
            reason = {"Creating": "Operation requires an active instance"}
            raise DeniedError(reason.get(self.state, "Instance is currently starting"))
        elif wanted == "Reboot":
            self._begin(self._reboot)

    async def stop(self, last: str = "Stopped") -> None:
        """Halt, ungracefully, and be destroyed."""
        if self.state not in ("Stopping", *_OVER):
            await self._step("Stopping")
            await self.end_guest()
            await self._step(last)
            self._end_clients()
            await asyncio.sleep(self._step_s)
            self.change("Destroyed")

    async def fail(self) -> None:
        """Come to a bad end."""
        await self.end_guest()
        self.change("Failed")
        self._end_clients()

    async def attach(self, client: Client, offset: dict[str, int | None] | None) -> None:
        """Send `client` the history from `offset` on, if any is named, then what is said next."""
        while offset is not None:
            data, end = self.history.read(
                from_start=offset["from_start"], most_recent=offset["most_recent"]
            )
            if not data:
                break
            await client.send(data)
            offset = {"from_start": end, "most_recent": None}
        self.clients.append(client)

    def follow(self, guest: Guest) -> None:
        """Take over a guest that runs."""
        self.guest = guest
        self._following = asyncio.create_task(self._follow(guest))

    async def release(self) -> Guest:
        """Give the guest away, as it runs."""
        guest, self.guest = self.guest, None
        assert guest is not None
        await self._cancel_following()
        return guest

    async def end_guest(self) -> None:
        """Switch the guest off."""
        if self.guest is not None:
            (await self.release()).close()

    async def aclose(self) -> None:
        """Let go of everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.end_guest()

    def _begin(self, what: Callable[[], Any]) -> None:
        task = asyncio.create_task(what())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _step(self, state: str) -> None:
        self.change(state)
        await asyncio.sleep(self._step_s)

    async def _start(self) -> None:
        await self._step("Starting")
        self.follow(Guest())
        self.change("Running")

    async def _reboot(self) -> None:
        await self._step("Rebooting")
        await self.end_guest()
        self.follow(Guest())
        self.change("Running")

    async def _follow(self, guest: Guest) -> None:
        await guest.follow(self.say)
        self._begin(self.stop)

    async def say(self, data: bytes) -> None:
        """Say `data` on the serial port."""
        self.history.add(data)
        clients = list(self.clients)
        sent = await asyncio.gather(*(c.send(data) for c in clients), return_exceptions=True)
        for client, error in zip(clients, sent, strict=True):
            if error is not None and client in self.clients:
                self.clients.remove(client)

    async def _cancel_following(self) -> None:
        if self._following is not None:
            self._following.cancel()
            with suppress(asyncio.CancelledError):
                await self._following
            self._following = None

    def _end_clients(self) -> None:
        for client in self.clients:
            client.end(1001, "VM stopped")
        self.clients.clear()
