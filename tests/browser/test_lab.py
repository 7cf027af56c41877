"""A VM in JupyterLab, as a person works with it: real server, real browser, real guest."""

import os
import re
import signal
import time

import pytest
from playwright.sync_api import expect

from tests.browser.card import CardOnPage
from tests.browser.conftest import OpenNotebook

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

CARD = "from vmnb import VM\nvm = VM('web')\nvm"
PID = "print(vm.handle.pid)"
ACTIONS = "print(*vm.history['action'])"


def test_a_person_boots_a_guest_types_and_comes_back(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook([CARD, PID, ACTIONS])
    notebook.run_all()
    card = CardOnPage(notebook.page)
    card.expect_state("prepared")
    card.press("Start")
    card.expect_state("running")
    card.expect_on_console(r"root@web:.*#")
    card.type_in_console("echo $((6*7))\n")
    card.expect_on_console(r"42")
    card.press("Suspend")
    card.expect_state("suspended")
    card.press("Resume")
    card.expect_state("running")

    notebook.save()
    notebook.open()
    card = CardOnPage(notebook.page)
    card.expect_on_console(r"echo \$\(\(6\*7\)\)\s*42")
    card.expect_state("running")

    notebook.run_all()
    pid = notebook.output_text(1)
    notebook.restart_kernel()
    notebook.run_all()
    assert notebook.output_text(1) == pid
    card = CardOnPage(notebook.page)
    card.expect_on_console(r"42")
    card.type_in_console("echo $((7*7))\n")
    card.expect_on_console(r"49")

    card.press("Stop")
    card.expect_state("stopped")
    card.tab("History")
    expect(card.root).to_contain_text("suspend")
    notebook.run_all()
    assert notebook.output_text(2) == "prepare start ready suspend resume stop"


def test_a_killed_qemu_is_a_failed_vm_with_the_reason(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook([CARD, "vm.start(); print(vm.handle.pid)"])
    notebook.run_all()
    card = CardOnPage(notebook.page)
    card.expect_state("running")
    os.kill(int(notebook.output_text(1)), signal.SIGKILL)
    killed = time.monotonic()
    card.expect_state("failed", timeout_s=20)
    print(f"the card showed it after {time.monotonic() - killed:.2f} s")
    expect(card.root.get_by_role("alert")).to_contain_text(re.compile("SIGKILL|signal 9"))


def test_a_vm_outlives_its_killed_kernel(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(
        [CARD, "import os; vm.start(); print(vm.handle.pid, os.getpid())", "vm.run('uname -s')"]
    )
    notebook.run_all()
    pid, kernel = notebook.output_text(1).split()
    os.kill(int(kernel), signal.SIGKILL)
    notebook.accept_restarted_kernel()
    notebook.run_all()
    again, other_kernel = notebook.output_text(1).split()
    assert again == pid
    assert other_kernel != kernel
    assert notebook.output_text(2) == "Linux"


def test_a_guest_that_switches_itself_off_is_stopped(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook([CARD, "vm.start(); vm.run('true')"])
    notebook.run_all()
    card = CardOnPage(notebook.page)
    card.expect_on_console(r"root@web:.*#")
    card.type_in_console("poweroff\n")
    card.expect_state("stopped")
    card.tab("History")
    expect(card.root).to_contain_text("power-off")
