"""A console in JupyterLab whose connection loses what is sent, ends, and comes back."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.card import CardOnPage, destroy_all
from tests.browser.lab import Notebook, lab_server
from tests.browser.wire import Wire, wire_to

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

CARD = "from vmnb import VM\nvm = VM('web').start()\nvm.run('true')"


@pytest.fixture
def wired(browser: Browser, homes: Path, tmp_path: Path) -> Iterator[tuple[Notebook, Wire]]:
    """A notebook whose page reaches the server by a wire, and the wire."""
    with lab_server(tmp_path) as url, wire_to(urlsplit(url).port or 0) as (wire, port):
        url = re.sub(r":\d+/", f":{port}/", url)
        notebook = Notebook(browser, url, tmp_path, [CARD, "vm"])
        yield notebook, wire
        notebook.page.close()
        destroy_all()


def test_what_was_said_and_typed_while_the_connection_was_gone_is_there_once(
    wired: tuple[Notebook, Wire],
) -> None:
    notebook, wire = wired
    notebook.run_all()
    card = CardOnPage(notebook.page)
    card.expect_on_console(r"root@web:.*#")
    card.type_in_console("sleep 1; for i in 1 2 3; do echo unseen $((i*7)); done; echo seen $i\n")
    wire.loses = True
    card.type_in_console("echo typed $((6*7))\n")
    status = card.console_status()
    expect(status).not_to_be_empty()
    wire.cut()
    card.expect_on_console(r"unseen 7\s*unseen 14\s*unseen 21\s*seen 3.*echo typed .*typed 42")
    expect(status).to_be_empty()
    text = card.console().inner_text()
    assert len(re.findall(r"typed 42", text)) == 1
    card.type_in_console("echo again $((6*8))\n")
    card.expect_on_console(r"again 48")
    card.press("Suspend")
    card.expect_state("suspended")
