"""The stand-in's HTTP: routes, the version header, faults on demand, and the serial WebSocket."""

import asyncio
import json
import threading
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from inspect import isawaitable
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.web import Application, Finish, RequestHandler
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from vmnb.testing.propolis.faults import Cut, Delay, Fault, Refuse, Rubbish, Stall
from vmnb.testing.propolis.history import ExpiredError
from vmnb.testing.propolis.instance import Instance
from vmnb.testing.propolis.schemas import Schemas
from vmnb.testing.propolis.service import Answer, RefusedError, Service

__all__ = ["Front"]

_BODY_MAX = 1024 * 1024
_ROOM = 64 * 1024 * 1024
_NUMBERS = ("from_start", "most_recent", "max_bytes")
_LENGTHS = ("from_start", "most_recent")


class Front:
    """The server's face: one service behind one port.

    Attributes
    ----------
    faults
        For a method and a path, such as ``("PUT", "/instance")``: what goes wrong next, in order.
    requests
        Each request so far: method and path; `requested` is notified of each.
    consoles
        The serial connections that stand.
    cut_each
        Each serial connection is cut after so many bytes, where it is not None.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self.schemas = Schemas()
        self.faults: dict[tuple[str, str], list[Fault]] = {}
        self.requests: list[tuple[str, str]] = []
        self.requested = threading.Condition()
        self.consoles: set[_Serial] = set()
        self.cut_each: int | None = None

    def server(self) -> HTTPServer:
        """Return what serves it."""
        with_self = {"front": self}
        routes = [(r"/instance/serial", _Serial, with_self), (r"/.*", _Api, with_self)]
        application = Application(routes, log_function=lambda _: None)
        return HTTPServer(application, max_body_size=_ROOM)

    def next_fault(self, method: str, path: str) -> Fault | None:
        """Return what goes wrong with this request."""
        waiting = self.faults.get((method, path))
        return waiting.pop(0) if waiting else None


class _Faulty(RequestHandler):
    """What both kinds of handlers do before they answer."""

    front: Front

    def initialize(self, front: Front) -> None:
        self.front = front
        self.gone = asyncio.Event()
        self.cut_answer = False

    async def prepare(self) -> None:
        method, path = self.request.method or "", self.request.path
        with self.front.requested:
            self.front.requests.append((method, path))
            self.front.requested.notify_all()
        match self.front.next_fault(method, path):
            case Refuse(status, code, message):
                self.refuse(status, message, code)
            case Stall():
                await self.gone.wait()
                raise Finish
            case Delay(seconds):
                await asyncio.sleep(seconds)
            case Rubbish(data):
                stream = self.detach()
                await stream.write(data)
                stream.close()
                raise Finish
            case Cut(done):
                if not done:
                    self.detach().close()
                    raise Finish
                self.cut_answer = True
        self._check_version()

    def on_connection_close(self) -> None:
        self.gone.set()
        super().on_connection_close()

    def refuse(self, status: int, message: str, code: str | None = None) -> None:
        """Answer an error."""
        error = {"message": message, "request_id": str(uuid.uuid4())}
        self.answer(status, error if code is None else {**error, "error_code": code})

    def answer(self, status: int, body: Any) -> None:
        """Answer, and be done with it."""
        if self.cut_answer:
            self.detach().close()
            raise Finish
        self.set_status(status)
        if body is not None:
            self.set_header("content-type", "application/json")
            self.write(json.dumps(body))
        self.finish()
        raise Finish

    def numbers(self, names: tuple[str, ...]) -> dict[str, int | None]:
        """Return the query's numbers."""
        texts = {name: self.get_query_argument(name, None) for name in names}
        if any(text is not None and not text.isdecimal() for text in texts.values()):
            self.refuse(400, "unable to parse query string")
        return {name: None if text is None else int(text) for name, text in texts.items()}

    def _check_version(self) -> None:
        wanted = self.request.headers.get("api-version")
        if wanted is None:
            self.refuse(400, 'missing expected header "api-version"')
        elif wanted != self.front.schemas.version:
            self.refuse(400, f'server does not support this API version: "{wanted}"')


class _Api(_Faulty):
    """All but the serial port's WebSocket."""

    async def get(self) -> None:
        service = self.front.service
        await self._do(
            {
                "/instance": lambda _: service.get_instance(),
                "/instance/spec": lambda _: service.get_spec(),
                "/instance/state-monitor": self._monitor,
                "/instance/migration-status": lambda _: service.get_migrations(),
                "/instance/serial/history": lambda _: service.get_history(self.numbers(_NUMBERS)),
            }
        )

    async def put(self) -> None:
        service = self.front.service
        await self._do({"/instance": service.put_instance, "/instance/state": service.put_state})

    async def post(self) -> None:
        await self._do({"/instance/nmi": lambda _: self.front.service.post_nmi()})

    async def _do(self, calls: dict[str, Callable[[Any], Answer | Awaitable[Answer]]]) -> None:
        method, path = self.request.method or "", self.request.path
        call = calls.get(path)
        if call is None:
            self.refuse(404, "Not Found")
            return
        body = self._body(method, path)
        try:
            answer = call(body)
            status, value = await answer if isawaitable(answer) else answer
        except RefusedError as error:
            self.refuse(error.status, str(error), error.error_code)
            return
        problems = self.front.schemas.reply_problems(method, path, status, value)
        if problems:
            self.refuse(500, f"the stand-in's own answer is wrong: {problems}")
        self.answer(status, value)

    async def _monitor(self, body: dict[str, Any]) -> Answer:
        waiting = asyncio.ensure_future(self.front.service.monitor(body))
        leaving = asyncio.ensure_future(self.gone.wait())
        await asyncio.wait({waiting, leaving}, return_when=asyncio.FIRST_COMPLETED)
        leaving.cancel()
        if not waiting.done():
            waiting.cancel()
            raise Finish
        return waiting.result()

    def _body(self, method: str, path: str) -> Any:
        data = self.request.body
        if len(data) > _BODY_MAX:
            self.refuse(400, f"request body exceeded maximum size of {_BODY_MAX} bytes")
        try:
            value = json.loads(data) if data else None
        except ValueError as error:
            self.refuse(400, f"unable to parse JSON body: {error}")
        if problems := self.front.schemas.request_problems(method, path, value):
            self.refuse(400, "unable to parse JSON body: " + "; ".join(problems))
        return value


class _Serial(_Faulty, WebSocketHandler):
    """A client of the serial port."""

    async def prepare(self) -> None:
        await super().prepare()
        try:
            self.instance: Instance = self.front.service.active()
        except RefusedError as error:
            self.refuse(error.status, str(error), error.error_code)
        self.sent = 0
        self.typed: asyncio.Queue[bytes] = asyncio.Queue()
        self.offset = self.numbers(_LENGTHS)

    async def open(self, *_: str, **__: str) -> None:
        self.front.consoles.add(self)
        self.typing = asyncio.create_task(self._type())
        named = sum(value is not None for value in self.offset.values())
        with suppress(WebSocketClosedError, ExpiredError):
            await self.instance.attach(self, self.offset if named == 1 else None)
            return
        self.cut()

    async def send(self, data: bytes | str) -> None:
        """Send one frame."""
        limit = self.front.cut_each
        if limit is not None and isinstance(data, bytes) and self.sent + len(data) > limit:
            self.cut()
            raise WebSocketClosedError
        await self.write_message(data, binary=isinstance(data, bytes))
        self.sent += len(data)

    def end(self, code: int, reason: str) -> None:
        """Close the connection."""
        self.close(code, reason)

    def cut(self) -> None:
        """Let the connection end without a word."""
        stream = getattr(self.ws_connection, "stream", None)
        if stream is not None:
            stream.close()

    def on_message(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.typed.put_nowait(message)

    def on_close(self) -> None:
        self.front.consoles.discard(self)
        self.typing.cancel()
        if self in self.instance.clients:
            self.instance.clients.remove(self)

    async def _type(self) -> None:
        while True:
            data = await self.typed.get()
            if self.instance.guest is not None:
                await self.instance.guest.type(data)
