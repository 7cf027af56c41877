"""The machine's Chromium under Playwright, without connections of its own to the outside."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

OTHER_NAME = "lab.test"
"""By which its pages find this machine, too, and no other program does."""

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {OTHER_NAME} 127.0.0.1",
]


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """Give a browser, started with more `flags`: the one on the path, else Playwright's own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=[*_FLAGS, *flags], timeout=60_000
        )
        yield browser
        browser.close()
