"""What is left of a VM in a saved notebook, in JupyterLab: real server, browser and guest."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.sign import NotebookNotary
from playwright.sync_api import Locator, Page, expect

from tests.browser.card import CardOnPage
from tests.browser.conftest import OpenNotebook
from tests.browser.lab import Notebook

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

CARD = "from vmnb import VM\nvm = VM('web')\nvm"
NOOP = "from vmnb import VM\nvm = VM('web', backend='noop')\nvm"
CONSOLE = "vm.console"
STATE = "application/vnd.jupyter.widget-state+json"


def _saved(notebook: Notebook) -> Any:
    """Save, and read the file when it is written."""
    notebook.save()
    return nbformat.read(notebook.path, as_version=4)  # type: ignore[no-untyped-call]


def _open_without_kernel(notebook: Notebook, *, trusted: bool = True) -> Page:
    """Open the file as where its kernel is not installed, and choose none."""
    saved = nbformat.read(notebook.path, as_version=4)  # type: ignore[no-untyped-call]
    saved.metadata.kernelspec = {"name": "gone", "display_name": "gone"}
    saved.metadata.pop("language_info")
    nbformat.write(saved, notebook.path)  # type: ignore[no-untyped-call]
    if trusted:
        data = notebook.path.parent / ".jupyter-home" / "data"
        NotebookNotary(data_dir=str(data)).sign(saved)  # type: ignore[no-untyped-call]
    notebook.shut_down()
    page = notebook.page
    page.goto(notebook.url)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").select_option("No Kernel")
    dialog.get_by_role("button", name="Select").click()
    expect(dialog).to_have_count(0)
    return page


def _until_saved_form_has(page: Page, *texts: str) -> None:
    form = page.locator(".vmnb-kept").last
    for text in texts:
        expect(form).to_contain_text(text, use_inner_text=False, timeout=60_000)


def _rows(page: Page, cell: int) -> Locator:
    return page.locator(".jp-CodeCell").nth(cell).locator(".jp-OutputArea-child")


def test_a_notebook_that_was_saved_says_how_its_vm_was_where_no_kernel_runs(
    open_notebook: OpenNotebook,
) -> None:
    notebook = open_notebook([CARD, CONSOLE])
    notebook.run_all()
    card = CardOnPage(notebook.page)
    card.expect_state("prepared")
    card.press("Start")
    card.expect_on_console(r"root@web:.*#")
    card.type_in_console("echo $((6*7))\n")
    card.expect_on_console(r"\n?42")
    page = notebook.page
    _until_saved_form_has(page, "running", "echo $((6*7))\n42")
    for cell in (0, 1):
        expect(_rows(page, cell).nth(0)).to_be_visible()
        expect(_rows(page, cell).nth(1)).to_be_hidden()
    card.type_in_console("echo still typing\n")
    card.expect_on_console(r"still typing")

    outputs = _saved(notebook).cells[0].outputs
    assert outputs[0].data["text/plain"] == "<VM 'web': prepared, tiny, 1 vCPU, 256 MiB>"
    assert "running" in outputs[1].data["text/html"]
    assert "\n42\n" in outputs[1].data["text/html"]
    assert outputs[1].metadata.vmnb.replay

    notebook.open()  # as by a reload
    card = CardOnPage(notebook.page)
    card.expect_on_console(r"still typing")
    card.press("Suspend")
    _until_saved_form_has(page, "suspended", "still typing")
    assert "suspended" in _saved(notebook).cells[0].outputs[1].data["text/html"]

    page = _open_without_kernel(notebook)
    form = page.locator(".jp-CodeCell").nth(0).locator(".vmnb-kept")
    expect(form).to_be_visible()
    expect(form).to_contain_text("suspended")
    expect(form).to_contain_text("42")
    expect(_rows(page, 0).nth(0)).to_be_hidden()


def test_where_the_widgets_state_is_saved_it_is_shown_with_another_kernel(
    open_notebook: OpenNotebook, tmp_path: Path
) -> None:
    settings = tmp_path / "notebooks/.jupyter-home/config/lab/user-settings"
    plugin = settings / "@jupyter-widgets/jupyterlab-manager/plugin.jupyterlab-settings"
    plugin.parent.mkdir(parents=True)
    plugin.write_text('{"saveState": true}')
    notebook = open_notebook([NOOP])
    notebook.run_all()
    CardOnPage(notebook.page).press("Start")
    CardOnPage(notebook.page).expect_state("running")
    _until_saved_form_has(notebook.page, "running")
    assert STATE in _saved(notebook).metadata.widgets
    notebook.shut_down()
    notebook.open()
    expect(notebook.page.locator(".vmnb-still")).to_contain_text("running")
    expect(notebook.page.locator(".vmnb-kept")).to_be_hidden()


def test_a_notebook_says_how_its_vm_was_to_another_kernel_and_where_it_is_not_trusted(
    open_notebook: OpenNotebook,
) -> None:
    notebook = open_notebook([NOOP])
    notebook.run_all()
    CardOnPage(notebook.page).press("Start")
    _until_saved_form_has(notebook.page, "running")
    _saved(notebook)
    notebook.shut_down()
    notebook.open()  # with another kernel, which knows no widgets
    expect(notebook.page.locator(".vmnb-kept")).to_contain_text("running")
    expect(_rows(notebook.page, 0).nth(0)).to_be_hidden()
    page = _open_without_kernel(notebook, trusted=False)
    expect(page.locator(".vmnb-kept")).to_contain_text("running")
    expect(_rows(page, 0).nth(0)).to_have_text("")
