"""The stand-in as tests hold it: a server on a thread of its own."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, Self, TypeVar

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from vmnb.testing.propolis.faults import Fault
from vmnb.testing.propolis.handlers import Front
from vmnb.testing.propolis.instance import Instance
from vmnb.testing.propolis.migration import arrive, depart, leave
from vmnb.testing.propolis.service import Service

__all__ = ["PropolisStandIn"]

_T = TypeVar("_T")
_PATIENCE_S = 30.0
_STEP_S = 0.01


class PropolisStandIn:
    """A server that runs inside a ``with``; every method may be called from any thread.

    Parameters
    ----------
    port, host
        Where it listens; at a free port where that is 0.
    step_s
        Seconds that each state lasts on the way to another.
    """

    def __init__(self, port: int = 0, host: str = "127.0.0.1", *, step_s: float = _STEP_S) -> None:
        self.port = port
        self.host = host
        self._step_s = step_s
        self.service = Service(step_s)
        self._front = Front(self.service)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stand-in")
        self._server: HTTPServer | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self.call(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self.call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def call(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Run `coroutine` on the server's loop, and return what it returns."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(_PATIENCE_S)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{self.host}:{self.port}"

    @property
    def requests(self) -> list[tuple[str, str]]:
        """Each request so far: method and path."""
        return list(self._front.requests)

    @property
    def instance(self) -> Instance:
        """The instance that it has or had."""
        return self.service.known()

    def fault(self, method: str, path: str, *faults: Fault) -> None:
        """Let the next requests of that kind go wrong, each in its way."""
        self._front.faults.setdefault((method, path), []).extend(faults)

    def wait_for_request(self, method: str, path: str, count: int) -> None:
        """Wait until there have been `count` requests of that kind."""
        front = self._front
        with front.requested:
            enough = front.requested.wait_for(
                lambda: front.requests.count((method, path)) >= count, _PATIENCE_S
            )
        assert enough, f"{method} {path} was not asked for {count} times"

    def change(self, *states: str) -> None:
        """Let the instance go through `states` faster than anybody can look."""

        async def change() -> None:
            for state in states:
                self.instance.change(state)

        self.call(change())

    def fail(self) -> None:
        """Let the instance come to a bad end."""
        self.call(self.instance.fail())

    def power_off(self) -> None:
        """Let the guest switch itself off, and wait until the instance is destroyed."""
        self.call(self.instance.stop())

    def say(self, data: bytes) -> None:
        """Let the serial port say `data` beside what the shell says."""
        self.call(self.instance.say(data))

    def cut_consoles(self) -> None:
        """Let all serial connections end without a word."""

        async def cut() -> None:
            for console in tuple(self._front.consoles):
                console.cut()

        self.call(cut())

    def cut_consoles_each(self, count: int | None) -> None:
        """Cut each serial connection after `count` bytes from now on."""
        self._front.cut_each = count

    def migrate_to(self, other: "PropolisStandIn") -> None:
        """Let the instance go on at `other`, and tell the serial port's clients so."""
        source = self.instance
        guest = self.call(depart(source))
        other.call(arrive(other.service, source, guest, self._step_s))
        self.call(leave(source, f"{other.host}:{other.port}"))

    def die(self) -> None:
        """End without a word: nothing listens, every connection is cut, the guest is gone."""
        self.call(self._close())

    async def _open(self) -> None:
        sockets = bind_sockets(self.port, self.host)
        self.port = sockets[0].getsockname()[1]
        self._server = self._front.server()
        self._server.add_sockets(sockets)

    async def _close(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        server.stop()
        for console in tuple(self._front.consoles):
            console.cut()
        await server.close_all_connections()
        if self.service.instance is not None:
            await self.service.instance.aclose()
