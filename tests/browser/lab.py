"""A real JupyterLab server and a page of a real browser on it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator
from playwright.sync_api import TimeoutError as PageTimeoutError

from tests.browser.front_end import new_page
from tests.browser.jupyter import jupyter_server, write_notebook

_KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"


@contextmanager
def lab_server(root: Path, *, proxied: bool = False) -> Iterator[str]:
    """Serve the directory `root`, and give the URL with its token.

    Parameters
    ----------
    proxied
        Whether jupyter-server-proxy is enabled, so that pages reach ports of this machine.
    """
    options = ["--LabApp.expose_app_in_browser=True", f"--ServerApp.root_dir={root}"]
    options += ["--allow-root", "--port=0", "--ip=127.0.0.1"]
    with jupyter_server(root, "jupyterlab", *options, proxied=proxied) as url:
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

    def __init__(
        self,
        browser: Browser,
        url: str,
        root: Path,
        cells: Sequence[str],
        *,
        kernel: str = "python3",
        name: str = "test",
        init_script: Path | None = None,
    ) -> None:
        self.path = root / f"{name}.ipynb"
        write_notebook(self.path, cells, kernel=kernel)
        there, here = self._PLACE
        self.root = root
        self.url = url.replace(there, here.format(name=self.path.name))
        self.page = new_page(browser)
        if init_script is not None:
            self.page.add_init_script(path=init_script)
        self.open()
        self._wait_for_kernel()

    def _wait_for_kernel(self) -> None:
        """Wait for a kernel that answers.

        With ipykernel 7.3 JupyterLab's first request sometimes never gets its answer, and all that
        is sent after it waits for that; a person restarts such a kernel.
        """
        try:
            self.page.wait_for_function(f"() => {_KERNEL}.status === 'idle'", timeout=30_000)
        except PageTimeoutError:
            self.restart_kernel()

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

    def begin_all(self) -> None:
        """Run all cells, and do not wait for their end."""
        self.page.evaluate(
            "() => void window.jupyterapp.commands.execute('notebook:run-all-cells')"
        )

    def run_above(self, cell: int) -> None:
        """Run the cells above one, and wait for their end."""
        self._run("await", cell, "above")

    def begin_from(self, cell: int) -> None:
        """Run a cell and those below it, and do not wait for their end."""
        self._run("void", cell, "below")

    def _run(self, how: str, cell: int, which: str) -> None:
        self.page.evaluate(
            "async (cell) => { const { commands, shell } = window.jupyterapp;"
            "shell.currentWidget.content.activeCellIndex = cell;"
            f"{how} commands.execute('notebook:run-all-{which}'); }}",
            cell,
        )

    def is_running(self, cell: int) -> bool:
        """Whether a cell has begun and not ended."""
        prompt = self.page.locator(".jp-CodeCell").nth(cell).locator(".jp-InputPrompt")
        return prompt.inner_text().strip() == "[*]:"

    def shut_down(self) -> None:
        """End the kernel."""
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")

    def append_and_run(self, cell: str) -> None:
        """Put a cell at the end and run it, without waiting for its end."""
        self.page.evaluate(
            """async (source) => {
              const { content } = window.jupyterapp.shell.currentWidget;
              const model = content.model.sharedModel;
              model.addCell({ cell_type: "code", source });
              content.activeCellIndex = model.cells.length - 1;
              void window.jupyterapp.commands.execute("notebook:run-cell");
            }""",
            cell,
        )

    def status(self) -> str:
        """What the page says of the kernel, such as ``busy``."""
        status: str = self.page.evaluate(f"() => {_KERNEL}.status")
        return status

    def wait_until(self, status: str) -> None:
        """Wait until the page says so of the kernel."""
        self.page.wait_for_function(f"() => {_KERNEL}.status === '{status}'")

    def restart_kernel(self) -> None:
        """Restart the kernel without a question, and wait until it is there again."""
        self.page.evaluate(f"() => {_KERNEL}.restart()")

    def accept_restarted_kernel(self) -> None:
        """Read JupyterLab's notice that the kernel died, and wait until its successor is there."""
        self.page.get_by_role("dialog").get_by_role("button", name="Ok").click()
        self.wait_until("idle")

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
