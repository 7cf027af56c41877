"""A VM's card in a page, and the VMs behind it."""

import re
import subprocess
import sys

from playwright.sync_api import Locator, Page, expect


class CardOnPage:
    """A VM's card as a person sees it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.locator(".vmnb-card").first

    def press(self, button: str) -> None:
        """Press a button, as soon as it is enabled."""
        self.root.get_by_role("button", name=button, exact=True).click()

    def expect_state(self, word: str, timeout_s: float = 60) -> None:
        """Wait until the badge says so."""
        badge = self.root.locator(".vmnb-badge")
        expect(badge).to_have_text(re.compile(word, re.IGNORECASE), timeout=timeout_s * 1000)

    def type_in_console(self, text: str) -> None:
        """Click into the console and type."""
        self.root.locator(".xterm-screen").click()
        self.page.keyboard.type(text)

    def console(self) -> Locator:
        """The console's rows."""
        return self.root.locator(".xterm-rows")

    def expect_on_console(self, pattern: str, timeout_s: float = 60) -> None:
        """Wait until a text that matches is on the screen."""
        expect(self.console()).to_contain_text(re.compile(pattern), timeout=timeout_s * 1000)

    def console_status(self) -> Locator:
        """What the console says of itself."""
        return self.root.get_by_role("tabpanel", name="Console").get_by_role("status")

    def tab(self, title: str) -> None:
        """Go to a tab."""
        self.root.get_by_role("tab", name=title).click()


def destroy_all() -> None:
    """Destroy every VM of the test's homes."""
    _python("import vmnb\nfor name in vmnb.machines()['name']: vmnb.VM.attach(name).destroy()")


def pid_of(name: str) -> int:
    """Return the process of a VM of the test's homes."""
    return int(_python(f"import vmnb; print(vmnb.VM.attach({name!r}).handle.pid)"))


def _python(code: str) -> str:
    """Run `code` beside the kernels, which have the VMs in processes of their own."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, timeout=120, capture_output=True, text=True).stdout
