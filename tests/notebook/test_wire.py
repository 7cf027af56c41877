"""The kernel's end of the way that bytes take, with buffers and without."""

import pytest

from vmnb.notebook.widget.talk import Message
from vmnb.notebook.widget.wire import Wire

BYTES = bytes(range(256))
TEXT = (
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0BBQkNERU"
    "ZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5fYGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn+AgYKDhIWGh4iJiouM"
    "jY6PkJGSk5SVlpeYmZqbnJ2en6ChoqOkpaanqKmqq6ytrq+wsbKztLW2t7i5uru8vb6/wMHCw8TFxsfIycrLzM3Oz9DR0t"
    "PU1dbX2Nna29zd3t/g4eLj5OXm5+jp6uvs7e7v8PHy8/T19vf4+fr7/P3+/w=="
)


@pytest.fixture
def sent() -> list[tuple[Message, list[bytes]]]:
    return []


@pytest.fixture
def wire(sent: list[tuple[Message, list[bytes]]]) -> Wire:
    return Wire(lambda message, buffers: sent.append((message, buffers)))


def test_bytes_go_as_buffers_at_first(wire: Wire, sent: list[tuple[Message, list[bytes]]]) -> None:
    assert wire.bytes_of({"kind": "input"}, [memoryview(BYTES)]) == [BYTES]
    wire.send({"kind": "output"}, [BYTES])
    assert sent == [({"kind": "output"}, [BYTES])]


def test_bytes_go_as_text_once_a_page_asked_for_it(
    wire: Wire, sent: list[tuple[Message, list[bytes]]]
) -> None:
    wire.bytes_of({"kind": "bundle", "binary": False}, [])
    wire.bytes_of({"kind": "bundle"}, [])  # of another page, which understands both
    wire.send({"kind": "output"}, [BYTES, b""])
    assert sent == [({"kind": "output", "base64": [TEXT, ""]}, [])]


def test_messages_without_bytes_stay_as_they_are(
    wire: Wire, sent: list[tuple[Message, list[bytes]]]
) -> None:
    wire.bytes_of({"kind": "bundle", "binary": False}, [])
    wire.send({"kind": "action_done", "id": "1"}, [])
    assert sent == [({"kind": "action_done", "id": "1"}, [])]


def test_text_is_read_whatever_was_said_before(wire: Wire) -> None:
    assert wire.bytes_of({"kind": "input", "base64": [TEXT]}, []) == [BYTES]


@pytest.mark.parametrize("garbled", [["?"], ["AAA"], ["AA\nEC"], ["ä"], [None], 7])
def test_what_is_no_base64_has_no_bytes(wire: Wire, garbled: object) -> None:
    assert wire.bytes_of({"kind": "input", "base64": garbled}, []) == []
