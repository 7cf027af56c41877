"""The table of a fleet on a bare page: how it is used, read aloud and looks."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.axe import violations

pytestmark = pytest.mark.browser

BUSY = "{action: 'start', since_ms_epoch: Date.now(), expected_s: 5, text: 'booting'}"
ROWS = (
    "[{name: 'web', ways_in: '127.0.0.1:8080→80', uptime_since: new Date(Date.now() - 65000)},"
    f" {{name: 'db', address: '', busy: {BUSY}}}, {{name: 'cache', state: 'suspended'}},"
    " {name: 'mail', state: 'failed', address: '', trouble: 'QEMU was ended by signal 9'},"
    " {name: 'n'.repeat(150), state: 'prepared', address: ''}]"
)
ERROR = "{title: 'cannot start all', message: '1 of 5 VMs are not started:', hint: ''}"
SHOWN = {
    "usual": f"showFleet(fleet({ROWS}))",
    "trouble": f"showFleet(fleet({ROWS}, [], {ERROR}))",
    "many": "showFleet(fleet(Array.from({length: 30}, (_, n) => ({name: `n${n}`}))))",
    "still": f"showFleet(fleet({ROWS}), {{answers: false}})",
}
THEMES = ["lab-light", "lab-dark"]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("shown", SHOWN)
def test_the_table_passes_axe(page: Page, theme: str, shown: str) -> None:
    page.evaluate(f"document.body.dataset.theme = '{theme}'")
    page.evaluate(SHOWN[shown])
    expect(page.get_by_role("button")).to_have_count({"still": 0, "trouble": 5}.get(shown, 4))
    expect(page.get_by_role("row")).to_have_count(31 if shown == "many" else 6)
    assert violations(page.locator("main")) == []


def test_it_is_used_by_keyboard_alone(page: Page) -> None:
    page.evaluate(SHOWN["many"])
    suspend = page.get_by_role("button", name="Suspend all")
    expect(suspend).to_be_visible()
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(suspend).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_function("model.of('action').length === 1")
    assert page.evaluate("model.of('action')[0].action") == "suspend"
    page.evaluate("model.set('fleet', fleet([{name: 'n0', state: 'suspended'}], ['resume']))")
    expect(suspend).to_be_focused()
    expect(suspend).to_have_attribute("aria-description", "there is none to suspend")


def test_a_long_table_is_scrolled_by_keyboard_below_its_heads(page: Page) -> None:
    page.evaluate(SHOWN["many"])
    rows = page.get_by_role("region", name="Machines", exact=True)
    rows.focus()
    page.keyboard.press("End")
    expect(page.get_by_role("rowheader", name="n29", exact=True)).to_be_in_viewport()
    expect(page.get_by_role("columnheader", name="State")).to_be_in_viewport()


def test_on_a_narrow_page_nothing_is_cut_off(page: Page) -> None:
    page.set_viewport_size({"width": 380, "height": 700})
    page.evaluate(SHOWN["usual"])
    expect(page.get_by_role("button", name="Stop all")).to_be_in_viewport()
    expect(page.get_by_text(re.compile("1 booting"))).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
