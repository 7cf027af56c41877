"""A notebook as a page of Voilà: no code, and a kernel of its own each time it is loaded."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.front_end import new_page
from tests.browser.jupyter import jupyter_server, write_notebook
from tests.browser.server import free_port

_LET_KERNELS_GO = "--Voila.tornado_settings={'disable_check_xsrf': True}"
"""A page that is left asks for its kernel's end; Voilà 0.5.13 refuses its own page's request."""


class _VoilaPage:
    def __init__(self, browser: Browser, url: str) -> None:
        self.page = new_page(browser)
        self._url = url
        self.set_dark(False)

    def reload(self) -> None:
        self.page.goto(f"{self._url}{'&' if '?' in self._url else '?'}theme={self._theme}")

    def run_all(self) -> None:
        """Nothing: Voilà has run them."""

    def set_dark(self, is_dark: bool) -> None:
        self._theme = "dark" if is_dark else "light"
        self.reload()


@contextmanager
def in_voila(browser: Browser, root: Path, cells: Sequence[str]) -> Iterator[_VoilaPage]:
    """Give the page that Voilà makes of a notebook of those cells."""
    path = root / "test.ipynb"
    write_notebook(path, cells)
    options = [f"--port={free_port()}", "--Voila.ip=127.0.0.1", _LET_KERNELS_GO, str(path)]
    with jupyter_server(root, "voila", *options) as url:
        shown = _VoilaPage(browser, url)
        yield shown
        shown.page.close()
