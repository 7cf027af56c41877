"""QEMU's monitor: QMP commands with a time-out each, and word that something happened."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Self

from qemu.qmp import ConnectError, ExecuteError, QMPClient, QMPError, Runstate

from vmnb.core.errors import BackendError, BusyError, DeadlineError, LinkLostError
from vmnb.core.sockets import connect

__all__ = ["Monitor", "queue_for"]

QMP_TIMEOUT_S = 10.0
"""Seconds that QEMU may take for one answer."""

GREETING_TIMEOUT_S = 3.0
"""Seconds after which a monitor that does not greet is taken to be in another's use."""


class Monitor:
    """A connection to one of QEMU's monitors, kept open while the VM is used here.

    Parameters
    ----------
    on_event
        Called after each QMP event; what happened is in the journal.
    """

    def __init__(self, client: QMPClient, on_event: Callable[[], None]) -> None:
        self._client = client
        # As a filter that keeps nothing: the library's own queue of events has no bound.
        self._on_event = on_event
        client.events.event_filter = self._hear

    @classmethod
    async def greet(
        cls, connection: socket.socket, timeout_s: float, on_event: Callable[[], None]
    ) -> Self:
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
            stack.pop_all()  # from now on it is the client's
        return cls(client, on_event)

    @classmethod
    async def connect_any(
        cls, paths: Sequence[Path], name: str, on_event: Callable[[], None]
    ) -> Self:
        """Connect to whichever of the monitors `paths` of the VM `name` is free.

        QEMU serves one client on each; another that connects waits unheard in a queue of two. One
        that gave up keeps its place in the queue until QEMU comes to it.

        Raises
        ------
        BusyError
            Each is in another process's use.
        LinkLostError
            QEMU cannot be reached at all.
        """
        attempts = [asyncio.ensure_future(cls._try(path, on_event)) for path in paths]
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
        raise BusyError(
            f"{len(paths)} other processes are attached to {name!r}, and QEMU serves no more",
            hint="close one of them (a notebook's kernel, a terminal), then try again",
        )

    @classmethod
    async def _try(cls, path: Path, on_event: Callable[[], None]) -> Self:
        return await cls.greet(queue_for(path), GREETING_TIMEOUT_S, on_event)

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
                hint="this machine may be overloaded; try again, or stop the VM by force: "
                "stop(timeout_s=0)",
            ) from error
        except ExecuteError as error:
            raise BackendError(f"QEMU refused {command}: {error}") from error
        except QMPError as error:
            raise LinkLostError(f"the link to QEMU was lost during {command}: {error}") from error

    def _hear(self, _: object) -> bool:
        self._on_event()
        return False

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
    DeadlineError
        Even the queue is full.
    LinkLostError
        Nobody listens there.
    """
    try:
        return connect(path)
    except BlockingIOError as error:
        raise DeadlineError(f"too many processes wait for QEMU on {path}") from error
    except OSError as error:
        raise LinkLostError(f"cannot reach QEMU on {path}: {error.strerror}") from error


async def _let_go(attempts: Sequence[asyncio.Future[Any]], chosen: Monitor | None) -> None:
    """Give up what is still connecting, and close what connected without being chosen."""
    for attempt in attempts:
        attempt.cancel()
    for result in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(result, Monitor) and result is not chosen:
            await result.aclose()
