"""A notebook with a real guest: executed, saved, exported, and read where nothing runs."""

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter, MarkdownExporter
from playwright.sync_api import expect

import vmnb
from tests.browser.card import destroy_all
from vmnb.console.cast import Cast

from .conftest import OpenPage

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(300)]

CELLS = [
    "from vmnb import VM\nvm = VM('web')\nvm",
    "vm.start().wait_ready(timeout=120);",
    "with vm.console.record() as recording:\n"
    "    vm.console.write('echo $((6 * 7))\\n')\n"
    "    vm.console.wait_for(r'\\n42\\r')\nrecording",
    "vm.console",
    "vm.destroy()",
]


@pytest.fixture
def lesson(homes: Path) -> Iterator[Path]:
    """The notebook after its last cell; its VM is gone."""
    notebook = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
        cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS]  # type: ignore[no-untyped-call]
    )
    path = homes / "lesson.ipynb"
    NotebookClient(
        notebook, timeout=180, kernel_name="python3", resources={"metadata": {"path": homes}}
    ).execute()
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]
    yield path
    destroy_all()


def test_a_lesson_is_replayed_from_one_file_and_read_everywhere_else(
    lesson: Path, open_page: OpenPage
) -> None:
    outputs = [cell.outputs for cell in nbformat.read(lesson, as_version=4).cells]  # type: ignore[no-untyped-call]
    assert outputs[2][0].data["text/plain"] == "<recording of 'web': web.cast>"
    for saved in (outputs[0][1], outputs[3][1]):
        html = saved.data["text/html"]
        assert "destroyed" in html
        assert re.search(r"echo \$\(\(6 \* 7\)\)\n42\n", html)
        assert "wait" not in html

    cast = Cast.loads((lesson.parent / "web.cast").read_text())
    assert "42" in "".join(data for _, _, data in cast.events)

    for exporter in (HTMLExporter(), MarkdownExporter()):  # type: ignore[no-untyped-call]
        body, _ = exporter.from_filename(str(lesson))
        assert "\n42\n" in body
        assert "destroyed" in body

    page = open_page(vmnb.export(lesson))
    rows = page.locator(".vmnb-replay .xterm-rows")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("42")
    page.get_by_role("slider").first.fill("0")
    expect(rows.first).not_to_contain_text("echo $((6 * 7))")
    page.get_by_role("button", name="Play").first.click()
    expect(rows.first).to_contain_text("42", timeout=30_000)
