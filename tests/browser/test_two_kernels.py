"""Two notebooks, each with a kernel of its own, show one VM: all see, one types, the other may."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.card import CardOnPage, destroy_all
from tests.browser.lab import Notebook, lab_server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

FIRST = "from vmnb import VM\nvm = VM('shared').start()\nvm"
SECOND = "from vmnb import VM\nvm = VM.attach('shared')\nvm"


@pytest.mark.usefixtures("homes")
def test_both_see_what_is_done_and_the_console_is_taken_over(
    browser: Browser, tmp_path: Path
) -> None:
    with lab_server(tmp_path) as url:
        notebooks = [
            Notebook(browser, url, tmp_path, [cell], name=name)
            for name, cell in (("first", FIRST), ("second", SECOND))
        ]
        cards = []
        for notebook in notebooks:
            notebook.run_all()
            cards.append(CardOnPage(notebook.page))
        first, second = cards
        first.expect_on_console(r":~#")
        first.type_in_console("echo $((6*7))\n")
        for card in cards:
            card.expect_on_console(r"42")
        take_over = second.root.get_by_role("button", name="Take over")
        expect(take_over).to_be_visible()
        expect(first.root.get_by_role("button", name="Take over")).to_be_hidden()
        take_over.click()
        expect(first.root.get_by_role("button", name="Take over")).to_be_visible()
        second.type_in_console("echo $((6*9))\n")
        for card in cards:
            card.expect_on_console(r"54")
        second.press("Suspend")
        for card in cards:
            card.expect_state("suspended")
        first.press("Resume")
        for card in cards:
            card.expect_state("running")
        for notebook in notebooks:
            notebook.page.close()
    destroy_all()
