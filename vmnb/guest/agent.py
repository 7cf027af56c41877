"""The QEMU guest agent of one VM, reached over its Unix socket."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar
from weakref import WeakKeyDictionary, WeakValueDictionary

from vmnb.core.errors import AgentError, DeadlineError
from vmnb.guest.link import AgentLink
from vmnb.guest.result import inert

__all__ = ["CALL_TIMEOUT_S", "GuestAgent"]

CALL_TIMEOUT_S = 10.0
"""Seconds that a call may take unless it says otherwise."""

_TURN_S = 1.0
_QUEUE_FULL_RETRY_S = 0.2


class GuestAgent:
    """A client of the agent inside one guest.

    It connects when first used and again after the link died. A connection is kept for a turn of
    a second at most, however busy it is, because QEMU serves one client at a time and another
    process may wait. Requests go one by one, whoever makes them.

    Parameters
    ----------
    path
        The Unix socket of QEMU's port ``org.qemu.guest_agent.0``.
    """

    _clients: ClassVar[
        WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[Path, "GuestAgent"]]
    ] = WeakKeyDictionary()

    def __init__(self, path: Path) -> None:
        self.path = path
        self._link: AgentLink | None = None
        self._lock = asyncio.Lock()
        self._turn_ends: asyncio.TimerHandle | None = None

    @classmethod
    def of(cls, path: Path) -> "GuestAgent":
        """Return this event loop's one client of that socket, so that none waits for another."""
        clients = cls._clients.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
        return clients.setdefault(path, cls(path))

    @classmethod
    async def close_all(cls) -> None:
        """Let go of all connections of this event loop; a later call makes a new one."""
        for client in list(cls._clients.get(asyncio.get_running_loop(), {}).values()):
            await client.aclose()

    @property
    def is_linked(self) -> bool:
        """Whether there is a connection now, for the time of a turn."""
        return self._link is not None

    async def call(
        self,
        command: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> Any:
        """Carry out one command of the agent and return its answer, which the guest chooses.

        Parameters
        ----------
        command, arguments
            As in QEMU's guest agent protocol reference: ``"guest-info"``, ….
        timeout_s
            Seconds for everything: for a guest that still boots, too.

        Raises
        ------
        StateError
            The VM is not running.
        AgentError
            The agent refused, or its answer made no sense.
        LinkLostError
            The link died; whether the command was carried out is unknown.
        DeadlineError
            There was no answer in time; whether the command was carried out is unknown.
        """
        async with self._synchronised(command, timeout_s) as link:
            answer = await link.request(command, arguments)
        if "return" in answer:
            return answer["return"]
        problem = answer["error"]
        reason = problem.get("desc") if isinstance(problem, dict) else problem
        raise AgentError(f"the guest agent refused {command}: {inert(str(reason)[:500])}")

    async def wait_ready(self, timeout_s: float) -> None:
        """Wait until the guest has booted so far that its agent answers.

        Raises
        ------
        StateError
            The VM is not running.
        LinkLostError
            It stopped meanwhile.
        DeadlineError
            The agent did not answer within `timeout_s` seconds.
        """
        async with self._synchronised(None, timeout_s):
            pass

    async def aclose(self) -> None:
        """Let go of the connection; a later call makes a new one."""
        async with self._lock:
            self._drop()

    @asynccontextmanager
    async def _synchronised(
        self, command: str | None, timeout_s: float
    ) -> AsyncIterator[AgentLink]:
        answers = False
        try:
            async with asyncio.timeout(timeout_s), self._lock:
                try:
                    link = await self._fresh_link()
                    answers = True
                    yield link
                except BaseException:
                    self._drop()
                    raise
                if self._turn_ends is None:
                    self._drop()
        except TimeoutError as error:
            raise _too_late(command if answers else None, timeout_s) from error

    async def _fresh_link(self) -> AgentLink:
        if self._link is not None and not self._link.disturbed:
            return self._link
        self._drop()
        self._link = await self._connected()
        await self._link.synchronise()
        self._turn_ends = asyncio.get_running_loop().call_later(_TURN_S, self._end_turn)
        return self._link

    async def _connected(self) -> AgentLink:
        while True:
            try:
                return AgentLink.connect(self.path)
            except BlockingIOError:  # there is no event for a place in the queue
                await asyncio.sleep(_QUEUE_FULL_RETRY_S)

    def _end_turn(self) -> None:
        self._turn_ends = None
        if not self._lock.locked():
            self._drop()

    def _drop(self) -> None:
        if self._turn_ends is not None:
            self._turn_ends.cancel()
            self._turn_ends = None
        if self._link is not None:
            self._link.close()
            self._link = None


def _too_late(command: str | None, timeout_s: float) -> DeadlineError:
    if command is None:
        return DeadlineError(
            f"the guest agent did not answer within {timeout_s:g} s",
            hint="the guest may still be booting, be suspended, or have no agent "
            "(package qemu-guest-agent), or a process that is stopped may keep the agent to "
            "itself; look at its console, or allow more time",
        )
    return DeadlineError(
        f"the guest agent did not finish {command} within {timeout_s:g} s",
        hint="the guest may be busy or suspended; allow more time with timeout_s",
    )
