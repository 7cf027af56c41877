"""A console's stream on ``propolis-server``'s WebSocket, over breaks and migrations of it.

A frame does not say where in the stream it lies. But the server sends what it keeps from a byte on
that the client names, and then what comes next; so the client counts, and when the link breaks it
names the first byte that it has not got. Nothing comes twice, and only what the server no longer
keeps (more than a MiB meanwhile) is missing. Which is told, not hidden: the positions go on by as
much.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from vmnb.console.keyboard import SLICE, Keyboard
from vmnb.console.log import TAIL_MAX
from vmnb.console.serial_history import GoneError, SerialHistory
from vmnb.core.errors import BackendUnavailableError, LinkLostError, StateError, VmnbError
from vmnb.core.hypervisor import WebSocketConsole

__all__ = ["WebSocketSource"]

_STOPPED = 1001
_NO_INSTANCE = (410, 424)
_KEPT = 896 * 1024  # of the MiB that the server keeps, so that it is there still when it is sent
_PAUSES_S = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_OPEN_S = 5.0
_CLOSE_S = 1.0
_PING_S = 20.0
_PONG_S = 60.0  # the server reads nothing while the guest does not take what was typed


class WebSocketSource:
    """The connection to one console, made anew when it breaks.

    Parameters
    ----------
    offset
        How far the stream of this run is known already.
    receive
        Called with each piece of the stream.
    skipped
        Called with the number of bytes that the server no longer keeps, before what follows them.
    ended
        Called once, with how far the stream is known, and why it is over, unless it was closed.

    Attributes
    ----------
    keyboard
        Takes what is typed.
    """

    is_elsewhere = False
    """The server lets everybody type."""

    def __init__(
        self,
        endpoint: WebSocketConsole,
        offset: int,
        *,
        receive: Callable[[bytes], None],
        skipped: Callable[[int], None],
        ended: Callable[[int, str], None],
    ) -> None:
        self.keyboard = WebSocketKeyboard()
        self._endpoint = endpoint
        self._offset = offset
        self._receive = receive
        self._skipped = skipped
        self._ended = ended
        self._first: ClientConnection | None = None
        self._following: asyncio.Task[None] | None = None
        self._going = asyncio.Event()
        self._going.set()

    async def open(self) -> bool:
        """Connect; return False where the VM does not run, or its server is out of reach.

        Raises
        ------
        LinkLostError, BackendError
            The server is there and makes no sense.
        """
        try:
            connection = await self._attach()
        except (StateError, BackendUnavailableError):
            return False
        self._first = connection
        self._following = asyncio.create_task(self._follow(connection), name="console")
        return True

    async def take_over(self) -> None:
        """Do nothing: everybody types."""

    async def check(self) -> None:
        """Nothing is noticed later than it comes."""

    def pause(self) -> None:
        """Hand on no more until :meth:`resume`; the server waits, once the connection is full."""
        self._going.clear()

    def resume(self) -> None:
        """Go on."""
        self._going.set()

    async def aclose(self) -> int:
        """Close the connection and return how far the stream is known."""
        following, self._following = self._following, None
        if following is not None:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        if self._first is not None:  # a task that is cancelled before it begins closes nothing
            await self._first.close()
        return self._offset

    async def _follow(self, connection: ClientConnection) -> None:
        reason = "the VM has stopped"
        try:
            while not await self._pump(connection):
                connection = await self._attach_again()
        except StateError:
            pass
        except VmnbError as error:
            reason = error.message
        except Exception as error:  # noqa: BLE001 - nobody awaits this: the views are told
            reason = f"the console failed: {type(error).__name__}: {error}"
        self._following = None
        self._ended(self._offset, reason)

    async def _pump(self, connection: ClientConnection) -> bool:
        """Hand on what comes, and send what is typed, until the link ends; True if the VM has."""
        typing = asyncio.create_task(self.keyboard.send_on(connection))
        try:
            async for message in connection:
                if isinstance(message, bytes):
                    self._offset += len(message)
                    self._receive(message)
                else:
                    self._take_news(message)
                await self._going.wait()
        except ConnectionClosed:
            pass
        finally:
            typing.cancel()
            await asyncio.gather(typing, return_exceptions=True)
            await connection.close()
        return connection.close_code == _STOPPED

    def _take_news(self, message: str) -> None:
        """Follow the VM to where it migrates; what else may be said is for other clients."""
        with suppress(ValueError, LookupError, TypeError):
            place = str(json.loads(message)["Migrating"]["destination"])
            scheme, _, path, query, _ = urlsplit(self._endpoint.url)
            self._endpoint = replace(
                self._endpoint, url=urlunsplit((scheme, place, path, query, ""))
            )

    async def _attach_again(self) -> ClientConnection:
        for pause_s in _PAUSES_S:
            await asyncio.sleep(pause_s)
            with suppress(LinkLostError, BackendUnavailableError):
                return await self._attach()
        raise LinkLostError("the console's server does not answer any more")

    async def _attach(self) -> ClientConnection:
        """Connect where the stream goes on."""
        history = SerialHistory(self._endpoint)
        try:
            start = await self._start(history)
        finally:
            await history.aclose()
        connection = await _connected(self._endpoint, start)
        if start > self._offset:
            self._skipped(start - self._offset)
        self._offset = start
        return connection

    async def _start(self, history: SerialHistory) -> int:
        if self._offset == 0:
            return await history.offset_before(TAIL_MAX)
        try:
            reached = await history.offset_at(self._offset)
        except GoneError:
            return await history.offset_before(_KEPT)
        # A console that has said less than we have heard is another one.
        return reached if reached == self._offset else await history.offset_before(TAIL_MAX)


class WebSocketKeyboard(Keyboard):
    """Sends on whichever connection stands; what waits outlives a break of it."""

    def __init__(self) -> None:
        super().__init__()
        self._typed = asyncio.Event()

    async def send_on(self, connection: ClientConnection) -> None:
        """Send what is typed, until the connection ends or this is cancelled."""
        with suppress(ConnectionClosed):
            while True:
                await self._typed.wait()
                part = bytes(self._pending[:SLICE])
                await connection.send(part)
                del self._pending[: len(part)]
                self._progress.set()
                if not self._pending:
                    self._typed.clear()

    def _send(self) -> None:
        self._typed.set()


async def _connected(endpoint: WebSocketConsole, start: int) -> ClientConnection:
    try:
        return await connect(
            f"{endpoint.url}?from_start={start}",
            additional_headers=dict(endpoint.headers),
            compression=None,
            proxy=None,
            open_timeout=_OPEN_S,
            close_timeout=_CLOSE_S,
            ping_interval=_PING_S,
            ping_timeout=_PONG_S,
        )
    except InvalidStatus as error:
        if error.response.status_code in _NO_INSTANCE:
            raise StateError("cannot reach the console: the VM is not running") from error
        raise LinkLostError(
            f"the console's server answered {error.response.status_code}", hint="try again"
        ) from error
    except (OSError, TimeoutError, InvalidHandshake) as error:
        raise LinkLostError(
            f"cannot reach the console: {error or type(error).__name__}", hint="try again"
        ) from error
