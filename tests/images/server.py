"""A web server on a real socket: it serves files well or badly, and remembers what was asked."""

import hashlib
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs

Answer = Callable[["Handler"], None]


@dataclass(frozen=True)
class Asked:
    """A request."""

    path: str
    headers: dict[str, str]
    sent: int = 0


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that has hung up."""


@dataclass
class Web:
    """What is served, by path, and what was asked for, in order."""

    certificate: Path | None = None
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def __enter__(self) -> Self:
        handler = type("Handler", (Handler,), {"web": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        if self.certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def url(self, path: str = "/disk") -> str:
        return f"{'https' if self.certificate else 'http'}://{self.host}{path}"

    def asked_for(self, path: str = "/disk") -> list[Asked]:
        return [asked for asked in self.asked if asked.path == path]


class Handler(BaseHTTPRequestHandler):
    """Answers as `web` says."""

    protocol_version = "HTTP/1.1"
    web: Web
    form: Mapping[str, list[str]] = {}

    def do_GET(self) -> None:
        self.sent = 0
        try:
            answer = self.web.answers.get(self.path.partition("?")[0], status(404))
            answer(self)
        finally:
            self.web.asked.append(Asked(self.path, dict(self.headers), self.sent))

    def do_POST(self) -> None:
        self.form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.do_GET()

    def begin(self, code: int, **headers: str | int) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def send(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()
        self.sent += len(data)

    def hang_up(self) -> None:
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


def content(data: bytes, *, etag: bool = True) -> Answer:
    """Serve `data`, and parts of it where its version is the one that is asked for."""
    name = f'"{hashlib.sha256(data).hexdigest()[:12]}"' if etag else ""

    def answer(handler: Handler) -> None:
        begin = _range(handler, name)
        if begin is not None and begin >= len(data):
            handler.begin(416, Content_Range=f"bytes */{len(data)}", Content_Length=0)
            return
        headers: dict[str, str | int] = {"ETag": name} if name else {}
        headers["Content_Length"] = len(data) - (begin or 0)
        if begin is not None:
            headers["Content_Range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
        handler.begin(200 if begin is None else 206, **headers)
        handler.send(data[begin or 0 :])

    return answer


def _range(handler: Handler, etag: str) -> int | None:
    asked = handler.headers.get("Range", "")
    if not asked or handler.headers.get("If-Range", etag) != etag:
        return None
    return int(asked.removeprefix("bytes=").removesuffix("-"))


def whole(data: bytes) -> Answer:
    """Serve all of `data`, whatever part was asked for."""

    def answer(handler: Handler) -> None:
        handler.begin(200, Content_Length=len(data), ETag='"whole"')
        handler.send(data)

    return answer


def broken_off(data: bytes, at: int, *, etag: str = "") -> Answer:
    """Promise `data` and hang up after `at` bytes of it."""
    name = etag or f'"{hashlib.sha256(data).hexdigest()[:12]}"'

    def answer(handler: Handler) -> None:
        handler.begin(200, Content_Length=len(data), ETag=name)
        handler.send(data[:at])
        handler.hang_up()

    return answer


def promising(length: int, data: bytes) -> Answer:
    """Promise `length` bytes, and send `data`."""

    def answer(handler: Handler) -> None:
        handler.begin(200, Content_Length=length)
        handler.send(data)
        handler.hang_up()

    return answer


def chunked(data: bytes) -> Answer:
    """Serve `data` without saying how long it is."""

    def answer(handler: Handler) -> None:
        handler.begin(200, Transfer_Encoding="chunked")
        handler.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data))

    return answer


def status(code: int) -> Answer:
    return lambda handler: handler.begin(code, Content_Length=0)


def redirect(to: str, code: int = 302) -> Answer:
    return lambda handler: handler.begin(code, Location=to, Content_Length=0)


def in_turn(*answers: Answer) -> Answer:
    """Answer with each of `answers` once, and with the last from then on."""
    left = list(answers)
    guard = threading.Lock()

    def answer(handler: Handler) -> None:
        with guard:
            chosen = left.pop(0) if len(left) > 1 else left[0]
        chosen(handler)

    return answer


def files_in(cache: Path) -> list[str]:
    """Return every file of images in the cache, but for the locks, which stay."""
    folder = cache / "images"
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(str(path) for path in files if path.suffix != ".lock" and path.name != ".lock")
