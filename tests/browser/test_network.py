"""The drawing of a network in JupyterLab, as a person sees it; its VMs have no guests."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenNotebook

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SHOW = "from vmnb import VM, Network\nnet = Network('lab')\nnet"
MAKE = "a = VM('a <b>', network=net, backend='noop')\na.start()\nprint(a.state)"
BLOCK = "net.block(a)\nprint(net)"


def test_a_drawing_follows_what_later_cells_do_and_is_there_after_a_reload(
    open_notebook: OpenNotebook,
) -> None:
    notebook = open_notebook([SHOW, MAKE, BLOCK])
    notebook.run_all()
    assert notebook.output_text(2) == "<Network 'lab': a <b> running; a <b> blocked>"
    drawing = notebook.page.locator(".jp-OutputArea svg[role=img]")
    expect(drawing).to_have_count(1)
    for words in ("a <b>", "running", "a <b> blocked"):
        expect(drawing.locator("text", has_text=words).first).to_be_visible()
    notebook.save()
    notebook.open()
    expect(drawing.locator("text", has_text="running").first).to_be_visible()
