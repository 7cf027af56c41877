"""Terminals in pages of a real browser, measured alike: key to glyph, and bytes a second."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from playwright.sync_api import Browser, Page

from tests.browser.lab import Notebook

__all__ = ["Seat", "notebook_seat", "terminal_seat"]

PROBE = Path(__file__).parent / "probe.js"
_LONGEST_MS = 120_000
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass
class Seat:
    """A person in front of one terminal.

    Attributes
    ----------
    selector
        CSS, of what is around the terminal.
    marks
        How many texts were waited for, so that each is another.
    """

    name: str
    page: Page
    selector: str
    marks: int = 0

    def sit_down(self, prompt: str) -> None:
        """Come to the front, and wait until the cursor is behind the prompt."""
        self.page.bring_to_front()
        self.page.wait_for_function("(selector) => bench.has(selector)", arg=self.selector)
        self.page.locator(f"{self.selector} .xterm-screen").last.click()
        self.page.wait_for_function(
            "([selector, text]) => bench.isAt(selector, text)", arg=[self.selector, prompt]
        )

    def run(self, command: str, watch: Callable[[], None] = lambda: None) -> float:
        """Return the seconds from Enter until all that a command says is drawn.

        Parameters
        ----------
        watch
            Called four times a second meanwhile.
        """
        self.marks += 1
        self.page.keyboard.type(f"{command}; echo end-$((1000+{self.marks}))")
        self._expect("text", f"end-{1000 + self.marks}")
        self.page.keyboard.press("Enter")
        while not self.page.evaluate("bench.isDone"):
            watch()
            self.page.wait_for_timeout(250)
        return self._result_ms() / 1000

    def echoes_ms(self, count: int) -> list[float]:
        """Return how long each of so many keys took to show, in milliseconds."""
        random = Random(count)
        took = []
        for index in range(count):
            letter = _LETTERS[index % len(_LETTERS)]
            self._expect("echo", letter)
            self.page.keyboard.press(letter)
            took.append(self._result_ms())
            self.page.wait_for_timeout(60 + 60 * random.random())  # as a person types
        self.page.keyboard.press("Control+u")
        return took

    def kernel_pid(self) -> int:
        """Return the process of the notebook's kernel, which its cell has printed."""
        return int(self.page.locator(".jp-OutputArea-output").first.inner_text())

    def _expect(self, what: str, value: str) -> None:
        self.page.evaluate(
            "([what, ...rest]) => { bench[what](...rest); }", [what, self.selector, value]
        )

    def _result_ms(self) -> float:
        result: float = self.page.evaluate("bench.result")
        return result


def terminal_seat(browser: Browser, url: str) -> Seat:
    """Open JupyterLab's own terminal."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.set_default_timeout(_LONGEST_MS)
    page.add_init_script(path=PROBE)
    page.goto(url.replace("/lab?", "/lab?reset&"))
    page.wait_for_function("() => window.jupyterapp")
    page.evaluate("() => jupyterapp.restored")
    page.evaluate("() => jupyterapp.commands.execute('terminal:create-new')")
    return Seat("JupyterLab's terminal", page, ".jp-Terminal")


def notebook_seat(
    name: str, browser: Browser, url: str, root: Path, cell: str, selector: str
) -> Seat:
    """Open a notebook and run a cell that shows a terminal."""
    notebook = Notebook(browser, url, root, [cell], init_script=PROBE, name=name.replace(" ", "-"))
    notebook.page.set_default_timeout(_LONGEST_MS)
    notebook.run_all()
    return Seat(name, notebook.page, selector)
