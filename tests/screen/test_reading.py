"""Where the text of a picture cannot be read."""

import asyncio

import pytest

from vmnb.core.errors import CapabilityError
from vmnb.core.picture import Picture
from vmnb.screen.reading import read_text


def test_a_machine_without_a_reader_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    picture = Picture(of="web", width=1, height=1, rgb=bytes(3))
    with pytest.raises(CapabilityError, match="there is no tesseract") as caught:
        asyncio.run(read_text(picture))
    assert caught.value.hint == "install it: apt-get install tesseract-ocr"


def test_a_picture_without_text_has_none() -> None:
    picture = Picture(of="web", width=100, height=50, rgb=bytes(100 * 50 * 3))
    assert asyncio.run(read_text(picture)) == ""
