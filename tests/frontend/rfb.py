"""A test that plays the server of a screen of four by three pixels, by messages of the widget."""

import struct
from collections.abc import Iterable

from playwright.sync_api import Page

__all__ = ["BLUE", "GREEN", "Server", "opened"]

SIZE = (4, 3)
GREEN, BLUE = b"\x00\xff\x00\x00", b"\x00\x00\xff\x00"
FORMAT = struct.pack(">4B3H3B3x", 32, 24, 0, 1, 255, 255, 255, 0, 8, 16)


class Server:
    """A screen's server: it shakes hands, and then shows and says what the test wants."""

    def __init__(self, page: Page) -> None:
        self.page, self.sent = page, 0
        opened = "model.of('screen_open').length > 0"
        page.wait_for_function(opened)
        self.view = page.evaluate("model.of('screen_open').at(-1).view")
        page.evaluate("view => model.receive({kind: 'screen_opened', view})", self.view)

    def say(self, *messages: bytes) -> None:
        for message in messages:
            facts = {"kind": "screen_data", "view": self.view, "seq": self.sent}
            self.page.evaluate(
                "([facts, bytes]) => model.receive(facts, new Uint8Array(bytes))",
                [facts, list(message)],
            )
            self.sent += len(message)

    def shake_hands(self) -> None:
        name = b"guest"
        start = struct.pack(">2H", *SIZE) + FORMAT + struct.pack(">I", len(name)) + name
        self.say(b"RFB 003.008\n", b"\x01\x01", bytes(4), start)

    def show(self, pixels: Iterable[bytes]) -> None:
        head = struct.pack(">BxH4Hi", 0, 1, 0, 0, *SIZE, 0)
        self.say(head + b"".join(pixels))


def opened(page: Page) -> Server:
    page.evaluate("show({})")
    page.get_by_role("tab", name="Screen").click()
    server = Server(page)
    server.shake_hands()
    server.show([GREEN] * 11 + [BLUE])
    return server
