"""What passes from a guest to a person's own terminal: what draws, and nothing that does more."""

import time

import pytest

from tests.hostile import ESC, REFUSED
from vmnb.console.fence import Fence
from vmnb.console.parser import Parser
from vmnb.console.render import screen_ansi
from vmnb.console.screen import VtScreen


def let(*pieces: bytes) -> str:
    fence = Fence()
    return b"".join(map(fence.let, pieces)).decode()


@pytest.mark.parametrize("evil", REFUSED.values(), ids=REFUSED.keys())
def test_what_does_more_than_draw_is_left_out(evil: str) -> None:
    assert let(f"a{evil}b".encode()) == "ab"


@pytest.mark.parametrize("evil", REFUSED.values(), ids=REFUSED.keys())
def test_and_in_pieces_too(evil: str) -> None:
    assert let(*(bytes([byte]) for byte in f"a{evil}b".encode())) == "ab"


@pytest.mark.parametrize(
    "drawing",
    [
        "text, \u6f22\u5b57\r\n\t\b\a",
        f"{ESC}[1;31mred{ESC}[0m{ESC}[38:2::1:2:3m",
        f"{ESC}[?1049h{ESC}[2;4r{ESC}[3;3H{ESC}[2J{ESC}[K{ESC}[?1049l",
        f"{ESC}[?2004h{ESC}[?1006;1000h{ESC}[?1h{ESC}=",
        f"{ESC}(0lqqk{ESC}(B{ESC}7{ESC}8{ESC}M{ESC}c",
        f"{ESC}[6n{ESC}[5n{ESC}[c",
    ],
)
def test_what_draws_and_what_programs_wait_for_passes(drawing: str) -> None:
    assert let(drawing.encode()) == drawing


def test_of_several_modes_the_known_ones_pass() -> None:
    assert let(b"\x1b[?2031;25;2l") == "\x1b[?25l"


def test_a_screen_that_is_restored_passes_as_it_is() -> None:
    screen = VtScreen(20, 5)
    Parser(screen).feed("one\r\n\x1b[1;44mtwo\x1b[2;4r\x1b[?6h\x1b[?1049h\x1b[?2004h\x1b)0\x0eqq")
    restoring = screen_ansi(screen)
    assert Fence().let(restoring) == restoring


def test_a_title_without_end_takes_no_room_and_no_time() -> None:
    fence, began = Fence(), time.process_time()
    assert fence.let(b"\x1b]2;") == b""
    for _ in range(64):
        assert fence.let(b"x" * 256 * 1024) == b""
    assert len(fence.unfinished) < 100
    assert fence.let(b"\x07seen") == b"seen"
    assert time.process_time() - began < 10
