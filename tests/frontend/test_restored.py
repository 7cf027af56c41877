"""The kernel's screen, restored in a real xterm in a real browser, is the same cell by cell."""

import base64
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

import vmnb.notebook
from vmnb.console.ring import Ring
from vmnb.console.terminal import Terminal
from vmnb.core import runtime

pytestmark = pytest.mark.browser

MODULES = Path(vmnb.notebook.__path__[0], "frontend/node_modules/@xterm")
COMPARED = Path(__file__).with_name("compared.js")

PROGRAMS = {
    "a shell with long lines": "$ " + "word " * 40 + "\r\nend\r\n$ " + "x" * 80 + "\x1b[10D",
    "vi": (
        "$ vi\r\n\x1b[?1049h\x1b[?1h\x1b=\x1b[?25l\x1b[1;24r\x1b[H\x1b[2J# text\r\n"
        + "\x1b[34m~\x1b[0m\r\n" * 21
        + "\x1b[24;1H\x1b[7m- file 1/20 5%\x1b[0m\x1b[K\x1b[?25h\x1b[2;3H\x1b[4h+\x1b[4l"
    ),
    "top": (
        "\x1b[H\x1b[JMem: 1K used\x1b[K\r\nCPU: 3%\x1b[K\r\n\x1b[7m  PID COMMAND\x1b[0m\x1b[K\r\n"
        + "".join(f"{n:5} \x1b[1msh\x1b[0m -l\x1b[K\r\n" for n in range(19))
        + "\x1b[J"
    ),
    "scroll regions": (
        "".join(f"line {n}\r\n" for n in range(30))
        + "\x1b[5;10r\x1b[10H\n\n\x1b[44mnew\x1b[5H\x1bM\x1b[3L\x1b[2M\x1b[?6h\x1b[2;3Hhere\x1b[2S"
    ),
    "wide characters": "漢字かな e\u0301 😀" * 6 + "\r\n漢漢\x1b[2Dx\x1b[1P\x1b[2@\x1b[79G漢字|",
    "true colour": (
        "\x1b[38;2;1;2;3mtrue\x1b[48;5;200mpink\x1b[38;5;9mnine\x1b[91;103mbright\x1b[58;5;3;4:3mline"
        "\x1b[0;2;3;5;8;9;53mall\x1b[0;48;2;9;9;9m\x1b[K\x1b[0m.\x1b[38:2::7:8:9mcolons"
    ),
    "line drawing": "\x1b(0lqqqk\r\nx\x1b(B q \x1b)0\x0eqqx\r\nmqj\x0f q\x1b7\x1b(0\x1b8q",
    "erased with a ground": (
        "\x1b[41m\x1b[2J\x1b[5;5H\x1b[K\x1b[42m\x1b[3X\x1b[2L\x1b[49mtext\x1b[1J"
    ),
    "both screens' cursors": (
        "main\x1b[32m\x1b7\x1b[?1049h\x1b[5;6Halt\x1b[31m\x1b7\x1b[9;9H\x1b[2;8r\x1b[4;4H"
    ),
    "modes and tabs": (
        "\x1b[3g\x1b[5G\x1bH\x1b[?1;1000;1006;2004;1004;45h\x1b[?7l\x1b[4 q\x1b[20h\t|"
    ),
}
MORE = ["next", "\x1b8saved", "\r\n" * 30, "\tq", "\x1b[?1049lback", "\x1b8S"]


def cells(page: Page, which: str) -> list[Any]:
    return list(page.evaluate(f"cells({which})"))


def write(page: Page, which: str, data: bytes) -> None:
    page.evaluate(f"(data) => write({which}, data)", base64.b64encode(data).decode())


def snapshot(data: bytes) -> bytes:
    ring = Ring(1 << 20)
    ring.append(data)

    async def shown() -> tuple[int, bytes]:
        return await Terminal(ring).snapshot()

    position, screen = runtime.run(shown())
    assert position == len(data)
    return screen


@pytest.fixture
def terminals(page: Page) -> Page:
    """Give a page with two terminals: `live` gets what a guest says, `back` is restored."""
    if not MODULES.is_dir():
        pytest.skip("xterm is not installed: run `npm ci` in vmnb/notebook/frontend")
    page.add_script_tag(path=MODULES / "xterm/lib/xterm.js")
    page.add_script_tag(path=MODULES / "addon-unicode11/lib/addon-unicode11.js")
    page.add_script_tag(path=COMPARED)
    return page


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_a_page_reloaded_in_the_middle_is_the_same_and_goes_on_the_same(
    terminals: Page, program: str
) -> None:
    data = program.encode()
    cuts = {len(data), *range(len(data) - 1, 0, -max(len(data) // 6, 1))}
    for cut in sorted(cuts):
        terminals.evaluate("begin()")
        write(terminals, "live", data[:cut])
        write(terminals, "back", snapshot(data[:cut]))
        for more in ("", data[cut:].decode(errors="surrogateescape"), *MORE):
            rest = more.encode(errors="surrogateescape")
            write(terminals, "live", rest)
            write(terminals, "back", rest)
            live, back = cells(terminals, "live"), cells(terminals, "back")
            assert back == live, f"cut at {cut}, after {more!r}"
