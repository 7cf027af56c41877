"""The tab Metrics in JupyterLab: a VM without a guest is measured while somebody looks."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.card import CardOnPage
from tests.browser.conftest import OpenNotebook

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

CARD = "from vmnb import VM\nvm = VM('web', backend='noop').start()\nvm"
TELL = """
import os, threading, time
def tell():
    while True:
        with open('new', 'w') as file:
            print(vm._live.sampler.is_sampling, vm._live.sampler.end, file=file)
        os.replace('new', 'sampling')
        time.sleep(0.1)
threading.Thread(target=tell, daemon=True).start()
"""
"""Tells the sampler's state in a file, so that it is seen without a page, too."""

WITHIN_S = 60.0


def until(told: Path, condition: Callable[[bool, int], bool]) -> int:
    """Wait until the kernel tells what `condition` is for, and return the count of samples."""
    end = time.monotonic() + WITHIN_S
    while time.monotonic() < end:
        if told.exists():
            word, count = told.read_text().split()
            if condition(word == "True", int(count)):
                return int(count)
        time.sleep(0.1)
    raise AssertionError(f"the kernel says {told.read_text()}")


def test_a_vm_is_measured_while_its_tab_is_shown_and_not_longer(
    open_notebook: OpenNotebook, tmp_path: Path
) -> None:
    notebook = open_notebook([CARD, TELL])
    told = tmp_path / "notebooks" / "sampling"
    notebook.run_all()
    card = CardOnPage(notebook.page)
    card.expect_state("running")
    assert until(told, lambda sampling, _: not sampling) == 0

    card.tab("Metrics")
    chart = card.root.get_by_role("img", name="CPU")
    expect(chart).to_be_visible()
    expect(chart).not_to_have_attribute("aria-label", "not known")
    count = until(told, lambda sampling, count: sampling and count >= 4)
    expect(card.root).to_contain_text("made up: the noop backend runs no guest")

    card.tab("History")
    stopped = until(told, lambda sampling, _: not sampling)
    assert stopped >= count
    expect(card.root.get_by_role("img", name="States over time")).to_be_visible()

    card.tab("Metrics")
    until(told, lambda sampling, count: sampling and count > stopped)
    notebook.page.close()
    until(told, lambda sampling, _: not sampling)
