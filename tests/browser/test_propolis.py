"""A VM of Propolis in JupyterLab: a real browser and a real shell, behind the stand-in."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.card import CardOnPage
from tests.browser.conftest import OpenNotebook
from vmnb.testing.propolis import PropolisStandIn

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

CARD = """import vmnb
from vmnb.backends.propolis import PropolisHypervisor
vm = vmnb.VM(
    "web",
    image="/dev/zvol/rdsk/rpool/web",
    network="none",
    backend=PropolisHypervisor({url!r}),
)
vm"""
HISTORY = "print(*vm.history['action'])"


@pytest.fixture
def server() -> Iterator[PropolisStandIn]:
    with PropolisStandIn() as server:
        yield server


def test_a_person_runs_it_types_and_comes_back(
    open_notebook: OpenNotebook, server: PropolisStandIn
) -> None:
    notebook = open_notebook([CARD.format(url=server.url), HISTORY])
    notebook.run_all()
    card = CardOnPage(notebook.page)
    card.expect_state("prepared")
    card.press("Start")
    card.expect_state("running")
    card.expect_on_console("stand-in#")
    card.type_in_console("echo $((6*7))\n")
    card.expect_on_console(r"\)\)\s*42")

    suspend = card.root.get_by_role("button", name="Suspend")
    expect(suspend).to_be_disabled()
    expect(suspend).to_have_attribute("title", re.compile("propolis backend cannot suspend"))
    expect(card.root.get_by_role("button", name="Stop", exact=True)).to_be_enabled()

    notebook.save()
    notebook.open()
    card = CardOnPage(notebook.page)
    card.expect_on_console(r"\)\)\s*42")
    notebook.restart_kernel()
    notebook.run_all()
    card = CardOnPage(notebook.page)
    card.expect_state("running")
    card.expect_on_console(r"\)\)\s*42")
    card.type_in_console("echo $((7*7))\n")
    card.expect_on_console(r"\)\)\s*49")

    card.press("Stop")
    card.expect_state("stopped")
    notebook.run_all()
    assert notebook.output_text(1) == "prepare start stop"


def test_a_guest_that_switches_itself_off_and_a_server_that_dies_are_shown(
    open_notebook: OpenNotebook, server: PropolisStandIn
) -> None:
    notebook = open_notebook([CARD.format(url=server.url), "vm.start(); vm.run('echo in')"])
    notebook.run_all()
    card = CardOnPage(notebook.page)
    card.expect_on_console("stand-in#")
    expect(notebook.output(1).last).to_have_text("in", timeout=90_000)
    card.type_in_console("poweroff\n")
    card.expect_state("stopped")
    card.press("Start")
    card.expect_state("running")
    server.die()
    card.expect_state("failed")
    expect(card.root.get_by_role("alert")).to_contain_text("nobody listens")
