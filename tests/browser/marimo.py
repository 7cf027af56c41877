"""The same cells as a marimo notebook: no Jupyter, and each output in a shadow root."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import indent

from playwright.sync_api import Browser

from tests.browser.front_end import new_page
from tests.browser.server import free_port, served

_SETTINGS = """\
[runtime]
auto_instantiate = true
[display]
theme = "system"
"""


class MarimoNotebook:
    """A notebook open in marimo's editor, which runs it when it is loaded first."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.page = new_page(browser)
        self._url = url
        self.reload()

    def reload(self) -> None:
        """Load the page, as a reload does: the kernel is the same."""
        self.page.goto(self._url)

    def run_all(self) -> None:
        """Nothing: marimo has run them."""

    def run_again(self, cell: int) -> None:
        """Run a cell once more, as a person does: what it showed is taken away."""
        editor = self.page.locator(".cm-content").nth(cell)
        editor.click()
        editor.press("Control+Enter")

    def set_dark(self, is_dark: bool) -> None:
        """Let the reader prefer one or the other, which marimo's theme follows."""
        self.page.emulate_media(color_scheme="dark" if is_dark else "light")


@contextmanager
def in_marimo(browser: Browser, root: Path, cells: Sequence[str]) -> Iterator[MarimoNotebook]:
    """Give a notebook of those cells, open in marimo's editor."""
    path = root / "test.py"
    functions = (f"@app.cell\ndef _():\n{indent(cell, '    ')}\n" for cell in cells)
    path.write_text("\n".join(("import marimo\napp = marimo.App()", *functions)))
    (root / ".marimo.toml").write_text(_SETTINGS)
    command = [sys.executable, "-m", "marimo", "edit", str(path), "--headless", "--host=127.0.0.1"]
    command += [f"--port={free_port()}", "--skip-update-check"]
    address = r"http://(127\.0\.0\.1|localhost):\d+\S*"
    with served(command, address, root / "server.log", XDG_CONFIG_HOME=root / "config") as url:
        notebook = MarimoNotebook(browser, url)
        yield notebook
        notebook.page.close()
