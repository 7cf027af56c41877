import pytest
from playwright.sync_api import Page, expect

from tests.axe import violations
from tests.frontend.rfb import opened
from tests.frontend.test_metrics import look, tell

pytestmark = pytest.mark.browser

ERROR = "{title: 'web failed', message: 'QEMU ended', hint: 'Start it again.'}"
BUSY = "{action: 'start', since_ms_epoch: Date.now(), expected_s: null, text: 'booting'}"
ROW = "['2026-11-23T10:00:00+00:00', 'prepared', 'running', 'start', 4.9, 'user', 'first']"
STATES = (
    "{segments: [['prepared', 0, 5e4], ['running', 5e4, 9e4], ['suspended', 9e4, 13e4],"
    " ['unknown', 13e4, 17e4], ['failed', 17e4, 21e4]], marks: [['ready', 6e4]]}"
)
LIVE = {
    "running": f"{{history: [{ROW}]}}",
    "prepared": "{card: card('prepared')}",
    "failed": f"{{card: card('failed', {{error: {ERROR}}})}}",
    "busy": f"{{card: card('prepared', {{busy: {BUSY}}})}}",
    "alone": "{layout_kind: 'console'}",
}
THEMES = ["lab-light", "lab-dark"]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("state", LIVE)
def test_the_live_card_passes_axe(page: Page, theme: str, state: str) -> None:
    page.evaluate(f"document.body.dataset.theme = '{theme}'")
    page.evaluate(f"show({LIVE[state]}, {{screen: 'text', position: 4}})")
    expect(page.locator(".xterm")).to_be_attached()
    assert violations(page.locator("main")) == []


@pytest.mark.parametrize("theme", THEMES)
def test_the_search_and_the_question_before_a_link_pass_axe(page: Page, theme: str) -> None:
    page.evaluate(f"document.body.dataset.theme = '{theme}'")
    page.evaluate("show({}, {screen: 'https://example.org/ text', position: 30})")
    expect(page.locator(".xterm-rows")).to_contain_text("text")
    screen = page.locator(".xterm-screen")
    screen.hover(position={"x": 40, "y": 8})
    screen.click(position={"x": 44, "y": 8})
    expect(page.get_by_role("alertdialog")).to_be_visible()
    page.get_by_role("button", name="Find").click()
    page.keyboard.type("text")
    expect(page.get_by_role("search").get_by_role("status")).to_have_text("1 of 1")
    page.get_by_role("button", name="Read only").click()
    assert violations(page.locator("main")) == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("tab", ["History", "Metrics", "Details"])
def test_each_tab_passes_axe(page: Page, theme: str, tab: str) -> None:
    page.evaluate(f"document.body.dataset.theme = '{theme}'")
    page.evaluate(f"show({{history: [{ROW}], states: {STATES}}})")
    page.get_by_role("tab", name=tab).click()
    assert violations(page.locator("main")) == []


@pytest.mark.parametrize("theme", THEMES)
def test_the_charts_pass_axe(page: Page, theme: str) -> None:
    page.evaluate(f"document.body.dataset.theme = '{theme}'")
    look(page)
    tell(page)
    expect(page.get_by_role("img", name="CPU")).to_be_visible()
    assert violations(page.locator("main")) == []


@pytest.mark.parametrize("theme", THEMES)
def test_the_screen_and_the_form_below_it_pass_axe(page: Page, theme: str) -> None:
    page.evaluate(f"document.body.dataset.theme = '{theme}'")
    opened(page)
    page.get_by_role("button", name="Type text…").click()
    assert violations(page.locator("main")) == []


@pytest.mark.parametrize("theme", THEMES)
def test_the_question_before_destroying_passes_axe(page: Page, theme: str) -> None:
    page.evaluate(f"document.body.dataset.theme = '{theme}'")
    page.evaluate("show({})")
    page.get_by_role("button", name="Destroy").click()
    assert violations(page.locator("main")) == []


@pytest.mark.parametrize("theme", THEMES)
def test_the_still_card_passes_axe(page: Page, theme: str) -> None:
    page.evaluate(f"document.body.dataset.theme = '{theme}'")
    page.evaluate(f"show({{history: [{ROW}], snapshot: 'root@web:~# '}}, {{answers: false}})")
    expect(page.locator("pre")).to_be_visible()
    assert violations(page.locator("main")) == []
