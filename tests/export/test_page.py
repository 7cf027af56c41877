"""An exported page as a person reads it: offline, with the keyboard, without scripts."""

from html import escape
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

import vmnb
from tests.axe import violations
from vmnb.console.cast import Cast

from .conftest import OpenPage
from .notebooks import HOSTILE, card_outputs, cast_of, write_notebook

pytestmark = pytest.mark.browser

CAST = cast_of(
    (0.0, "o", "first\r\n"),
    (1.0, "o", "\x1b[31msecond\x1b[0m\r\n"),
    (500.0, "r", "100x30"),
    (500.0, "o", "third\r\n"),
    (501.0, "m", "the VM has stopped"),
)
"""Four seconds without its long pause."""


def page_of(tmp_path: Path, cast: Cast, text: str = "the text") -> Path:
    html = f'<div class="vmnb-kept"><b>web</b><pre class="vmnb-text">{escape(text)}</pre></div>'
    path = write_notebook(tmp_path / "lesson.ipynb", ("vm", card_outputs(html, cast)))
    return vmnb.export(path)


def rows(page: Page) -> Locator:
    return page.locator(".vmnb-replay .xterm-rows")


def test_the_page_shows_the_end_and_is_played_from_the_beginning(
    tmp_path: Path, open_page: OpenPage
) -> None:
    page = open_page(page_of(tmp_path, CAST))
    expect(rows(page)).to_contain_text("third")
    expect(page.locator(".vmnb-time")).to_have_text("0:04 / 0:04")
    expect(page.locator(".vmnb-mark")).to_have_text("the VM has stopped")
    page.get_by_label("Speed").select_option("8")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(rows(page)).to_contain_text("third")


def test_it_is_scrubbed_by_keys_and_named_for_screen_readers(
    tmp_path: Path, open_page: OpenPage
) -> None:
    page = open_page(page_of(tmp_path, CAST))
    expect(rows(page)).to_contain_text("third")
    slider = page.get_by_role("slider", name="Position")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(rows(page)).to_contain_text("second")
    expect(rows(page)).not_to_contain_text("third")
    expect(slider).to_have_attribute("aria-valuetext", "0:02 of 0:04")
    slider.fill("0")
    expect(rows(page)).not_to_contain_text("second")
    expect(rows(page)).to_contain_text("first")
    page.keyboard.press("ArrowRight")
    expect(rows(page)).to_contain_text("second")
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Play")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.locator(".xterm-helper-textarea")).not_to_be_focused()
    expect(page.get_by_role("region", name="Replay of the console of web")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_passes_axe(tmp_path: Path, open_page: OpenPage, scheme: str) -> None:
    page = open_page(page_of(tmp_path, CAST), color_scheme=scheme, bypass_csp=True)
    expect(rows(page)).to_contain_text("third")
    assert violations(page.locator("body")) == []


def test_without_scripts_the_text_is_there(tmp_path: Path, open_page: OpenPage) -> None:
    page = open_page(page_of(tmp_path, CAST), java_script_enabled=False)
    expect(page.locator("pre.vmnb-text")).to_be_visible()
    expect(page.locator("pre.vmnb-text")).to_have_text("the text")


def test_with_scripts_the_text_is_a_click_away(tmp_path: Path, open_page: OpenPage) -> None:
    page = open_page(page_of(tmp_path, CAST))
    text = page.locator("pre.vmnb-text")
    expect(text).to_be_hidden()
    page.get_by_text("Console as text").click()
    expect(text).to_have_text("the text")


def test_hostile_output_changes_nothing_but_the_screen(tmp_path: Path, open_page: OpenPage) -> None:
    cast = cast_of((0.0, "o", f"{HOSTILE} done"), (1.0, "m", HOSTILE), title=HOSTILE)
    page = open_page(page_of(tmp_path, cast, HOSTILE))
    expect(rows(page)).to_contain_text("done")
    assert page.evaluate("typeof stolen") == "undefined"
    assert page.title() == "lesson"
    assert page.locator(".vmnb-kept a, .vmnb-kept img").count() == 0


def test_scripts_in_other_outputs_do_not_run(tmp_path: Path, open_page: OpenPage) -> None:
    hostile = "<script>stolen = 1</script><b onclick='stolen = 1'>press</b>"
    path = write_notebook(tmp_path / "lesson.ipynb", ("x", card_outputs(hostile, None)))
    page = open_page(vmnb.export(path))
    page.get_by_text("press").click()
    assert page.evaluate("typeof stolen") == "undefined"


def test_many_seeks_end_at_the_last_one(tmp_path: Path, open_page: OpenPage) -> None:
    flood = tuple((n * 0.01, "o", f"{n} {'x' * 70}\r\n") for n in range(20_000))
    page = open_page(page_of(tmp_path, cast_of(*flood).newest(1_000_000)))
    expect(rows(page)).to_contain_text("19999")
    slider = page.get_by_role("slider")
    for share in ("0", "50", "10", "100", "20"):
        slider.fill(share)
    expect(page.locator(".vmnb-time")).to_contain_text("0:20 /")
    page.wait_for_function(
        "() => /^\\s*\\d+ x/m.test(document.querySelector('.xterm-rows').innerText)"
    )
    expect(rows(page)).not_to_contain_text("19999")
