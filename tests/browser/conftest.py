"""A JupyterLab server with homes of its own for each test."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.card import destroy_all
from tests.browser.lab import Notebook, lab_server

OpenNotebook = Callable[[Sequence[str]], Notebook]


@pytest.fixture
def proxied() -> bool:
    """Whether the server has jupyter-server-proxy; a file of tests may say otherwise."""
    return False


@pytest.fixture
def open_notebook(
    browser: Browser, homes: Path, tmp_path: Path, proxied: bool
) -> Iterator[OpenNotebook]:
    """Give what opens a notebook of those cells; its VMs are destroyed after the test."""
    root = tmp_path / "notebooks"
    root.mkdir()
    opened: list[Notebook] = []
    with lab_server(root, proxied=proxied) as url:

        def open_notebook(cells: Sequence[str]) -> Notebook:
            opened.append(Notebook(browser, url, root, cells))
            return opened[-1]

        yield open_notebook
        for notebook in opened:
            notebook.page.close()
    destroy_all()
