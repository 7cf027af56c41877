"""The table of a fleet in JupyterLab, as a person works with it: three real guests."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.axe import violations
from tests.browser.conftest import OpenNotebook

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

MAKE = (
    "from vmnb import VM, Fleet, user\n"
    "fleet = Fleet([VM('web', memory=128, network=user(forward=[80])),"
    " VM('db', memory=128), VM('cache', memory=128)])\nfleet"
)
WORK = "fleet.start().run('hostname')"
BLOCK = "for vm in fleet:\n    vm.wait_for_state('suspended', timeout=300)\nprint(fleet)"
STATES = "print(*fleet.states)"


class TableOnPage:
    """A fleet's table as a person sees it."""

    def __init__(self, page: Page) -> None:
        self.root = page.locator(".vmnb-fleet").first

    def press(self, button: str) -> None:
        self.root.get_by_role("button", name=button, exact=True).click()

    def expect_summary(self, words: str) -> None:
        expect(self.root.get_by_role("status").first).to_have_text(words, timeout=300_000)


def test_a_person_follows_three_guests_and_suspends_them_all_while_a_cell_runs(
    open_notebook: OpenNotebook, tmp_path: Path
) -> None:
    notebook = open_notebook([MAKE, WORK, BLOCK, STATES])
    notebook.run_above(1)
    table = TableOnPage(notebook.page)
    table.expect_summary("3 prepared")
    notebook.begin_from(1)
    table.expect_summary("3 running")
    expect(table.root.get_by_role("row")).to_have_text(
        [
            re.compile("VM.*State.*Address.*Now"),
            re.compile(r"web.*running.*10\.0\.2\.15.*127\.0\.0\.1:\d+→80.*up \d+"),
            re.compile(r"db.*running.*10\.0\.2\.15.*up \d+"),
            re.compile(r"cache.*running.*10\.0\.2\.15.*up \d+"),
        ],
        timeout=300_000,
    )
    expect(notebook.output(1).locator("td", has_text="cache")).to_be_visible(timeout=300_000)
    table.press("Suspend all")
    table.expect_summary("3 suspended")
    expect(notebook.output(3)).to_have_text("suspended suspended suspended")
    for is_dark in (False, True):
        notebook.set_dark(is_dark)
        assert violations(table.root) == []
        name = "dark" if is_dark else "light"
        notebook.page.screenshot(path=tmp_path / f"{name}.png")
    table.press("Resume all")
    table.expect_summary("3 running")
    notebook.reload()
    table.expect_summary("3 running")
    table.press("Stop all")
    table.expect_summary("3 stopped")
