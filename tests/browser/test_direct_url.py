"""Why a page writes this machine's address as IPv6 does: cookies know no ports."""

from collections.abc import Iterator
from http import HTTPStatus
from threading import Thread

import pytest
from playwright.sync_api import Browser
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

pytestmark = pytest.mark.browser

CONNECT = """(url) => new Promise((resolve, reject) => {
  const socket = new WebSocket(url);
  socket.onmessage = ({ data }) => resolve(data);
  socket.onclose = reject;
})"""


@pytest.fixture
def stranger_port() -> Iterator[int]:
    """The port of somebody who tells each page the cookies that came with its WebSocket."""

    def answer(connection: ServerConnection, request: Request) -> Response | None:
        is_socket = "Upgrade" in request.headers
        return None if is_socket else connection.respond(HTTPStatus.OK, "a page")

    def tell(connection: ServerConnection) -> None:
        assert connection.request is not None
        connection.send(connection.request.headers.get("Cookie", ""))

    with serve(tell, "127.0.0.1", 0, process_request=answer) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.socket.getsockname()[1]
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("host", "cookies"), [("127.0.0.1", "login=secret"), ("[::ffff:127.0.0.1]", "")]
)
def test_a_stranger_gets_the_cookies_by_the_usual_name_alone(
    browser: Browser, stranger_port: int, host: str, cookies: str
) -> None:
    url = f"http://127.0.0.1:{stranger_port}/"
    with browser.new_context() as context:
        context.add_cookies([{"name": "login", "value": "secret", "url": url}])
        page = context.new_page()
        page.goto(url)
        assert page.evaluate(CONNECT, f"ws://{host}:{stranger_port}/") == cookies
