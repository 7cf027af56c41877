"""A VM in each front end, as a person works with it: real server, browser and guest."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.axe import violations
from tests.browser.card import CardOnPage, destroy_all, pid_of
from tests.browser.front_end import FrontEnd
from tests.browser.lab import in_lab
from tests.browser.marimo import in_marimo
from tests.browser.notebook7 import in_notebook7
from tests.browser.voila import in_voila

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

Open = Callable[[Browser, Path, Sequence[str]], AbstractContextManager[FrontEnd]]
FRONT_ENDS: dict[str, Open] = {
    "JupyterLab": in_lab,
    "Notebook 7": in_notebook7,
    "Voilà": in_voila,
    "marimo": in_marimo,
}
CARD = "from vmnb import VM\nvm = VM('web')\nvm"


@pytest.fixture
def root(homes: Path, tmp_path: Path) -> Iterator[Path]:
    """A directory for a server; the VMs are destroyed after the test."""
    yield tmp_path
    destroy_all()


@pytest.fixture(params=FRONT_ENDS)
def front_end(request: pytest.FixtureRequest, browser: Browser, root: Path) -> Iterator[FrontEnd]:
    with FRONT_ENDS[request.param](browser, root, [CARD]) as front_end:
        front_end.run_all()
        yield front_end


def look(card: CardOnPage, state: str) -> None:
    """Wait for a state, and let axe look at the card."""
    card.expect_state(state)
    assert violations(card.root) == [], f"{state}"


def look_around(card: CardOnPage) -> None:
    """Let axe look at each tab, and at the question before destroying."""
    for title in ("History", "Details", "Console"):
        card.tab(title)
        assert violations(card.root) == [], title
    card.press("Destroy")
    expect(card.root.get_by_role("alertdialog")).to_be_visible()
    assert violations(card.root) == []
    card.press("Cancel")


def test_a_person_works_with_a_guest_by_day_and_by_night(front_end: FrontEnd) -> None:
    card = CardOnPage(front_end.page)
    look(card, "prepared")
    card.press("Start")
    card.expect_on_console(r"root@web:.*#")
    card.type_in_console("echo $((6*7))\n")
    card.expect_on_console(r"42")
    look(card, "running")
    look_around(card)
    card.press("Suspend")
    look(card, "suspended")
    card.press("Resume")
    card.expect_state("running")

    front_end.reload()
    card.expect_on_console(r"echo \$\(\(6\*7\)\)\s*42")
    front_end.set_dark(True)
    look(card, "running")
    card.type_in_console("echo $((7*7))\n")
    card.expect_on_console(r"49")
    look_around(card)
    card.press("Stop")
    look(card, "stopped")
    card.press("Start")
    card.expect_state("running")
    os.kill(pid_of("web"), signal.SIGKILL)
    look(card, "failed")
    expect(card.root.get_by_role("alert")).to_be_visible()


def test_a_marimo_cell_that_runs_again_shows_a_live_card_again(
    browser: Browser, root: Path
) -> None:
    with in_marimo(browser, root, ["from vmnb import VM\nVM('web', backend='noop')"]) as notebook:
        card = CardOnPage(notebook.page)
        card.press("Start")
        card.expect_state("running")
        gone = card.root.element_handle()
        notebook.run_again(0)
        assert gone is not None
        gone.wait_for_element_state("hidden")
        card.press("Suspend")
        card.expect_state("suspended")
