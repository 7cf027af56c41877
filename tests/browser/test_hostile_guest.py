"""A real guest that wants more of a page than to draw on it, in JupyterLab."""

import pytest
from playwright.sync_api import expect

from tests.browser.card import CardOnPage
from tests.browser.conftest import OpenNotebook
from tests.hostile import REFUSED

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

WRITE = """
from vmnb import VM
vm = VM('web', memory=128)
vm.start()
vm.run('cat >/root/evil', input={evil!r})
vm
"""
MINE = "what this user had copied"


def test_what_a_guest_writes_draws_and_does_nothing_else(open_notebook: OpenNotebook) -> None:
    evil = "<b onclick='x'>" + "".join(REFUSED.values()) + "drawn"
    notebook = open_notebook([WRITE.format(evil=evil), "print(vm.run('cat /root/evil'))"])
    page = notebook.page
    notebook.run_all()
    card = CardOnPage(page)
    card.expect_on_console(r"root@web:.*#")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", MINE)
    before = page.title(), page.url
    card.type_in_console("clear; cat /root/evil; sleep 1; echo; stty -a | grep -c rows; cat\n")
    card.expect_on_console(r"<b onclick='x'>drawn\s*1")
    # What a terminal answers is typed: it would stand before this.
    page.keyboard.type("here\n")
    card.expect_on_console(r"<b onclick='x'>drawn\s*1\s*here\s*here\s*$")
    assert page.evaluate("navigator.clipboard.readText()") == MINE
    assert (page.title(), page.url) == before
    assert len(page.context.pages) == 1
    printed = notebook.output(1).last
    expect(printed).to_contain_text("<b onclick='x'>")
    assert printed.locator("b, img").count() == 0
    # JupyterLab makes a link of an address that can be read; it leads nowhere else.
    for link in printed.locator("a").all():
        assert (link.get_attribute("href") or "").startswith(link.inner_text())
