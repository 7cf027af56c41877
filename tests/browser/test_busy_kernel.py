"""A card in JupyterLab while a cell blocks its kernel, with each ipykernel that differs there."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.card import CardOnPage, destroy_all
from tests.browser.lab import Notebook, lab_server
from tests.homes import own_homes
from tests.kernels import CONTROL, KERNELS, install_kernels

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

SHOW = "from vmnb import VM\nvm = VM('{name}')\nvm"
READY = "vm.start().run('true'); print('ready')"
ACTIONS = "print(*vm.history['action'])"
SLEEP = "print('blocked', flush=True); open({fifo!r}).read(); print('over')"
SPIN = "import os\nprint('blocked', flush=True)\nwhile not os.path.exists({fifo!r} + '.go'): pass\n"

OpenCells = Callable[[str, list[str]], Notebook]


class Cell:
    """A cell that blocks its kernel until it is let go."""

    def __init__(self, fifo: Path) -> None:
        self.fifo = fifo
        os.mkfifo(fifo)

    def sleep(self) -> str:
        """Code that waits in the system."""
        return SLEEP.format(fifo=str(self.fifo))

    def spin(self) -> str:
        """Code that waits and computes, then waits in the system."""
        return SPIN.format(fifo=str(self.fifo)) + self.sleep()

    def stop_spinning(self) -> None:
        """Let it go on to the system's wait."""
        self.fifo.with_name(self.fifo.name + ".go").touch()

    def let_go(self) -> None:
        """Let it end."""
        with self.fifo.open("w"):
            pass


@pytest.fixture(scope="module")
def lab(
    homes_root: Path, image_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """One JupyterLab server with a kernel for each ipykernel; its URL and its directory."""
    root = tmp_path_factory.mktemp("notebooks")
    install_kernels(root / ".jupyter-home" / "data", image_cache)
    with own_homes(homes_root, image_cache), lab_server(root) as url:
        yield url, root
        destroy_all()


@pytest.fixture
def open_cells(browser: Browser, lab: tuple[str, Path]) -> Iterator[OpenCells]:
    """Give what opens a notebook with those cells and that kernel."""
    url, root = lab
    opened: list[Notebook] = []

    def open_cells(kernel: str, cells: list[str]) -> Notebook:
        opened.append(Notebook(browser, url, root, cells, kernel=kernel, name=kernel))
        return opened[-1]

    yield open_cells
    for notebook in opened:
        notebook.shut_down()


@pytest.fixture
def cell(homes: Path) -> Cell:
    return Cell(homes / "fifo")


@pytest.mark.parametrize("version", KERNELS)
def test_output_keys_and_buttons_pass_a_cell_that_blocks(
    open_cells: OpenCells, cell: Cell, version: str
) -> None:
    code = cell.spin() if version == KERNELS[-1] else cell.sleep()
    notebook = open_cells(version, [SHOW.format(name=version), READY, code, ACTIONS])
    notebook.begin_all()
    expect(notebook.output(1)).to_contain_text("ready", timeout=120_000)
    expect(notebook.output(2)).to_contain_text("blocked")
    card = CardOnPage(notebook.page)
    card.expect_on_console(r"root@.*#")
    card.type_in_console("for i in 1 2 3; do echo says $((i*7)); sleep 0.2; done\n")
    card.expect_on_console(r"says 7\s*says 14\s*says 21")
    card.press("Suspend")
    card.expect_state("suspended")
    card.press("Resume")
    card.expect_state("running")
    assert notebook.is_running(2)
    expect(card.root.locator(".vmnb-note")).to_be_empty()
    cell.stop_spinning()
    cell.let_go()
    expect(notebook.output(3)).to_have_text("prepare start ready suspend resume", timeout=60_000)


def test_a_card_says_so_where_nothing_passes_and_what_was_done_is_done_once(
    open_cells: OpenCells, cell: Cell
) -> None:
    """Take the control channel from the page: to ipykernel 6 there is no other way then."""
    notebook = open_cells(CONTROL, [SHOW.format(name="deaf"), READY, cell.sleep(), ACTIONS])
    notebook.page.evaluate(
        "() => { window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
        ".sendControlMessage = undefined }"
    )
    notebook.run_above(2)
    card = CardOnPage(notebook.page)
    card.expect_on_console(r"root@.*#")
    notebook.begin_from(2)
    expect(notebook.output(2)).to_contain_text("blocked")
    card.type_in_console("echo $((6*7))\n")
    status = card.console_status()
    expect(status).to_contain_text("running a cell")
    expect(status).to_contain_text("ipykernel 7")
    card.press("Suspend")
    card.press("Suspend")
    expect(card.root.locator(".vmnb-note")).to_contain_text("takes clicks and keys only after it")
    assert notebook.is_running(2)
    cell.let_go()
    card.expect_state("suspended")
    expect(status).to_be_empty()
    expect(card.root.locator(".vmnb-note")).to_be_empty()
    notebook.begin_from(3)
    expect(notebook.output(3)).to_have_text("prepare start ready suspend", timeout=60_000)
    card.press("Resume")
    card.expect_on_console(r"echo \$\(\(6\*7\)\)\s*42\s*root@.*#\s*$")
