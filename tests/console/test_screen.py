"""The screen kept in the kernel: it restores what it shows, and survives what a guest sends."""

import random

import pytest

from vmnb.console.parser import Parser
from vmnb.console.render import screen_ansi, screen_text
from vmnb.console.screen import HISTORY_LINES, VtScreen


def drawn(text: str, columns: int = 20, lines: int = 5) -> VtScreen:
    screen = VtScreen(columns, lines)
    Parser(screen).feed(text)
    return screen


FULL_SCREEN = (
    "shell$ vi\r\n\x1b[?1049h\x1b[?1h\x1b=\x1b[H\x1b[7mstatus\x1b[0m\x1b[2;4r\x1b[3;3Htext"
)

SCREENS = {
    "text": "hello\r\nworld",
    "scrolled off": "".join(f"line {number}\r\n" for number in range(50)),
    "attributes": "\x1b[1;31mred\x1b[0;4;44munder\x1b[38;5;200mpink\x1b[48;2;1;2;3mtrue\x1b[0m.",
    "full-screen program": FULL_SCREEN,
    "modes": "\x1b[?25l\x1b[?2004h\x1b[?1h\x1b[?1006h\x1b[4h\x1b[?7l$ ",
    "margins and origin": "top\x1b[2;4r\x1b[?6h\x1b[2;2Hinside",
    "line about to wrap": "x" * 20,
    "line drawing": "\x1b(0lqqk\x1b(B plain \x1b)0\x0eqq",
    "wide and combined": "漢字 e\u0301",
    "saved cursor": "\x1b[3;3H\x1b7\x1b[H",
}


@pytest.mark.parametrize("text", SCREENS.values(), ids=SCREENS.keys())
def test_a_restored_screen_looks_and_goes_on_like_the_first(text: str) -> None:
    screen = drawn(text)
    again = drawn(screen_ansi(screen).decode())
    for more in ("", "next", "\x1b8saved", "\n\n\n\n\nscrolled", "\x1b[?1049l$ back"):
        Parser(screen).feed(more)
        Parser(again).feed(more)
        assert again.shown.lines == screen.shown.lines
        assert (again.shown.x, again.shown.y) == (screen.shown.x, screen.shown.y)
        assert again.modes == screen.modes


def test_leaving_a_full_screen_program_brings_the_main_screen_back() -> None:
    screen = drawn(FULL_SCREEN + "\x1b[?1049l")
    assert screen_text(screen) == "shell$ vi"
    assert screen.shown is screen.main


def test_history_is_bounded() -> None:
    screen = drawn("".join(f"{number}\n\r" for number in range(3 * HISTORY_LINES)))
    assert len(screen.history) == HISTORY_LINES


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[>4;2mb", "ab"),
        ("a\x1b[1;2;3;4;5Ab", "ab"),
        ("a\x1b[?4mb\x1b[?5nc", "abc"),
        ("a\x1bP+q544e\x1b\\b", "ab"),
        ("a\x1b]0;title\x07b\x1b]2;title\x1b\\c", "abc"),
        ("a\x1b[!pb", "ab"),
        ("a\x1b[3b", "aaaa"),
        ("a\x9b2Cb", "a  b"),
        ("a\x1b[9Kb\x1b[9Jc", "abc"),
        ("a\x1b[1\b;3", "a"),
        ("a\x1b[2147483647bc", "ac"),
    ],
)
def test_sequences_that_are_not_for_the_screen_leave_no_trace(text: str, shown: str) -> None:
    assert screen_text(drawn(text)) == shown


def test_a_sequence_may_come_in_pieces() -> None:
    screen = VtScreen(20, 5)
    parser = Parser(screen)
    for char in "\x1b[31mred\x1b[0m \x1b]0;title\x1b\\\x1b(0q":
        parser.feed(char)
    assert screen_text(screen) == "red ─"
    assert screen.main.lines[0][0][1].fg == "1"


def test_what_a_guest_leaves_unfinished_takes_no_room() -> None:
    screen = VtScreen(20, 5)
    parser = Parser(screen)
    for _ in range(100):
        parser.feed("\x1b]0;" + "x" * 10_000)
        parser.feed("\x1b[" + "1;" * 5_000)
        parser.feed("e" + "\u0301" * 10_000)
        parser.feed("\x1b7" * 1_000)
    assert len(parser._unfinished) <= 256
    assert max(len(data) for line in screen.main.lines for data, _ in line) < 20


PIECES = [
    *("\x1b", "\x1b[", "\x1b]", "?", ">", "1", ";", "9999", "38;5;", "m", "H", "h", "l", "J", "K"),
    *("r", "@", "P", "L", "M", "S", "T", "b", "Z", "1049", "6", "4", "\n", "\r", "\t", "\b", "x"),
    *("漢", "\u0301", "\x9b", "(", "0", "c", "7", "8", "#", "!p", "u", "s", ":", "\x0e", "\x0f"),
]


@pytest.mark.parametrize("seed", range(100))
def test_no_output_of_a_guest_breaks_the_screen(seed: int) -> None:
    chance = random.Random(seed)
    screen = VtScreen(chance.choice([1, 2, 20, 80]), chance.choice([1, 2, 5, 24]))
    parser = Parser(screen)
    for _ in range(5):
        parser.feed("".join(chance.choices(PIECES, k=300)))
        screen.resize(chance.randint(1, 30), chance.randint(1, 90))
        assert len(screen_ansi(screen)) < 1_000_000
        assert "\x1b" not in screen_text(screen)


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_snapshot_in_the_middle_of_a_sequence_goes_on_in_it(cut: int) -> None:
    text = "\x1b[1;31mé漢\x1b]0;title\x07!"
    screen, again = VtScreen(20, 5), VtScreen(20, 5)
    parser = Parser(screen)
    parser.feed(text[:cut])
    Parser(again).feed(screen_ansi(screen).decode() + parser.unfinished + text[cut:])
    parser.feed(text[cut:])
    assert again.main.lines == screen.main.lines


def resized(text: str, columns: int, lines: int) -> VtScreen:
    screen = drawn(text)
    screen.resize(lines, columns)
    return screen


@pytest.mark.parametrize("columns", [2, 3, 7, 13, 19, 21, 40, 100])
def test_another_width_breaks_lines_anew_and_loses_nothing(columns: int) -> None:
    paragraphs = ["x" * 33, "漢字" * 9, "", "short", "$ " + "typed " * 8 + "!"]
    screen = resized("\r\n".join(paragraphs), columns, 5)
    lines = [*screen.history, *screen.main.lines]
    whole = "".join(line.text if line.wrapped else f"\n{line.text}" for line in lines)
    assert whole.replace(" ", "").split() == [p.replace(" ", "") for p in paragraphs if p]
    at = screen.main.line[screen.main.x - 1]
    assert at[0] == "!"
    screen.resize(5, 20)
    assert screen_text(screen) == screen_text(drawn("\r\n".join(paragraphs)))


def test_a_taller_screen_shows_what_had_scrolled_off_and_a_lower_one_keeps_the_cursor() -> None:
    text = "\r\n".join(f"line {number}" for number in range(8)) + "\r\n$ "
    taller = resized(text, 20, 7)
    assert taller.main.lines[0].text == "line 2"
    assert (taller.main.x, taller.main.y) == (2, 6)
    lower = resized(text, 20, 2)
    assert [line.text for line in lower.main.lines] == ["line 7", "$"]
    assert len(lower.history) == 7


def test_a_full_screen_program_is_cut_and_the_screen_below_it_is_kept() -> None:
    screen = resized(FULL_SCREEN, 10, 3)
    assert screen.shown is screen.alternate
    assert [line.text for line in screen.shown.lines] == ["status", "", "  text"]
    Parser(screen).feed("\x1b[?1049l")
    assert screen_text(screen) == "shell$ vi"
