"""A guest's output in a real browser: each sequence that would do more than draw does nothing."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.hostile import REFUSED

from .test_console import show, typed

pytestmark = pytest.mark.browser

MINE = "what this user had copied"


@pytest.fixture
def rows_page(page: Page) -> Page:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", MINE)
    return page


def expect_nothing_happened(page: Page) -> None:
    assert page.evaluate("navigator.clipboard.readText()") == MINE
    assert page.title() == "harness"
    assert len(page.context.pages) == 1
    assert page.locator("main img, main a[href]").count() == 0
    assert typed(page) == ""


def test_no_sequence_does_more_than_draw(rows_page: Page) -> None:
    rows = show(rows_page, script="{screen: '', position: 0}")
    for name, evil in REFUSED.items():
        rows_page.evaluate("said => model.output(said)", f"\x1bc<{evil}{name}>")
        expect(rows).to_contain_text(f"<{name}>")
        expect_nothing_happened(rows_page)


def test_nor_in_a_screen_that_is_restored_or_was_saved(rows_page: Page) -> None:
    evil = json.dumps("<" + "".join(REFUSED.values()) + "seen>")
    rows = show(rows_page, f"{{snapshot: {evil}}}", f"{{screen: {evil}, position: 9}}")
    expect(rows).to_contain_text("<seen>")
    expect_nothing_happened(rows_page)


def test_a_person_who_clicks_where_a_link_would_be_goes_nowhere(rows_page: Page) -> None:
    rows = show(rows_page, script="{screen: '', position: 0}")
    link = "\x1b]8;;https://evil.example/\x07WWWWWWWW\x1b]8;;\x07"
    rows_page.evaluate("said => model.output(said)", link)
    expect(rows).to_contain_text("WWWWWWWW")
    rows_page.locator(".xterm-screen").click(position={"x": 20, "y": 8}, modifiers=["Control"])
    expect(rows_page.get_by_role("alertdialog")).to_have_count(0)
    expect_nothing_happened(rows_page)
