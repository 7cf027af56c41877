"""A real JupyterLab server and a page of a real browser on it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, Locator, Page, expect

_URL = re.compile(r"http://127\.0\.0\.1:\d+/lab\?token=\w+")
_START_MS = 60_000
_KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
_ANNOUNCEMENTS = "@jupyterlab/apputils-extension:announcements"
_PROXY = "@jupyterhub/jupyter-server-proxy"


@contextmanager
def lab_server(root: Path, *, proxied: bool = False) -> Iterator[str]:
    """Serve the directory `root`, and give the URL with its token.

    Parameters
    ----------
    proxied
        Whether jupyter-server-proxy is enabled, so that pages reach ports of this machine.
    """
    home = root / ".jupyter-home"
    write_json(
        home / "config" / "labconfig" / "page_config.json",
        {"disabledExtensions": {_ANNOUNCEMENTS: True, _PROXY: not proxied}},
    )
    write_json(
        home / "config" / "jupyter_server_config.d" / "proxy.json",
        {"ServerApp": {"jpserver_extensions": {"jupyter_server_proxy": proxied}}},
    )
    own = {
        f"JUPYTER_{what.upper()}_DIR": str(home / what) for what in ("config", "data", "runtime")
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0"]
    command += [
        "--ip=127.0.0.1",
        f"--ServerApp.root_dir={root}",
        "--LabApp.expose_app_in_browser=True",
    ]
    with (root / "server.log").open("w") as log:
        server = subprocess.Popen(
            command, env={**os.environ, **own}, stdout=log, stderr=subprocess.PIPE, text=True
        )
        try:
            yield _url(server)
        finally:
            server.terminate()
            server.communicate(timeout=30)


def write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def _url(server: "subprocess.Popen[str]") -> str:
    assert server.stderr is not None
    lines = []
    for line in server.stderr:
        lines.append(line)
        if found := _URL.search(line):
            return found[0]
    raise AssertionError("JupyterLab did not start:\n" + "".join(lines))


def destroy_all() -> None:
    """Destroy every VM of the test's homes."""
    code = "import vmnb\nfor name in vmnb.machines()['name']: vmnb.VM.attach(name).destroy()"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


class Notebook:
    """A notebook open in JupyterLab."""

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
        notebook = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],  # type: ignore[no-untyped-call]
            metadata={"kernelspec": {"name": kernel, "display_name": kernel}},
        )
        self.path = root / f"{name}.ipynb"
        nbformat.write(notebook, self.path)  # type: ignore[no-untyped-call]
        self.root = root
        self.url = url.replace("/lab?", f"/lab/tree/{self.path.name}?reset&")
        self.page: Page = browser.new_page(viewport={"width": 1200, "height": 1100})
        self.page.set_default_timeout(_START_MS)
        if init_script is not None:
            self.page.add_init_script(path=init_script)
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

    def save(self) -> None:
        """Save the notebook."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")

    def output(self, cell: int) -> Locator:
        """The output area of a cell."""
        return self.page.locator(".jp-CodeCell").nth(cell).locator(".jp-OutputArea-output")

    def output_text(self, cell: int) -> str:
        """The text that a cell printed."""
        return self.output(cell).last.inner_text().strip()


class CardOnPage:
    """A VM's card as a person sees it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.locator(".vmnb-card").first

    def press(self, button: str) -> None:
        """Press a button, as soon as it is enabled."""
        self.root.get_by_role("button", name=button, exact=True).click()

    def expect_state(self, word: str, timeout_s: float = 60) -> None:
        """Wait until the badge says so."""
        badge = self.root.locator(".vmnb-badge")
        expect(badge).to_have_text(re.compile(word, re.IGNORECASE), timeout=timeout_s * 1000)

    def type_in_console(self, text: str) -> None:
        """Click into the console and type."""
        self.root.locator(".xterm-screen").click()
        self.page.keyboard.type(text)

    def console(self) -> Locator:
        """The console's rows."""
        return self.root.locator(".xterm-rows")

    def expect_on_console(self, pattern: str, timeout_s: float = 60) -> None:
        """Wait until a text that matches is on the screen."""
        expect(self.console()).to_contain_text(re.compile(pattern), timeout=timeout_s * 1000)

    def tab(self, title: str) -> None:
        """Go to a tab."""
        self.root.get_by_role("tab", name=title).click()
