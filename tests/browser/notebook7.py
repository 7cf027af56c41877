"""The same notebook in Notebook 7, which is made of JupyterLab's parts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.jupyter import jupyter_server
from tests.browser.lab import Notebook


class _Notebook7(Notebook):
    _PLACE = ("/tree?", "/notebooks/{name}?")


@contextmanager
def in_notebook7(browser: Browser, root: Path, cells: Sequence[str]) -> Iterator[Notebook]:
    """Give a notebook of those cells, open in Notebook 7."""
    options = ["--JupyterNotebookApp.expose_app_in_browser=True", f"--ServerApp.root_dir={root}"]
    options += ["--allow-root", "--port=0", "--ip=127.0.0.1"]
    with jupyter_server(root, "notebook", *options) as url:
        notebook = _Notebook7(browser, url, root, cells)
        yield notebook
        notebook.page.close()
