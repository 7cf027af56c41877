"""The replay in a notebook's file."""

import base64
import zlib

import pytest

from vmnb.errors import SpecError
from vmnb.notebook.card.replay import packed, unpacked

from .notebooks import HOSTILE, cast_of

LIMIT = 4096


def test_a_recording_is_packed_and_unpacked() -> None:
    cast = cast_of((0.0, "o", HOSTILE), (1.5, "m", "end"))
    assert unpacked(packed(cast, LIMIT)) == cast


def test_of_a_long_recording_the_end_is_kept() -> None:
    noise = (zlib.crc32(str(n).encode()) for n in range(20_000))
    cast = cast_of(*((n * 0.1, "o", f"{value:x}\r\n") for n, value in enumerate(noise)))
    text = packed(cast, LIMIT)
    assert LIMIT / 4 < len(text) <= LIMIT
    kept = unpacked(text)
    assert kept.events[0][0] == 0
    assert kept.events[-1][2] == cast.events[-1][2]


def test_where_nothing_was_said_there_is_no_replay() -> None:
    assert packed(cast_of(), LIMIT) == ""
    assert packed(cast_of((0.0, "o", "x" * 100)), 10) == ""


def test_a_replay_that_unpacks_to_too_much_is_refused() -> None:
    head = b'{"version": 2, "width": 80, "height": 24}\n'
    bomb = zlib.compress(head + b" " * (64 * 1024 * 1024), 9)
    with pytest.raises(SpecError, match="too large"):
        unpacked(base64.b64encode(bomb).decode())
