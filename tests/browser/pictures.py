"""Takes the pictures of the documentation: the card in each front end, light and dark.

``python -m tests.browser.pictures notebooks/front-ends`` writes them anew, from a real guest. Each
is a PNG with a palette, of a few tens of kilobytes.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, ViewportSize

from tests.browser.card import CardOnPage, destroy_all
from tests.browser.front_end import FrontEnd
from tests.browser.test_front_ends import FRONT_ENDS
from tests.chromium import chromium

CELLS = ["from vmnb import VM\nvm = VM('web')\nvm"]
SIZE: ViewportSize = {"width": 1200, "height": 640}
COLOURS = 128


def take_all(browser: Browser, target: Path) -> None:
    """Write two pictures for each front end."""
    for name, opened in FRONT_ENDS.items():
        with (
            tempfile.TemporaryDirectory() as root,
            _vms_destroyed(),
            opened(browser, Path(root), CELLS) as front_end,
        ):
            front_end.run_all()
            _prepare(front_end)
            for look in ("light", "dark"):
                front_end.set_dark(look == "dark")
                _take(front_end, target / f"{_file_name(name)}-{look}.png")


@contextmanager
def _vms_destroyed() -> Iterator[None]:
    try:
        yield
    finally:
        destroy_all()


def _prepare(front_end: FrontEnd) -> None:
    front_end.page.set_viewport_size(SIZE)
    card = CardOnPage(front_end.page)
    card.press("Start")
    card.expect_on_console(r"root@web:.*#")
    card.type_in_console("uname -a\n")
    card.expect_on_console(r"Linux web")


def _take(front_end: FrontEnd, target: Path) -> None:
    card = CardOnPage(front_end.page)
    card.expect_state("running")
    card.expect_on_console(r"Linux web")
    card.root.evaluate("(card) => card.scrollIntoView({ block: 'center' })")
    picture = Image.open(BytesIO(front_end.page.screenshot(animations="disabled")))
    picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)
    print(f"{target}: {target.stat().st_size} bytes")


def _file_name(front_end: str) -> str:
    return front_end.lower().replace(" ", "").replace("à", "a")


def main() -> None:
    """Write the pictures into the directory that is named."""
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir="/tmp") as home, chromium() as browser:
        os.environ["VMNB_HOME"], os.environ["VMNB_RUNTIME"] = f"{home}/data", f"{home}/run"
        take_all(browser, target)


if __name__ == "__main__":
    main()
