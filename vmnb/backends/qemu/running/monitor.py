"""QEMU's monitor: QMP commands with a time-out each."""

import asyncio
import os
import socket
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Self

from qemu.qmp import ConnectError, ExecuteError, QMPClient, QMPError, Runstate

from vmnb.core.errors import BackendError, BusyError, DeadlineError, LinkLostError
from vmnb.core.sockets import connect, is_served

__all__ = ["Monitor", "queue_for"]

QMP_TIMEOUT_S = 10.0
"""Seconds that QEMU may take for one answer."""

GREETING_TIMEOUT_S = 3.0
"""Seconds to wait for a turn: nobody who is well keeps a monitor for so long."""

_QUEUE_FULL_RETRY_S = 0.05
_HEAD_START_S = 0.1
_FORCE = "this machine may be overloaded; try again, or stop the VM by force: stop(timeout_s=0)"


class Monitor:
    """A connection to one of QEMU's monitors; events are in the journal."""

    def __init__(self, client: QMPClient) -> None:
        self._client = client
        # One that keeps nothing: the library's own queue of events has no bound.
        client.events.event_filter = lambda _: False

    @classmethod
    async def greet(cls, connection: socket.socket, timeout_s: float) -> Self:
        """Return once QEMU takes commands on `connection`, which is closed if it does not.

        Raises
        ------
        DeadlineError
            It did not greet within `timeout_s` seconds: another process may be using it.
        LinkLostError
            QEMU ended meanwhile.
        """
        client = QMPClient()
        with ExitStack() as stack:
            stack.enter_context(connection)
            try:
                async with asyncio.timeout(timeout_s):
                    await client.connect(connection)
            except TimeoutError as error:
                raise DeadlineError(f"QEMU did not answer within {timeout_s:g} s") from error
            except ConnectError as error:
                raise LinkLostError(f"QEMU cannot be reached: {error}") from error
            except AssertionError as error:  # QEMU greeted and ended, which the library rules out
                await cls(client).aclose()
                raise LinkLostError("QEMU ended as it was reached") from error
            stack.pop_all()  # from now on it is the client's
        return cls(client)

    @classmethod
    async def connect_any(cls, paths: Sequence[Path], name: str) -> Self:
        """Connect to whichever of the monitors `paths` of the VM `name` is free first.

        QEMU serves one client on each; others that connect wait unheard in its queue. One that
        gave up keeps its place there until QEMU comes to it.

        Raises
        ------
        BusyError
            Other processes keep each of them.
        DeadlineError
            QEMU itself does not answer.
        LinkLostError
            QEMU cannot be reached at all.
        """
        preferred = os.getpid() % len(paths)  # so that processes keep out of each other's way
        order = (*paths[preferred:], *paths[:preferred])
        attempts = [
            asyncio.ensure_future(cls._try(path, number * _HEAD_START_S))
            for number, path in enumerate(order)
        ]
        chosen: Self | None = None
        try:
            for attempt in asyncio.as_completed(attempts):
                with suppress(DeadlineError, LinkLostError):
                    chosen = await attempt
                    return chosen
        finally:
            await _let_go(attempts, chosen)
        if all(isinstance(attempt.exception(), LinkLostError) for attempt in attempts):
            raise LinkLostError(f"QEMU of {name!r} cannot be reached: {attempts[0].exception()}")
        if all([await asyncio.to_thread(is_served, path) for path in paths]):
            raise BusyError(
                f"other processes keep both monitors of {name!r}: none let go within "
                f"{GREETING_TIMEOUT_S:g} s",
                hint="one that is stopped or hangs does that: let it go on, or end it; "
                "then try again",
            )
        raise DeadlineError(
            f"QEMU of {name!r} did not answer within {GREETING_TIMEOUT_S:g} s",
            hint=_FORCE,
        )

    @classmethod
    async def _try(cls, path: Path, delay_s: float) -> Self:
        await asyncio.sleep(delay_s)
        try:
            async with asyncio.timeout(GREETING_TIMEOUT_S):
                connection = await _place_in(path)
        except TimeoutError as error:
            raise DeadlineError(f"too many processes wait for QEMU on {path}") from error
        return await cls.greet(connection, GREETING_TIMEOUT_S)

    @property
    def usable(self) -> bool:
        """Whether the connection stands."""
        return bool(self._client.runstate is Runstate.RUNNING)

    async def execute(self, command: str, **arguments: object) -> Any:
        """Carry out one QMP command and return its answer.

        Parameters
        ----------
        arguments
            Those of the command, with ``_`` for the hyphens of their names.

        Raises
        ------
        DeadlineError
            There was no answer within :data:`QMP_TIMEOUT_S`; whether it was carried out is unknown.
        LinkLostError
            QEMU ended, or closed the connection; whether it was carried out is unknown.
        BackendError
            QEMU refused.
        """
        try:
            async with asyncio.timeout(QMP_TIMEOUT_S):
                given = {name.replace("_", "-"): value for name, value in arguments.items()}
                return await self._client.execute(command, given or None)
        except TimeoutError as error:
            raise DeadlineError(
                f"QEMU did not answer {command} within {QMP_TIMEOUT_S:g} s",
                hint=_FORCE,
            ) from error
        except ExecuteError as error:
            raise BackendError(f"QEMU refused {command}: {error}") from error
        except QMPError as error:
            raise LinkLostError(f"the link to QEMU was lost during {command}: {error}") from error

    async def aclose(self) -> None:
        """Close the connection; QEMU goes on and serves the next client."""
        # Whole, even where the caller is cancelled: the library would leave its tasks behind.
        await asyncio.shield(self._disconnect())

    async def _disconnect(self) -> None:
        with suppress(QMPError, OSError, EOFError):
            await self._client.disconnect()


def queue_for(path: Path) -> socket.socket:
    """Return a connection to the monitor at `path`, on which QEMU greets when our turn has come.

    Raises
    ------
    BlockingIOError
        Even the queue is full.
    LinkLostError
        Nobody listens there.
    """
    try:
        return connect(path)
    except BlockingIOError:
        raise
    except OSError as error:
        raise LinkLostError(f"cannot reach QEMU on {path}: {error.strerror}") from error


async def _place_in(path: Path) -> socket.socket:
    while True:
        try:
            return queue_for(path)
        except BlockingIOError:  # there is no event for a place in the queue
            await asyncio.sleep(_QUEUE_FULL_RETRY_S)


async def _let_go(attempts: Sequence[asyncio.Future[Any]], chosen: Monitor | None) -> None:
    """Give up what is still connecting, and close what connected without being chosen."""
    for attempt in attempts:
        attempt.cancel()
    for result in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(result, Monitor) and result is not chosen:
            await result.aclose()
