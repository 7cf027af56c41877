"""The console over a WebSocket, straight or through jupyter-server-proxy, with a real guest."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, WebSocket, WebSocketRoute, expect

from tests.browser.card import CardOnPage, destroy_all
from tests.browser.conftest import OpenNotebook
from tests.browser.jupyter import write_json
from tests.browser.lab import Notebook, lab_server
from tests.chromium import OTHER_NAME
from vmnb.notebook.socket.frame import unpack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

CARD = "from vmnb import VM\nvm = VM('web').start()\nvm"
TOKEN = "from vmnb.notebook.socket.server import SocketServer\nSocketServer.of_process().token"
BLOCK = "import pathlib, time\nwhile not pathlib.Path('go').exists():\n    time.sleep(0.05)"
BREAK = (
    "from vmnb.core import runtime\nfrom vmnb.notebook.socket.server import SocketServer\n"
    "runtime.run(SocketServer.close_one())"
)


@pytest.fixture
def proxied() -> bool:
    return True


DIRECT = re.compile(r"ws://\[::ffff:7f00:1\]:\d+/")


class Sockets:
    """The WebSockets that a page opens to the kernel's server, and what the page's log says."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.opened: list[WebSocket] = []
        self.errors: list[str] = []
        self.received = 0
        self.frames: list[bytes] = []
        page.on("websocket", self._note)
        page.on("console", self._note_error)

    def until_used(self) -> None:
        """Wait until something came by one of them."""
        while not self.received:
            self._page.wait_for_timeout(50)  # what the page does is told to us meanwhile

    def are_direct(self) -> bool:
        """Whether all of them went straight to the port."""
        return all(DIRECT.fullmatch(socket.url) for socket in self.opened)

    def _note(self, socket: WebSocket) -> None:
        if "/proxy/" in socket.url or DIRECT.fullmatch(socket.url):
            self.opened.append(socket)
            socket.on("framesent", self._keep)
            socket.on("framereceived", self._keep)
            socket.on("framereceived", lambda _: self._count())

    def _note_error(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.errors.append(said.text)

    def _count(self) -> None:
        self.received += 1

    def _keep(self, frame: bytes | str) -> None:
        self.frames.append(frame.encode() if isinstance(frame, str) else frame)


def boot(notebook: Notebook) -> tuple[CardOnPage, Sockets]:
    """Run the card's cell, wait for the guest and a socket, and give what is seen of it."""
    sockets = Sockets(notebook.page)
    notebook.run_all()
    card = CardOnPage(notebook.page)
    card.expect_on_console(r"root@web:.*#")
    sockets.until_used()
    return card, sockets


def say(card: CardOnPage, left: int, right: int) -> None:
    """Let the guest multiply, and see that it was asked just once."""
    card.type_in_console(f"echo {left}x$(({left}*{right}))\n")
    answer = f"{left}x{left * right}"
    card.expect_on_console(answer)
    # Not by a look: a screen that is being restored is empty for a moment.
    expect(card.console()).not_to_contain_text(re.compile(f"{answer}.*{answer}", re.DOTALL))


def test_keys_and_buttons_reach_the_guest_while_a_cell_blocks(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook([CARD])
    card, sockets = boot(notebook)
    assert len(sockets.opened) == 1
    assert sockets.are_direct()
    notebook.append_and_run(BLOCK)
    notebook.wait_until("busy")
    before = sockets.received
    say(card, 6, 7)
    assert sockets.received > before
    card.press("Suspend")
    card.expect_state("suspended")
    card.press("Resume")
    card.expect_state("running")
    say(card, 7, 8)
    assert notebook.status() == "busy"
    (notebook.root / "go").touch()


def test_the_console_is_there_again_after_a_reload_and_a_new_kernel(
    open_notebook: OpenNotebook,
) -> None:
    notebook = open_notebook([CARD])
    card, sockets = boot(notebook)
    say(card, 6, 7)
    notebook.save()
    notebook.open()
    card.expect_on_console("6x42")
    say(card, 7, 8)
    notebook.restart_kernel()
    notebook.run_all()
    card.expect_on_console("7x56")
    say(card, 8, 9)
    urls = [socket.url for socket in sockets.opened]
    assert len(urls) >= 3
    assert len(set(urls)) == 2


def test_a_socket_that_breaks_is_made_up_for_by_the_comm(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook([CARD])
    card, sockets = boot(notebook)
    say(card, 6, 7)
    notebook.append_and_run(BREAK)
    say(card, 7, 8)
    (socket,) = sockets.opened
    assert socket.is_closed()
    say(card, 8, 9)
    shown = card.console().inner_text()
    assert re.findall(r"\dx\d+", re.sub(r"echo \S+", "", shown)) == ["6x42", "7x56", "8x72"]


def test_a_page_under_another_name_goes_by_the_proxy_and_never_says_the_token(
    browser: Browser, homes: Path, tmp_path: Path
) -> None:
    config = tmp_path / ".jupyter-home" / "config" / "jupyter_server_config.json"
    write_json(config, {"ServerApp": {"allow_remote_access": True}})
    with lab_server(tmp_path, proxied=True) as url:
        elsewhere = url.replace("127.0.0.1", OTHER_NAME)
        notebook = Notebook(browser, elsewhere, tmp_path, [CARD, TOKEN])
        card, sockets = boot(notebook)
        say(card, 6, 7)
        (socket,) = sockets.opened
        assert f"//{OTHER_NAME}:" in socket.url
        token = notebook.output_text(1).encode()
        assert len(token) > 40
        assert any(b"challenge" in frame for frame in sockets.frames)
        assert not any(token in frame for frame in sockets.frames)
        notebook.page.close()
    destroy_all()


def test_a_stranger_on_the_port_gets_no_key_and_the_console_goes_by_the_proxy(
    open_notebook: OpenNotebook,
) -> None:
    notebook = open_notebook([CARD])
    heard: list[str | bytes] = []

    def meet(stranger: WebSocketRoute) -> None:
        def lie(said: str | bytes) -> None:
            heard.append(said)
            stranger.send("come in")

        stranger.on_message(lie)

    notebook.page.route_web_socket(DIRECT, meet)
    notebook.open()
    card, sockets = boot(notebook)
    say(card, 6, 7)
    assert sockets.opened
    assert all("/proxy/" in socket.url for socket in sockets.opened)
    said = [unpack(frame)[0] if isinstance(frame, bytes) else frame for frame in heard]
    assert said == [{"kind": "challenge"}]


def test_the_console_is_there_again_after_a_new_server(
    browser: Browser, homes: Path, tmp_path: Path
) -> None:
    for left in (6, 7):
        with lab_server(tmp_path, proxied=True) as url:
            notebook = Notebook(browser, url, tmp_path, [CARD])
            card, sockets = boot(notebook)
            if left > 6:
                card.expect_on_console("6x42")
            say(card, left, 7)
            assert len(sockets.opened) == 1
            notebook.page.close()
    destroy_all()


class TestWithoutTheProxy:
    @pytest.fixture
    def proxied(self) -> bool:
        return False

    def test_nothing_is_tried_and_nothing_is_logged(self, open_notebook: OpenNotebook) -> None:
        notebook = open_notebook([CARD])
        sockets = Sockets(notebook.page)
        notebook.run_all()
        card = CardOnPage(notebook.page)
        card.expect_on_console(r"root@web:.*#")
        say(card, 6, 7)
        assert sockets.opened == []
        assert [error for error in sockets.errors if "vmnb" in error or "proxy" in error] == []
