"""What a test asks of each front end; each has a file of its own."""

from typing import Protocol

from playwright.sync_api import Browser, Page

PATIENCE_MS = 60_000


class FrontEnd(Protocol):
    """A notebook, or what a front end makes of it, open in a page of a real browser."""

    page: Page

    def reload(self) -> None:
        """Load the page again, after what was to be saved is saved."""

    def run_all(self) -> None:
        """Run all cells, where loading the page does not do so."""

    def set_dark(self, is_dark: bool) -> None:
        """Take the front end's dark theme, or its light one; the page may be loaded again."""


def new_page(browser: Browser) -> Page:
    """Open a page that is patient with a busy machine."""
    page = browser.new_page(viewport={"width": 1200, "height": 1100})
    page.set_default_timeout(PATIENCE_MS)
    return page
