"""The card in JupyterLab by keyboard alone, with a real guest."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.card import CardOnPage
from tests.browser.conftest import OpenNotebook

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

CARD = "from vmnb import VM\nvm = VM('web')\nvm"
TABS_MAX = 60


def tab_into(page: Page, part: Locator) -> None:
    """Press Tab until the focus is in `part`."""
    for _ in range(TABS_MAX):
        page.keyboard.press("Tab")
        if part.evaluate("(part) => part.contains(document.activeElement)"):
            return
    raise AssertionError("the focus never came into the card")


def test_everything_on_the_card_can_be_done_by_keyboard(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook([CARD])
    notebook.run_all()
    page = notebook.page
    card = CardOnPage(page)
    card.expect_state("prepared")
    press = page.keyboard.press

    def button(name: str) -> Locator:
        return card.root.get_by_role("button", name=name, exact=True)

    def tab(name: str) -> Locator:
        return card.root.get_by_role("tab", name=name)

    # From the cell to the first button, which keeps the focus while it works.
    press("Escape")
    tab_into(page, card.root)
    expect(button("Start")).to_be_focused()
    press("Enter")
    card.expect_state("running")
    expect(button("Start")).to_be_focused()
    press("Tab")
    expect(button("Stop")).to_be_focused()
    press("Tab")
    expect(button("Suspend")).to_be_focused()
    press("Space")
    card.expect_state("suspended")
    expect(button("Resume")).to_be_focused()
    press("Enter")
    card.expect_state("running")
    expect(button("Suspend")).to_be_focused()

    # The question can be left by Escape and by Cancel, and gives the focus back.
    press("Tab")
    expect(button("Destroy")).to_be_focused()
    press("Enter")
    expect(button("Cancel")).to_be_focused()
    press("Escape")
    expect(button("Destroy")).to_be_focused()
    press("Enter")
    press("Enter")
    expect(button("Destroy")).to_be_focused()
    card.expect_state("running")

    # Tabs by arrows; the next Tab is the tab's content.
    press("Tab")
    expect(tab("Console")).to_be_focused()
    press("ArrowRight")
    expect(tab("History")).to_be_focused()
    expect(card.root.get_by_role("tabpanel", name="History")).to_contain_text("suspend")
    press("End")
    expect(tab("Details")).to_be_focused()
    press("Home")
    expect(tab("Console")).to_be_focused()

    # The console takes every key but the one that leaves it, and Tab goes on from there.
    card.expect_on_console(r"root@web:.*#")
    press("Tab")
    expect(card.root.get_by_role("textbox", name=re.compile("Console of web"))).to_be_focused()
    page.keyboard.type("echo $((6*7))")
    press("Enter")
    card.expect_on_console(r"42")
    page.keyboard.type("ec")
    press("Tab")
    page.keyboard.type("ho dd 4$((1+1))")
    press("Enter")
    press("Control+Shift+Enter")
    assert card.root.evaluate("(card) => card.contains(document.activeElement)")
    expect(card.root.locator(".xterm textarea")).not_to_be_focused()
    press("Tab")
    assert page.evaluate("document.activeElement !== document.body")
    assert not card.root.evaluate("(card) => card.contains(document.activeElement)")
    expect(page.locator(".jp-CodeCell")).to_have_count(1)  # `dd` was the guest's

    # Backwards it is left as well, and the question has an end.
    press("Shift+Tab")
    press("Control+Shift+Enter")
    press("Shift+Tab")
    expect(tab("Console")).to_be_focused()
    press("Shift+Tab")
    expect(button("Destroy")).to_be_focused()
    press("Enter")
    press("Tab")
    press("Enter")
    card.expect_state("destroyed")
    expect(button("Destroy")).to_be_focused()
