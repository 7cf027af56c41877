"""A guest's screen in JupyterLab, as a person sees and uses it: real server, browser and guest."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.card import CardOnPage
from tests.browser.conftest import OpenNotebook

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

CARD = "from vmnb import VM\nvm = VM('web')\nvm.start().wait_for_screen_text('Welcome')\nvm"
PICTURE = "vm.screenshot()"

COMPARE = """([canvas, image]) => {
    const sheet = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext("2d");
    sheet.drawImage(image, 0, 0);
    const area = [0, 0, image.naturalWidth, image.naturalHeight];
    const one = canvas.getContext("2d").getImageData(...area).data;
    const other = sheet.getImageData(...area).data;
    let equal = 0, lit = 0;
    for (let at = 0; at < one.length; at += 4) {
        lit += one[at] > 100;
        equal += Math.abs(one[at] - other[at]) < 16;
    }
    return { size: [canvas.width, canvas.height], equal: equal / (one.length / 4), lit };
}"""


def pair(page: Page) -> list[Any]:
    """Return the live picture and the one that a cell shows."""
    return [
        page.locator(".vmnb-screen canvas").element_handle(),
        page.locator(".jp-OutputArea-output img").last.element_handle(),
    ]


def test_a_person_sees_the_screen_and_types_into_it(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook([CARD, PICTURE])
    notebook.run_all()
    page, card = notebook.page, CardOnPage(notebook.page)
    card.expect_state("running")
    expect(page.locator(".jp-OutputArea-output img")).to_be_visible()

    card.tab("Screen")
    canvas = page.get_by_role("application", name="Screen of web")
    expect(canvas).to_be_visible()
    page.wait_for_function("canvas => canvas.width === 1024", arg=canvas.element_handle())
    page.wait_for_function(f"pair => ({COMPARE})(pair).lit > 1000", arg=pair(page))
    found = page.evaluate(COMPARE, pair(page))
    assert found["equal"] > 0.99

    canvas.click()
    page.keyboard.type("cp /etc/shells /dev/tty")
    page.keyboard.press("Shift+S")
    page.keyboard.type("0\n")
    card.expect_on_console(r"/bin/sh")
    page.keyboard.press("Control+Shift+Enter")
    expect(card.root.get_by_text("leaves the screen")).to_be_focused()

    card.press("Type text…")
    card.root.get_by_role("textbox", name="Text to type").fill("echo Typed-$((6*7)) >/dev/ttyS0\n")
    card.press("Type")
    card.expect_on_console(r"Typed-42")

    card.press("Live")
    still = card.root.get_by_role("img", name="Screen of web")
    expect(still).to_be_visible()
    expect(canvas).to_have_count(0)
    card.press("Ctrl-Alt-Del")
    card.tab("History")
    expect(card.root).to_contain_text("reboot")
    card.press("Stop")
    card.expect_state("stopped")
    card.tab("Screen")
    expect(card.root).to_contain_text("The screen opens here when the machine starts.")
