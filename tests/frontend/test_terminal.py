"""The terminal's tools on a page: search, links, paste and copy, sizes, locks, two consoles."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.frontend.test_console import show, typed

pytestmark = pytest.mark.browser

HOSTILE_URL = "https://bank.example@evil.example/path?query=1"


def tool(page: Page, name: str) -> Locator:
    return page.get_by_role("toolbar").first.get_by_role("button", name=name)


def sizes(page: Page) -> list[dict[str, Any]]:
    wished: list[dict[str, Any]] = page.evaluate("model.of('size')")
    return wished


def paste(page: Page, text: str) -> None:
    page.locator(".xterm textarea").first.evaluate(
        "(area, text) => { const data = new DataTransfer(); data.setData('text/plain', text);"
        " area.dispatchEvent(new ClipboardEvent('paste',"
        " {clipboardData: data, bubbles: true, cancelable: true})); }",
        text,
    )


def test_the_scrollback_is_searched_by_keyboard(page: Page) -> None:
    lines = r"Array.from({length: 60}, (_, n) => `line ${n} ${n % 20 ? '' : 'needle'}`)"
    rows = show(page, script=f"{{screen: {lines}.join('\\r\\n'), position: 900}}")
    expect(rows).to_contain_text("line 59")
    page.locator(".xterm").click()
    page.keyboard.press("Control+Shift+F")
    bar = page.get_by_role("search")
    page.keyboard.type("needle")
    expect(bar.get_by_role("status")).to_have_text("1 of 3")
    expect(rows).to_contain_text("line 0")
    page.keyboard.press("Enter")
    expect(bar.get_by_role("status")).to_have_text("2 of 3")
    bar.get_by_role("button", name="Previous match").click()
    expect(bar.get_by_role("status")).to_have_text("1 of 3")
    page.get_by_role("textbox", name="Find on the console").fill("nothing such")
    expect(bar.get_by_role("status")).to_have_text("no match")
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()
    expect(page.locator(".xterm textarea")).to_be_focused()
    assert typed(page) == ""


def test_an_address_is_opened_only_after_a_question_that_shows_all_of_it(page: Page) -> None:
    rows = show(page, script=f"{{screen: '{HOSTILE_URL} end', position: 60}}")
    expect(rows).to_contain_text("end")
    screen = page.locator(".xterm-screen")
    screen.hover(position={"x": 40, "y": 8})
    screen.click(position={"x": 44, "y": 8})
    question = page.get_by_role("alertdialog")
    expect(question).to_contain_text("evil.example")
    expect(question).to_contain_text(HOSTILE_URL)
    assert len(page.context.pages) == 1
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    assert page.locator("main a[href]").count() == 0

    page.context.route("**/*evil*/**", lambda route: route.fulfill(body="opened"))
    screen.hover(position={"x": 60, "y": 8})
    screen.click(position={"x": 64, "y": 8})
    with page.context.expect_page() as opened:
        question.get_by_role("link", name="Open").click()
    assert "evil.example/path" in opened.value.url
    assert opened.value.evaluate("window.opener") is None


def test_what_is_pasted_has_no_hidden_keys_and_brackets_where_asked(page: Page) -> None:
    rows = show(page, script="{screen: 'x', position: 1}")
    expect(rows).to_contain_text("x")
    paste(page, "one\x1b[A\x03\ntwo\x07")
    page.wait_for_function("model.of('input').length === 1")
    assert typed(page) == "one[A\rtwo"
    page.evaluate(r"model.output('\x1b[?2004h now')")
    expect(rows).to_contain_text("now")
    paste(page, "a\x1b[201~b")
    page.wait_for_function("model.of('input').length === 2")
    assert typed(page) == "one[A\rtwo\x1b[200~a[201~b\x1b[201~"


def test_a_selection_is_copied_and_the_next_key_interrupts(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    rows = show(page, script="{screen: 'secret words', position: 12}")
    expect(rows).to_contain_text("secret")
    page.locator(".xterm-screen").dblclick(position={"x": 12, "y": 8})
    page.keyboard.press("Control+Shift+C")
    page.wait_for_function("navigator.clipboard.readText().then((text) => text === 'secret')")
    assert typed(page) == ""
    page.keyboard.press("Control+c")
    assert typed(page) == "\x03"


def test_the_console_wishes_for_the_size_that_fits_and_takes_what_the_kernel_says(
    page: Page,
) -> None:
    show(page, script="{screen: 'x', position: 1, follows: true}")
    page.wait_for_function("model.of('size').length === 1")
    first = sizes(page)[0]
    assert first["cols"] > 80
    assert (first["rows"], first["by_hand"], first["typed"]) == (24, False, False)
    frame = page.locator(".vmnb-terminal").first
    expect(page.locator(".xterm-rows > div")).to_have_count(24)
    assert frame.evaluate("frame => frame.scrollWidth <= frame.clientWidth")
    page.set_viewport_size({"width": 600, "height": 760})
    page.wait_for_function("model.of('size').length === 2")
    assert sizes(page)[1]["cols"] < first["cols"]
    assert frame.evaluate("frame => frame.scrollWidth <= frame.clientWidth")


def test_the_height_is_changed_by_keyboard_and_by_mouse_and_kept(page: Page) -> None:
    show(page, script="{screen: 'x', position: 1, follows: true}")
    page.wait_for_function("model.of('size').length === 1")
    grip = page.get_by_role("separator").first
    grip.press("ArrowDown")
    grip.press("ArrowDown")
    expect(page.locator(".xterm-rows > div")).to_have_count(26)
    assert (sizes(page)[-1]["rows"], sizes(page)[-1]["by_hand"]) == (26, True)
    box = grip.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] - 150, steps=4)
    page.mouse.up()
    page.wait_for_function("model.size.rows < 20")
    kept = page.evaluate("JSON.parse(localStorage.getItem('vmnb.console')).rows")
    assert kept == page.evaluate("model.size.rows")


def test_a_guest_without_an_agent_is_told_only_when_a_person_wants_it(page: Page) -> None:
    consoles = "[{read_only: false, sizes_itself: false}]"
    show(page, f"{{card: card('running', {{consoles: {consoles}}})}}", "{screen: 'x', position: 1}")
    offer = page.locator(".vmnb-offer", has_text="Fit to")
    expect(offer).to_contain_text("Fit to")
    assert all(not size["typed"] for size in sizes(page))
    page.evaluate("model.follows = true")
    offer.click()
    expect(offer).to_be_hidden()
    assert (sizes(page)[-1]["typed"], sizes(page)[-1]["by_hand"]) == (True, True)


def test_read_only_sends_no_key_and_answers_the_guest(page: Page) -> None:
    rows = show(page, script="{screen: 'x', position: 1}")
    expect(rows).to_contain_text("x")
    tool(page, "Read only").click()
    expect(tool(page, "Read only")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".vmnb-console-status").first).to_contain_text("Read only")
    page.locator(".xterm-screen").click()
    page.keyboard.type("rm -rf /\n")
    paste(page, "pasted")
    page.evaluate(r"model.output('\x1b[6n')")
    page.wait_for_function("model.of('input').length === 1")
    assert page.evaluate("model.of('input')[0].reply")
    tool(page, "Read only").click()
    page.locator(".xterm-screen").click()
    page.keyboard.type("a")
    assert typed(page).endswith("a")


def test_the_kernel_can_lock_a_console(page: Page) -> None:
    show(page, script="{screen: 'x', position: 1}")
    locked = "[{read_only: true, sizes_itself: true}]"
    page.evaluate(f"model.set('card', card('running', {{consoles: {locked}}}))")
    page.locator(".xterm-screen").click()
    page.keyboard.type("a")
    assert typed(page) == ""


def test_text_size_and_screen_reader_are_kept_for_the_next_page(page: Page) -> None:
    show(page, script="{screen: 'x', position: 1}")
    size = "getComputedStyle(document.querySelector('.xterm-rows')).fontSize"
    before = page.evaluate(f"parseFloat({size})")
    page.locator(".xterm").click()
    page.keyboard.press("Control+Shift++")
    page.wait_for_function(f"parseFloat({size}) === {before + 1}")
    tool(page, "Larger text").click()
    page.wait_for_function(f"parseFloat({size}) === {before + 2}")
    tool(page, "Screen reader").click()
    expect(page.locator(".xterm-accessibility")).to_be_attached()
    assert typed(page) == ""
    page.reload()
    page.wait_for_function("window.ready")
    page.evaluate("document.body.dataset.theme = 'lab-light'")
    show(page, script="{screen: 'x', position: 1}")
    assert page.evaluate(f"parseFloat({size})") == before + 2
    expect(page.locator(".xterm-accessibility")).to_be_attached()


def test_the_tools_are_one_stop_and_move_by_arrow_keys(page: Page) -> None:
    show(page, script="{screen: 'x', position: 1}")
    tool(page, "Find").focus()
    page.keyboard.press("ArrowRight")
    expect(tool(page, "Smaller text")).to_be_focused()
    page.keyboard.press("End")
    expect(tool(page, "Screen reader")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(tool(page, "Find")).to_be_focused()
    assert page.locator(".vmnb-tools button[tabindex='0']").count() == 1


def test_two_consoles_are_told_apart(page: Page) -> None:
    rows = show(page, script="{screen: 'the first', position: 9}")
    expect(rows).to_contain_text("the first")
    page.get_by_role("button", name="Serial 2").click()
    expect(page.get_by_role("button", name="Serial 2")).to_be_focused()
    expect(page.locator(".vmnb-console-status:visible")).to_have_text(
        "Nothing has been said on it yet."
    )
    expect(page.locator(".xterm-rows:visible")).not_to_contain_text("first")
    page.locator(".xterm-screen:visible").click()
    page.keyboard.type("b")
    assert [message["console"] for message in page.evaluate("model.of('input')")] == [1]
    assert [message["console"] for message in page.evaluate("model.of('hello')")] == [0, 1]
    page.get_by_role("button", name="Serial 1").click()
    expect(page.locator(".xterm-rows:visible")).to_contain_text("the first")
