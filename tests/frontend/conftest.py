"""The widget on a bare page in a real browser, with a scripted model in place of the kernel."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Dialog, Page

from vmnb.notebook.widget.assets import STATIC_DIR

HERE = Path(__file__).parent


class _Handler(SimpleHTTPRequestHandler):
    def translate_path(self, path: str) -> str:
        name = urlsplit(path).path.removeprefix("/")
        folder = STATIC_DIR if name.startswith("static/") else HERE
        return str(folder / name.removeprefix("static/"))

    def end_headers(self) -> None:
        """Let a page of no origin have the files; a page may ask for a policy of its own."""
        self.send_header("Access-Control-Allow-Origin", "*")
        for policy in parse_qs(urlsplit(self.path).query).get("policy", []):
            self.send_header("Content-Security-Policy", policy)
        super().end_headers()

    def log_message(self, *args: object) -> None:
        """Keep the tests' output readable."""


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(HERE))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """Give the harness page, in JupyterLab's light theme; its errors and dialogs fail the test."""
    context = browser.new_context(viewport={"width": 1000, "height": 760})
    page = context.new_page()
    errors: list[str] = []

    def refuse(dialog: Dialog) -> None:
        errors.append(dialog.message)
        dialog.dismiss()

    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("dialog", refuse)
    page.goto(f"{site}/harness.html")
    page.wait_for_function("window.ready")
    page.evaluate("document.body.dataset.theme = 'lab-light'")
    yield page
    context.close()
    assert errors == []
