"""One serial console in one process: one reader, many views, and the screen as it stands."""

import asyncio
import re
from collections.abc import Callable

from vmnb.console.arrivals import Arrivals
from vmnb.console.audience import Audience
from vmnb.console.bursts import Bursts
from vmnb.console.cast import Cast
from vmnb.console.connecting import Connecting
from vmnb.console.expect import Expectations
from vmnb.console.followers import Followers
from vmnb.console.link import Link
from vmnb.console.pace import Pace
from vmnb.console.past import Past
from vmnb.console.ring import Ring
from vmnb.console.terminal import Terminal
from vmnb.console.timeline import Timeline
from vmnb.console.view import Send
from vmnb.core.errors import CapabilityError, StateError
from vmnb.core.hypervisor import ConsoleEndpoint, NoConsole, UnixConsole, WebSocketConsole
from vmnb.core.listeners import Listeners

__all__ = ["Console"]

_RING_SIZE = 1024 * 1024


class Console:
    """A serial console that many look at; make one for each endpoint in a process.

    Positions count bytes from the beginning of the console's log, or of the run where it has none;
    they go on over stops and starts of the VM. Everything is called on one event loop.

    Parameters
    ----------
    endpoint
        A console on a Unix socket or on a WebSocket.

    Raises
    ------
    CapabilityError
        There is none.
    """

    def __init__(self, endpoint: ConsoleEndpoint) -> None:
        self.arrivals = Arrivals()
        """What the VM has said since this was last connected, with its times."""
        self._endpoint = _existing(endpoint)
        self._ring = Ring(_RING_SIZE)
        self._terminal = Terminal(self._ring)
        self._timeline = Timeline(self._ring)
        self._audience = Audience(self._ring, snapshot=self.restore, size=lambda: self.size)
        self._followers = Followers(self._ring, snapshot=self.restore, size=lambda: self.size)
        self._expectations = Expectations(self._ring, self.text)
        self._listeners: Listeners[[]] = Listeners()
        self._source: Link | None = None
        self._opening = asyncio.Lock()
        self._following: asyncio.Task[None] | None = None
        self._pace = Pace(self._audience, self._followers)
        self._bursts = Bursts(self._ring, self._publish)
        self._begun = 0
        self._past = Past(self._ring, self._receive)
        self._connecting = Connecting(
            self._ring,
            self._followers,
            self._past,
            hear=self._hear,
            recall=self._receive,
            changed=self._tell_open,
            ended=self._lose,
        )

    @property
    def is_open(self) -> bool:
        """Whether it is connected to a running VM."""
        return self._source is not None

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is typed on from another process, so that it is to be read only from here."""
        return self._source is not None and self._source.is_elsewhere

    @property
    def position(self) -> int:
        """Position of the byte that comes next."""
        return self._ring.end

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows of the screen."""
        return self._terminal.size

    async def resize(self, columns: int, rows: int) -> None:
        """Give the screen another size from here on, in all views; the guest is not told."""
        if self.size != (columns, rows):
            await self._terminal.resize(columns, rows)
            self._audience.restore()

    async def redraw(self, columns: int, rows: int) -> None:
        """Draw what is at hand of the stream anew, on a screen that had this size all along."""
        if self.size != (columns, rows):
            await self._terminal.redraw(columns, rows)
            self._audience.restore()

    async def open(self, endpoint: ConsoleEndpoint | None = None) -> None:
        """Read what was said, and connect if the VM runs; does nothing while connected.

        Where another process is connected, this one follows it.

        Afterwards :attr:`is_open` says whether it is connected. Call it again when the VM was
        started again; the stream goes on where it was.

        Parameters
        ----------
        endpoint
            Where the console is from now on; where it was if None.

        Raises
        ------
        BusyError
            Another process is connected, and does not hand on what is said.
        BackendError
            The socket is there and cannot be used.
        """
        if endpoint is not None:
            self._move_to(_existing(endpoint))
        if self._source is not None:
            await self._source.check()
        async with self._opening:
            if self._source is None:
                await self._connect()

    async def take_over(self) -> None:
        """Let it be typed on from here, and be read only from where it was typed on before.

        Raises
        ------
        StateError
            The VM is not running.
        DeadlineError
            The process from which it was typed on does not answer.
        """
        await self._connected().take_over()

    async def aclose(self) -> None:
        """Disconnect and forget all views, without a word to them.

        The VM goes on, and the console may be opened again.
        """
        async with self._opening:
            if self._source is not None:
                self._source.keyboard.close("the console was closed")
                self._past.known = await self._source.aclose()
            self._source = None
            await self._audience.aclose()
            if self._following is not None:
                self._following.cancel()
                await asyncio.gather(self._following, return_exceptions=True)
                self._following = None
            self._pace.close()
            self._bursts.close()
            self._expectations.end()

    def hello(self, view_id: str, seq: int | None, send: Send, *, answers: bool = True) -> None:
        """Begin, or begin again, to send the stream to a view.

        If what follows `seq` is still at hand, output goes on there; else the view gets the
        screen first. Then it is told whether the console is open, and each change of that.

        Parameters
        ----------
        seq
            Position up to which the view has everything; None or -1 if it has nothing.
        send
            Called with a message and its buffers. ``restore`` has `seq`, `cols`, `rows` and what
            draws the screen; ``output`` has `seq`, the position of its first byte, and the bytes;
            ``open`` says whether it is typed on `elsewhere`, ``closed`` has a `reason`; after
            ``dropped`` the view gets no more. Each has the `view`.
        answers
            Whether it is a terminal that answers the guest's queries.
        """
        self._audience.add(view_id, seq if self._following else None, send, answers=answers)

    def ack(self, view_id: str, seq: int) -> None:
        """Note that a view has drawn everything before `seq`."""
        self._audience.acknowledge(view_id, seq)
        self._pace.keep(self._source)

    def bye(self, view_id: str) -> None:
        """Forget a view."""
        self._audience.remove(view_id)
        self._pace.keep(self._source)

    def forget(self, send: Send) -> None:
        """Forget all views that are reached by `send`."""
        self._audience.remove_all(send)

    def answers(self, view_id: str) -> bool:
        """Whether this view's terminal answers the guest's queries: just one does that draws."""
        return self._audience.is_first(view_id)

    def answer(self, data: bytes) -> None:
        """Let the guest have what a terminal says by itself, if it is typed on from here.

        Raises
        ------
        StateError, BusyError
            As :meth:`input` does.
        """
        self._connected().keyboard.answer(data)

    def input(self, data: bytes) -> None:
        """Type `data`, in order, as fast as the guest takes it.

        Raises
        ------
        StateError
            The VM is not running.
        BusyError
            It is typed on from another process, or the guest takes nothing and too much waits
            already; nothing of `data` is typed.
        """
        self._connected().keyboard.type(data)

    async def write(self, data: bytes) -> None:
        """Type `data`, however long, and wait until all of it is on its way to the guest.

        Raises
        ------
        StateError
            The VM is not running.
        BusyError
            It is typed on from another process; nothing of `data` is typed.
        LinkLostError
            It stopped meanwhile, or another process took over.
        """
        await self._connected().keyboard.write(data)

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` when it has said something; return what ends that."""
        return self._listeners.add(listener)

    async def restore(self) -> tuple[int, bytes]:
        """Return a position, and what draws scrollback and screen as they are there."""
        if self._source is None:
            async with self._opening:
                if self._source is None:
                    await self._recall()
        return await self._terminal.snapshot()

    def since(self, position: int) -> bytes:
        """Return what was said from `position` on, as far as it is still at hand."""
        start = max(position, self._ring.start)
        return self._ring.read(start, self._ring.end - start)

    def text(self) -> str:
        """Return scrollback and screen as plain text: the newest 1000 lines and the screen."""
        return self._terminal.text()

    def replay(self, size: int, title: str) -> Cast:
        """Return the newest `size` bytes as a recording, with the times as far as known."""
        columns, rows = self.size
        return self._timeline.cast(size, columns=columns, rows=rows, title=title)

    async def wait_for(
        self, pattern: str | re.Pattern[str], timeout_s: float, *, since: int | None = None
    ) -> re.Match[str]:
        """Wait until the console says something, or has said it.

        Parameters
        ----------
        pattern
            A regular expression, sought in the text with its escape sequences; a match may be
            64 KiB long.
        timeout_s
            In seconds.
        since
            Position from which on it counts; if None, where the VM last stopped, as far as this
            object knows and still has the output.

        Raises
        ------
        DeadlineError
            It did not in time.
        StateError
            The VM stopped, or the console was closed, before it did.
        """
        position = self._begun if since is None else since
        return await self._expectations.meet(pattern, position, timeout_s)

    async def _recall(self) -> None:
        """Take over what the log of a console has that is not connected."""
        self._draw()
        if isinstance(self._endpoint, UnixConsole):
            log, _ = await self._past.load(self._endpoint.log)
            log.close()

    def _draw(self) -> None:
        if self._following is None:
            self._following = asyncio.create_task(self._terminal.follow())

    async def _connect(self) -> None:
        self.arrivals = Arrivals()
        self._draw()
        try:
            self._source = await self._connecting.connect(self._endpoint)
        finally:
            if self._source is None:
                await self._recall()
        if self._source is not None:
            self._tell_open()

    def _move_to(self, endpoint: UnixConsole | WebSocketConsole) -> None:
        """Look for the console there from now on; another run's positions begin anew."""
        runs = [e.run for e in (self._endpoint, endpoint) if isinstance(e, WebSocketConsole)]
        if len(set(runs)) > 1:
            self._past.known = 0
        self._endpoint = endpoint

    def _hear(self, data: bytes) -> None:
        self.arrivals.hear(data)
        self._receive(data)

    def _receive(self, data: bytes) -> None:
        self._ring.append(data)
        self._bursts.heard()
        self._terminal.notice()  # after what was shown, which is more urgent
        self._pace.keep(self._source)

    def _publish(self, start: int) -> None:
        self._timeline.note(asyncio.get_running_loop().time(), start)
        self._audience.forward()
        self._followers.forward()
        self._listeners.tell()
        self._expectations.look()

    def _tell_open(self) -> None:
        self._audience.announce("open", elsewhere=self.is_elsewhere)

    def _lose(self, log_size: int | None, reason: str) -> None:
        if self._source is not None:
            self._source.keyboard.close()
        self._source = None
        self._past.known = log_size
        self._begun = self._ring.end
        self._bursts.show()
        self._expectations.end()
        self._audience.announce("closed", reason=reason)

    def _connected(self) -> Link:
        if self._source is None:
            raise StateError("cannot type into the console: the VM is not running")
        return self._source


def _existing(endpoint: ConsoleEndpoint) -> UnixConsole | WebSocketConsole:
    if isinstance(endpoint, NoConsole):
        raise CapabilityError(
            f"there is no console that can be shown: {endpoint}",
            hint="choose a backend that has one",
        )
    return endpoint
