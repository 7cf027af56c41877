"""Output that is shown piece by piece does nothing to a terminal, wherever it is cut."""

import pytest

from vmnb.guest.live_text import LiveText
from vmnb.guest.result import inert

TEXT = "größe 東京\r\n\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b[2J back\r\n\x9b31m end\r"


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_pieces_say_what_the_whole_says(size: int) -> None:
    data, text = TEXT.encode(), LiveText()
    said = "".join(text.feed(data[at : at + size]) for at in range(0, len(data), size))
    said += text.feed(b"", last=True)
    assert said.replace("\x1b[0m", "") == inert(TEXT).replace("\x1b[0m", "")


def test_nothing_but_colours_has_an_effect() -> None:
    text = LiveText()
    said = text.feed(TEXT.encode()) + text.feed(b"\x1b", last=True)
    assert "\x07" not in said
    assert "\x9b" not in said
    assert said.count("\x1b") == said.count("\x1b[31m") + said.count("\x1b[0m")


def test_what_is_no_text_is_shown_as_such() -> None:
    text = LiveText()
    assert text.feed(b"a\xff\xc3") == "a\ufffd"
    assert text.feed(b"", last=True) == "\ufffd"
