"""What passes from a guest to a person's own terminal: what draws, and nothing that does more."""

import time

import pytest

from vmnb.console.fence import Fence
from vmnb.console.parser import Parser
from vmnb.console.render import screen_ansi
from vmnb.console.screen import VtScreen

ESC = "\x1b"
REFUSED = {
    "clipboard": f"{ESC}]52;c;ZXZpbA==\x07",
    "clipboard, asked for": f"{ESC}]52;c;?{ESC}\\",
    "title": f"{ESC}]0;evil\x07{ESC}]2;evil{ESC}\\",
    "title stack and its report": f"{ESC}[22;0t{ESC}[21t{ESC}[20t{ESC}[18t",
    "window moved": f"{ESC}[3;0;0t",
    "link": f"{ESC}]8;;https://evil.example\x07{ESC}]8;;\x07",
    "file": f"{ESC}]1337;File=name=ZXZpbA==:ZXZpbA==\x07",
    "notification": f"{ESC}]9;evil\x07{ESC}]777;notify;evil;evil\x07",
    "colours, asked for and changed": f"{ESC}]4;1;?\x07{ESC}]10;?\x07{ESC}]11;#000000\x07",
    "setting, asked for": f"{ESC}P$qm{ESC}\\",
    "capability, asked for": f"{ESC}P+q544e{ESC}\\",
    "picture": f"{ESC}Pq#0;2;0;0;0~{ESC}\\",
    "program, privacy, start of string": f"{ESC}_evil{ESC}\\{ESC}^evil{ESC}\\{ESC}Xevil{ESC}\\",
    "attributes": f"{ESC}[>c{ESC}[=c{ESC}Z",
    "version": f"{ESC}[>q",
    "mode, asked for": f"{ESC}[?2004$p{ESC}[4$p",
    "private status": f"{ESC}[?6n{ESC}[?15n{ESC}[?996n",
    "parameters, checksum": f"{ESC}[x{ESC}[1;1;1;1;2;2*y",
    "keyboard's protocol": f"{ESC}[?u{ESC}[>1u{ESC}[>4;2m",
    "printer": f"{ESC}[5i{ESC}[?5i{ESC}[4i",
    "answerback": "\x05",
    "another encoding": f"{ESC}%@",
    "older terminal, wider one, reports that come by themselves": f"{ESC}[?2l{ESC}[?3h{ESC}[?2048h",
    "lights": f"{ESC}[1q",
    "in eight bits": "\x9d52;c;ZXZpbA==\x9c\x9b21t\x90$qm\x9c",
    "with a character inside": f"{ESC}\x05]52;c;ZXZpbA==\x07{ESC}[2\x051t",
    "counted for minutes": f"{ESC}[2147483647b{ESC}[999999999999S",
}


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
