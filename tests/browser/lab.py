"""A real JupyterLab server and a page of a real browser on it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator

from tests.browser.front_end import new_page
from tests.browser.jupyter import jupyter_server, write_notebook


@contextmanager
def lab_server(root: Path) -> Iterator[str]:
    """Serve the directory `root`, and give the URL with its token."""
    options = ["--LabApp.expose_app_in_browser=True", f"--ServerApp.root_dir={root}"]
    options += ["--allow-root", "--port=0", "--ip=127.0.0.1"]
    with jupyter_server(root, "jupyterlab", *options) as url:
        yield url


@contextmanager
def in_lab(browser: Browser, root: Path, cells: Sequence[str]) -> Iterator["Notebook"]:
    """Give a notebook of those cells, open in JupyterLab."""
    with lab_server(root) as url:
        notebook = Notebook(browser, url, root, cells)
        yield notebook
        notebook.page.close()


class Notebook:
    """A notebook open in JupyterLab."""

    _PLACE = ("/lab?", "/lab/tree/{name}?reset&")
    """What the server's URL has, and a notebook's in its place."""

    def __init__(self, browser: Browser, url: str, root: Path, cells: Sequence[str]) -> None:
        path = root / "test.ipynb"
        write_notebook(path, cells)
        there, here = self._PLACE
        self.url = url.replace(there, here.format(name=path.name))
        self.page = new_page(browser)
        self.open()

    def open(self) -> None:
        """Load the page, as a reload does."""
        self.page.goto(self.url)
        self.page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
        self.page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
            "?.connectionStatus === 'connected'"
        )

    def run_all(self) -> None:
        """Run all cells, and wait for their end."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")

    def set_dark(self, is_dark: bool) -> None:
        """Take JupyterLab's dark theme, or its light one."""
        theme = f"JupyterLab {'Dark' if is_dark else 'Light'}"
        self.page.evaluate(
            "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme
        )
        self.page.wait_for_function(
            "(theme) => document.body.dataset.jpThemeName === theme", arg=theme
        )

    def restart_kernel(self) -> None:
        """Restart the kernel without a question, and wait until it is there again."""
        self.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
        )

    def accept_restarted_kernel(self) -> None:
        """Read JupyterLab's notice that the kernel died, and wait until its successor is there."""
        self.page.get_by_role("dialog").get_by_role("button", name="Ok").click()
        self.page.wait_for_function(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status"
            " === 'idle'"
        )

    def reload(self) -> None:
        """Save the notebook, and load the page again."""
        self.save()
        self.open()

    def save(self) -> None:
        """Save the notebook."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")

    def output(self, cell: int) -> Locator:
        """The output area of a cell."""
        return self.page.locator(".jp-CodeCell").nth(cell).locator(".jp-OutputArea-output")

    def output_text(self, cell: int) -> str:
        """The text that a cell printed."""
        return self.output(cell).last.inner_text().strip()
