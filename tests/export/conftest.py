"""Exported pages in a browser that has no network."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page

OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Open an exported file offline; requests, errors and dialogs fail the test."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []
    asked: list[str] = []
    expected: list[str] = []

    def refuse(dialog: Dialog) -> None:
        wrong.append(dialog.message)
        dialog.dismiss()

    def open_page(path: Path, **settings: Any) -> Page:
        context = browser.new_context(viewport={"width": 1000, "height": 1000}, **settings)
        contexts.append(context)
        context.set_offline(True)
        page, address = context.new_page(), path.as_uri()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", refuse)
        page.goto(address)
        expected.append(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []
    assert [url for url in asked if not url.startswith("data:")] == expected
