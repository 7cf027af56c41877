"""Takes the pictures of the documentation from real guests, each light and dark.

``python -m tests.browser.pictures notebooks`` writes them anew: the card in a notebook, its tabs,
and the card in each front end. Each is a PNG with a palette, of a few tens of kilobytes.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, FloatRect, Locator, Page, ViewportSize, expect

from tests.browser.card import CardOnPage, destroy_all
from tests.browser.front_end import FrontEnd
from tests.browser.lab import Notebook, in_lab
from tests.browser.test_front_ends import FRONT_ENDS, Open
from tests.chromium import chromium

SHOW = 'from vmnb import VM\n\nvm = VM("web")\nvm'
LESSON = [SHOW, 'vm.run("uname -sr")', "vm.timeline()", ""]
"""The last cell is the active one, and not in the picture."""
SMALL: ViewportSize = {"width": 1200, "height": 640}
TALL: ViewportSize = {"width": 1200, "height": 1400}
COMMANDS = ("uname -a", "free -m")
LOAD = 'vm.run("for i in 1 2 3; do sleep 3; dd if=/dev/zero of=/x bs=1M count=20 conv=fsync; done")'
MEASURES_MS = 15_000
DRAWN_MS = 500
"""A canvas comes into a picture somewhat later than onto the page."""
COLOURS, LARGE = 256, 32
MARGIN = 6


def take_all(browser: Browser, target: Path) -> None:
    """Write all pictures."""
    with _opened(browser, in_lab, LESSON) as notebook:
        assert isinstance(notebook, Notebook)
        _take_lesson(notebook, target)
    for name, opened in FRONT_ENDS.items():
        with _opened(browser, opened, [SHOW]) as front_end:
            front_end.run_all()
            _take_front_end(front_end, target / "front-ends", _file_name(name))


@contextmanager
def _opened(browser: Browser, opened: Open, cells: list[str]) -> Iterator[FrontEnd]:
    """Give a front end with those cells; the VMs are destroyed afterwards."""
    try:
        with (
            tempfile.TemporaryDirectory() as root,
            opened(browser, Path(root), cells) as front_end,
        ):
            yield front_end
    finally:
        destroy_all()


def _take_lesson(notebook: Notebook, target: Path) -> None:
    """Take a notebook from its first cell to its last, and the card's other tabs."""
    page = notebook.page
    page.set_viewport_size(TALL)
    notebook.run_above(1)
    card = _work_with(page)
    card.press("Suspend")
    card.press("Resume")
    card.expect_state("running")
    page.mouse.move(0, 0)
    notebook.begin_from(1)
    expect(notebook.output(2).locator("svg").first).to_be_visible()
    for look in _looks(notebook):
        cells = page.locator(".jp-CodeCell")
        _write(page, target / f"card-{look}.png", _around(cells.first, cells.nth(2)))
    _take_tab(notebook, card, "Screen", target / "tabs")
    notebook.append_and_run(LOAD)
    card.tab("Metrics")
    page.wait_for_timeout(MEASURES_MS)
    _take_tab(notebook, card, "Metrics", target / "tabs")
    _take_tab(notebook, card, "History", target / "tabs")


def _take_tab(notebook: Notebook, card: CardOnPage, title: str, target: Path) -> None:
    card.tab(title)
    panel = card.root.get_by_role("tabpanel", name=title)
    expect(panel.locator("canvas, svg, table").first).to_be_visible()
    for look in _looks(notebook):
        _write(card.page, target / f"{title.lower()}-{look}.png", _around(card.root))


def _take_front_end(front_end: FrontEnd, target: Path, name: str) -> None:
    front_end.page.set_viewport_size(SMALL)
    card = _work_with(front_end.page)
    for look in _looks(front_end):
        card.expect_state("running")
        card.expect_on_console(r"Mem:")
        card.root.evaluate("(card) => card.scrollIntoView({ block: 'center' })")
        _write(front_end.page, target / f"{name}-{look}.png")


def _work_with(page: Page) -> CardOnPage:
    """Start the VM and type a little, and wait until the card says all it will."""
    card = CardOnPage(page)
    card.press("Start")
    expect(card.root).to_contain_text("10.0.2.15", timeout=60_000)  # it knows its size then
    for number, command in enumerate(COMMANDS):
        card.expect_on_console(rf"(root@web:.*){{{number + 1}}}#\s*$")
        card.type_in_console(f"{command}\n")
    card.expect_on_console(r"Swap:.*root@web:~#\s*$")
    page.mouse.move(0, 0)
    return card


def _looks(front_end: FrontEnd) -> Iterator[str]:
    for look in ("light", "dark"):
        front_end.set_dark(look == "dark")
        yield look


def _around(first: Locator, last: Locator | None = None) -> FloatRect:
    """Return the part of the page from the top of one thing to the end of another."""
    top, end = first.bounding_box(), (last or first).bounding_box()
    assert top is not None
    assert end is not None
    return {
        "x": top["x"] - MARGIN,
        "y": top["y"] - MARGIN,
        "width": top["width"] + 2 * MARGIN,
        "height": end["y"] + end["height"] - top["y"] + MARGIN,
    }


def _write(page: Page, target: Path, part: FloatRect | None = None) -> None:
    page.wait_for_timeout(DRAWN_MS)
    picture = Image.open(BytesIO(page.screenshot(animations="disabled", clip=part)))
    target.parent.mkdir(parents=True, exist_ok=True)
    _with_palette(picture.convert("RGB")).save(target, optimize=True)
    print(f"{target}: {target.stat().st_size} bytes")


def _with_palette(picture: Image.Image) -> Image.Image:
    """Keep the colours of large areas as they are, and of small ones, such as a dot, all hues."""
    pixels = np.asarray(picture).reshape(-1, 3)
    colours, which, counts = np.unique(pixels, axis=0, return_inverse=True, return_counts=True)
    large = colours[np.argsort(-counts)[:LARGE]]
    hues = picture.quantize(COLOURS - LARGE, Image.Quantize.MAXCOVERAGE).getpalette() or []
    palette = np.concatenate([large, np.reshape(hues, (-1, 3))]).astype(int)
    nearest = np.square(colours[:, None].astype(int) - palette).sum(axis=2).argmin(axis=1)
    indices = nearest[which].reshape(picture.height, picture.width).astype(np.uint8)
    few = Image.frombytes("P", picture.size, indices.tobytes())
    few.putpalette(palette.ravel().tolist())
    return few


def _file_name(front_end: str) -> str:
    return front_end.lower().replace(" ", "").replace("à", "a")


def main() -> None:
    """Write the pictures into the directory that is named."""
    target = Path(sys.argv[1])
    with tempfile.TemporaryDirectory(dir="/tmp") as home, chromium() as browser:
        os.environ["VMNB_HOME"], os.environ["VMNB_RUNTIME"] = f"{home}/data", f"{home}/run"
        take_all(browser, target)


if __name__ == "__main__":
    main()
