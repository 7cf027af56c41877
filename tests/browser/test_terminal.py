"""The terminal with a real guest in JupyterLab: its size, full-screen programs, two consoles."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.card import CardOnPage
from tests.browser.conftest import OpenNotebook

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

CARD = "from vmnb import VM\nvm = VM('web')\nvm.start()\nvm"
FITS = """() => { const screen = document.querySelector('.vmnb-card .xterm-screen');
    return screen.clientWidth > 0.9 * screen.closest('.vmnb-terminal').clientWidth; }"""
UNTIL = "clear; until stty size 2>/dev/null | grep '^{} '; do sleep 0.2; done\n"
FULL_SCREEN = [
    ("vi /etc/profile\n", r"- /etc/profile", ":q\n"),
    ("top -d 600\n", r"PID\s+PPID", "q"),
]
# Each run of cells with its text and looks; the cursor blinks, and comes and goes with the focus.
PAINTED = """[...document.querySelector('.vmnb-card .xterm-rows').children].map((row) =>
    [...row.children].map((run) => [run.textContent, run.getAttribute('style'),
        [...run.classList].filter((name) => !name.startsWith('xterm-cursor'))]))"""


def painted(page: Page) -> str:
    rows: str = page.evaluate(f"JSON.stringify({PAINTED})")
    return rows


def test_guest_and_card_have_one_size_and_full_screen_programs_survive_a_reload(
    open_notebook: OpenNotebook,
) -> None:
    notebook = open_notebook([CARD])
    notebook.run_all()
    card = CardOnPage(notebook.page)
    card.expect_on_console(r"root@web:.*#")
    rows = card.root.locator(".xterm-rows:visible")
    notebook.page.wait_for_function(FITS)
    card.type_in_console(UNTIL.format("24"))
    card.expect_on_console(r"24 (8[1-9]|9\d|1\d\d)")
    grip = card.root.get_by_role("separator").first
    for _ in range(6):
        grip.press("ArrowDown")
    expect(rows.locator("> div")).to_have_count(30)
    card.type_in_console(UNTIL.format("30"))
    card.expect_on_console(r"30 (8[1-9]|9\d|1\d\d)")

    for command, drawn, leave in FULL_SCREEN:
        card.type_in_console(command)
        card.expect_on_console(drawn)
        notebook.page.keyboard.press("Control+Shift+Enter")
        before = painted(notebook.page)
        notebook.save()
        notebook.open()
        card = CardOnPage(notebook.page)
        card.expect_on_console(drawn)
        notebook.page.wait_for_function(
            f"before => JSON.stringify({PAINTED}) === before", arg=before
        )
        card.type_in_console(leave)


def test_two_consoles_are_two_shells(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook([CARD, "print(len(vm.consoles)); print(vm.consoles[1].text[-200:])"])
    notebook.run_all()
    card = CardOnPage(notebook.page)
    card.expect_on_console(r"root@web:.*#")
    card.root.get_by_role("button", name="Serial 2").click()
    rows = card.root.locator(".xterm-rows:visible")
    expect(rows).to_contain_text(re.compile(r"root@web:.*#"), timeout=60_000)
    card.root.locator(".xterm-screen:visible").click()
    notebook.page.keyboard.type("tty; stty size\n")
    expect(rows).to_contain_text("/dev/ttyS1")
    notebook.run_all()
    expect(notebook.output(1).last).to_contain_text("/dev/ttyS1")
