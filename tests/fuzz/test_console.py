"""The byte stream of a console: whatever it is, the screen stands and stays in bounds."""

import codecs
import re

from hypothesis import given
from hypothesis import strategies as st

from vmnb.console.fence import Fence
from vmnb.console.parser import Parser
from vmnb.console.render import screen_ansi, screen_text
from vmnb.console.screen import HISTORY_LINES, VtScreen

from .inputs import MANY

FINALS = [chr(code) for code in range(0x40, 0x7F)]
CSI = st.builds(
    lambda mark, params, middle, final: f"\x1b[{mark}{params}{middle}{final}".encode(),
    st.sampled_from(["", "", "", "?", ">", "=", "<"]),
    st.lists(
        st.sampled_from(
            ["", "0", "1", "2", "7", "80", "1049", "9999", "2147483648", "9" * 40, ":"]
        ),
        max_size=4,
    ).map(";".join),
    st.sampled_from(["", "", "", " ", "$", "!", "'", "*"]),
    st.sampled_from(FINALS),
)
STRING = st.builds(
    lambda kind, body, end: b"\x1b" + kind + body + end,
    st.sampled_from([b"]", b"P", b"X", b"^", b"_"]),
    st.binary(max_size=6) | st.sampled_from([b"52;c;eA==", b"0;evil", b"8;;http://evil"]),
    st.sampled_from([b"\a", b"\x1b\\", b"\x18", b"", b"\xc2\x9c"]),
)
SHORT = st.sampled_from(
    [b"\r\n", b"\x1b", b"\x05", b"\x1bc", b"\x1b(0", b"\x1b7", b"\x1b8", b"\x1bM", b"\x1bZ"]
    + [bytes([0xC2, code]) for code in (0x84, 0x90, 0x9B, 0x9D)]
)
PIECES = st.lists(
    CSI | STRING | SHORT | st.binary(max_size=12) | st.text(max_size=8).map(str.encode), max_size=12
)
DRAWS = re.compile(
    r"\x1b(?:\[[?!]?[0-9;:]*[ ']?[@-~]|[()*+.-][0-9A-Z=]|#8|[78DEHMcno=>|}~])"
    r"|[\a\b\t-\r\x0e\x0f]"
)
FORBIDDEN = re.compile(r"[\x00-\x06\x10-\x1f\x7f-\x9f]")


@given(PIECES, st.tuples(st.integers(2, 60), st.integers(1, 30)))
@MANY
def test_a_screen_survives_any_bytes_in_any_pieces(
    pieces: list[bytes], size: tuple[int, int]
) -> None:
    screen = VtScreen(20, 5)
    parser, decoder = Parser(screen), codecs.getincrementaldecoder("utf-8")("replace")
    for number, piece in enumerate(pieces):
        parser.feed(decoder.decode(piece))
        assert len(parser.unfinished) <= 300
        if number == 2:
            screen.resize(size[1], size[0])
    assert len(screen.history) <= HISTORY_LINES
    for buffer in (screen.main, screen.alternate):
        assert len(buffer.lines) == screen.lines
        assert all(len(line) == screen.columns for line in buffer.lines)
        assert 0 <= buffer.x <= screen.columns
        assert 0 <= buffer.y < screen.lines
    again = VtScreen(screen.columns, screen.lines)
    Parser(again).feed(screen_ansi(screen).decode())
    assert screen_text(again) == screen_text(screen)


@given(PIECES)
@MANY
def test_what_passes_to_a_terminal_draws(pieces: list[bytes]) -> None:
    fence = Fence()
    passed = b"".join(map(fence.let, pieces))
    assert not FORBIDDEN.search(DRAWS.sub("", passed.decode()))
    for reply in (rb"\x1b\[[0-9;]*[txy]", rb"\x1b\[\?[0-9;]*n", rb"\x1b[Z\]PX^_]", rb"\x1b\[[>=]"):
        assert not re.search(reply, passed)
    assert Fence().let(passed) == passed
