"""What front ends that cannot be had here allow and what not, such as VS Code and Colab.

A bare page with a scripted model stands in for them: it loses or changes buffers, and refuses code,
as their documents and sources say. What else they do, these tests do not know.
"""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, Route, expect

pytestmark = pytest.mark.browser

WHOLE = ["DataView", "Uint8Array", "ArrayBuffer", "part"]
LOST = ["json", "lost"]
THEMES = [
    "lab-light",
    "lab-dark",
    "vscode-light",
    "vscode-dark",
    "vscode-contrast",
    "colab-light",
    "colab-dark",
    "marimo-light",
    "marimo-dark",
    "plain-light",
    "plain-dark",
]
CONTRAST = """() => {
  const spans = [...document.querySelectorAll("*")].map((one) => one.shadowRoot ?? document);
  const root = spans.find((one) => one !== document) ?? document;
  const luminance = (colour) => {
    const numbers = colour.match(/[\\d.]+/g).map(Number);
    const scale = colour.startsWith("color(") ? 1 : 255;
    const [red, green, blue] = numbers.map((value) => {
      const part = value / scale;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = luminance(getComputedStyle(root.querySelector(".vmnb-terminal")).backgroundColor);
  return [...root.querySelectorAll(".xterm-rows span")]
    .filter((span) => /^c\\d+$/.test(span.textContent.trim()))
    .map((span) => luminance(getComputedStyle(span).color))
    .map((own) => (Math.max(own, ground) + 0.05) / (Math.min(own, ground) + 0.05));
}"""


def types_and_reads(page: Page) -> None:
    rows = page.locator(".xterm-rows")
    expect(rows).to_be_visible()
    page.locator(".xterm").click()
    page.keyboard.type("echo ä")
    expect(rows).to_contain_text("# echo ä")


@pytest.mark.parametrize("hears", [True, False], ids=["heard", "unheard"])
@pytest.mark.parametrize("form", WHOLE + LOST)
def test_the_console_works_whatever_becomes_of_buffers(page: Page, form: str, hears: bool) -> None:
    way = f"form: '{form}', hears: {str(hears).lower()}"
    page.evaluate(f"show({{}}, {{screen: '# ', position: 2, echo: true, {way}}})")
    types_and_reads(page)
    asked = len(page.evaluate("model.of('bundle')"))
    by_text = {"base64" in message for message in page.evaluate("model.of('input')")}
    assert asked == (2 if form in LOST else 1)
    assert by_text == {not hears}


@pytest.mark.parametrize("form", LOST)
def test_a_second_card_knows_how_bytes_travel(page: Page, form: str) -> None:
    page.evaluate(f"show({{}}, {{form: '{form}', hears: false}})")
    expect(page.locator(".xterm-rows")).to_be_visible()
    page.evaluate("leave()")
    way = f"screen: '# ', position: 2, echo: true, form: '{form}', hears: false"
    page.evaluate(f"show({{}}, {{{way}}})")
    types_and_reads(page)
    assert page.evaluate("model.of('bundle')") == []


@pytest.fixture
def page_with(browser: Browser, site: str) -> Callable[[str], Page]:
    """Open the harness page under a policy, on an address that is no secure context."""
    address = "http://vmnb.example"  # as a notebook's server by plain HTTP

    def fetch(route: Route) -> None:
        route.fulfill(response=route.fetch(url=route.request.url.replace(address, site)))

    def open_page(policy: str) -> Page:
        page = browser.new_page()
        page.route(f"{address}/**", fetch)
        page.goto(f"{address}/harness.html?policy={quote(policy)}")
        page.evaluate("import('/harness.js')")  # the policy refuses what waits for a function
        return page

    return open_page


@pytest.mark.parametrize("policy", ["script-src 'self' data:", "script-src 'self' blob:"])
def test_one_kind_of_module_is_enough(page_with: Callable[[str], Page], policy: str) -> None:
    page = page_with(policy)
    page.evaluate("show({}, {screen: '# ', position: 2, echo: true})")
    types_and_reads(page)
    page.close()


def test_a_page_that_refuses_all_code_says_so_below_what_was_saved(
    page_with: Callable[[str], Page],
) -> None:
    page = page_with("script-src 'self'")
    page.evaluate("show({snapshot: 'root@web:~# saved'})")
    expect(page.locator("pre")).to_have_text("root@web:~# saved")
    expect(page.locator(".vmnb-saved")).to_contain_text("code does not run on this page")
    page.close()


def test_a_frame_without_origin_storage_and_cryptography_is_enough(
    page_with: Callable[[str], Page],
) -> None:
    page = page_with("sandbox allow-scripts")
    assert page.evaluate("[origin, isSecureContext, typeof crypto.subtle]") == [
        "null",
        False,
        "undefined",
    ]
    assert page.evaluate("(() => { try { return localStorage } catch { return 'none' } })()") == (
        "none"
    )
    page.evaluate("show({}, {screen: '# ', position: 2, echo: true})")
    types_and_reads(page)
    page.close()


def test_a_kernel_that_takes_no_message_any_more_is_named(page: Page) -> None:
    page.evaluate("show({})")
    expect(page.locator(".xterm-rows")).to_be_visible()
    page.evaluate("model.works = false")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".vmnb-note")).to_contain_text("has not answered")


@pytest.mark.parametrize("theme", THEMES)
def test_the_guests_sixteen_colours_can_be_read(page: Page, theme: str) -> None:
    page.evaluate(f"document.body.dataset.theme = '{theme}'")
    host = "marimo-anywidget" if theme.startswith("marimo") else ""
    colours = [*range(30, 38), *range(90, 98)]
    screen = "\\r\\n".join(f"\\x1b[{colour}mc{colour}\\x1b[0m" for colour in colours)
    page.evaluate(f"show({{}}, {{screen: '{screen}', position: 9}}, '{host}')")
    expect(page.locator(".xterm-rows")).to_contain_text("c97")
    contrasts = page.evaluate(CONTRAST)
    assert len(contrasts) == 16
    assert min(contrasts) >= 4.5, contrasts
